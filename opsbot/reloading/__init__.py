"""Settings that change while opsbot runs.

`house`: what stays whatever the settings are. `assembly`: from settings to adapters and a runtime; what did
not change comes from the house. `generations`: one runtime after another. `file_watch`: when the file has
changed. `reloader`: reads it, puts it into effect, and tells.
"""
