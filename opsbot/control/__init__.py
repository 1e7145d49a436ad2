"""How the command line talks to the running opsbot: JSON lines over a 0600 Unix socket.

One request per connection, one line: `{"verb": "health", "target": "summarybot", …}`. Each line of the answer
is an object with any of `text` (to be printed), `data` (for `--json`), `exit` (the last line: exit code) and
`error` (one sentence). The server draws, so that the client imports next to nothing.
"""
