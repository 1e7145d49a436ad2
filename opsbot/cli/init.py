"""`opsbot init`: a commented configuration, and what Discord needs, in the order in which one does it."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

import typer

from opsbot.config.template import TEMPLATE
from opsbot.errors import UsageError

PERMISSIONS = {
    "View Channels": 1 << 10,
    "Send Messages": 1 << 11,
    "Embed Links": 1 << 14,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
    "Create Public Threads": 1 << 35,
    "Send Messages in Threads": 1 << 38,
    "Mention Everyone": 1 << 17,
}
"""What opsbot asks for, with Discord's bits (docs/topics/permissions)."""

TOKEN = "OPSBOT_DISCORD_TOKEN"  # noqa: S105  (the name of the variable)

STEPS = """\
Wrote {path}. What is left to do:

  1. https://discord.com/developers/applications → New Application → Bot → Reset Token.
     Put the token into the environment, not into a file:  export {token}=…
     opsbot needs no privileged intents.
  2. Invite the bot{whose}:
     {link}
     It asks for {permissions};
     the last only to ping a role that not everybody may ping: opsbot never pings @everyone.
  3. In Discord: Settings → Advanced → Developer Mode; then right-click the server, the ops channel and the
     roles (Server Settings → Roles), "Copy ID". In {path}, uncomment the section
     `discord` and put the ids there.
  4. opsbot check-config -c {path}
  5. opsbot run -c {path}
"""


def init_command(path: Path, force: bool, client_id: str | None) -> int:
    """Writes the template to `path` and prints the steps; returns 0.

    Raises:
        UsageError: the file is there already, or cannot be written.
    """
    if path.exists() and not force:
        raise UsageError(f"{path} is there already: name another file, or overwrite it with --force.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEMPLATE, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): name another file.") from error
    names = ", ".join(PERMISSIONS)
    client_id = client_id or application_id(os.environ.get(TOKEN, ""))
    whose = "" if client_id else " (its Application ID, of General Information, goes into the link)"
    link = invite_link(client_id)
    typer.echo(STEPS.format(path=path, token=TOKEN, permissions=names, link=link, whose=whose))
    return 0


def invite_link(client_id: str | None) -> str:
    """The address that adds the bot to a server, with the permissions it needs."""
    bits = sum(PERMISSIONS.values())
    return (
        f"https://discord.com/oauth2/authorize?client_id={client_id or 'YOUR_APPLICATION_ID'}"
        f"&scope=bot+applications.commands&permissions={bits}"
    )


def application_id(token: str) -> str | None:
    """The application's id from a bot token (its first part is the id in base64), or None."""
    head = token.split(".", 1)[0]
    try:
        decoded = base64.b64decode(head + "=" * (-len(head) % 4), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return decoded if decoded.isdigit() else None
