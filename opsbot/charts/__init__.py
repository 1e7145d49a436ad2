"""Charts as pictures. matplotlib is big (about 70 MB), so it is loaded only in a process that lives for one
picture; nothing else of opsbot imports it."""
