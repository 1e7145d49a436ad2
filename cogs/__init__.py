"""opsbot's commands and buttons in Discord: event → authorise → operation → drawn answer.

Each module here is one cog and is loaded by being here; names with an underscore are helpers. Nothing that
must survive a reconnect lives in them.
"""
