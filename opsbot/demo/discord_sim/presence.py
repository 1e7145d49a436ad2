"""Who is online, and answers to "request guild members" (op 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
from simcord.backend import Backend, serializers

Json = dict[str, Any]

# https://discord.com/developers/docs/events/gateway-events#request-guild-members
MEMBERS_PER_CHUNK = 1_000
MAX_USER_IDS = 100


class Presences:
    """Statuses by user id; everyone is offline until said otherwise."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._statuses: dict[int, str] = {}

    def set(self, user_id: int, status: str) -> None:
        """`status`: online, idle, dnd or offline. Told to every guild the user is in."""
        self._statuses[user_id] = status
        for guild in self._backend.guilds.values():
            if user_id in guild.members:
                self._backend.emit("PRESENCE_UPDATE", self.payload(guild.id, user_id))

    def status(self, user_id: int) -> str:
        return self._statuses.get(user_id, "offline")

    def payload(self, guild_id: int, user_id: int) -> Json:
        status = self.status(user_id)
        return {
            "user": {"id": str(user_id)},
            "guild_id": str(guild_id),
            "status": status,
            "activities": [],
            "client_status": {} if status == "offline" else {"web": status},
        }

    def of_guild(self, guild_id: int) -> list[Json]:
        """What GUILD_CREATE tells: those who are not offline."""
        members = self._backend.get_guild(guild_id).members
        shown = [user_id for user_id in members if self.status(user_id) != "offline"]
        return [self.payload(guild_id, user_id) for user_id in shown]

    def chunks(self, asked: Mapping[str, Any], intents: discord.Intents) -> list[Json]:
        """The GUILD_MEMBERS_CHUNK events for one op 8; none for an unknown guild.

        Without the members intent only a search or named users are answered; without the
        presences intent, presences stay out.
        """
        guild = self._backend.guilds.get(int(asked["guild_id"]))
        wanted = _ids(asked.get("user_ids"))
        query = asked.get("query")
        everyone = not wanted and not query and not asked.get("limit")
        if guild is None or len(wanted) > MAX_USER_IDS or (everyone and not intents.members):
            return []
        found = self._search(guild, wanted, query, int(asked.get("limit") or 0))
        batches = [found[i : i + MEMBERS_PER_CHUNK] for i in range(0, len(found), MEMBERS_PER_CHUNK)] or [[]]
        missing = [str(user_id) for user_id in wanted if user_id not in guild.members]
        chunks = [
            self._chunk(guild, batch, asked, intents.presences) | {"chunk_index": index}
            for index, batch in enumerate(batches)
        ]
        for chunk in chunks:
            chunk["chunk_count"] = len(chunks)
        if missing:
            chunks[0]["not_found"] = missing
        return chunks

    def _search(self, guild: Any, wanted: list[int], query: str | None, limit: int) -> list[Any]:
        members = list(guild.members.values())
        if wanted:
            return [m for m in members if m.user_id in wanted]
        prefix = (query or "").lower()
        found = [m for m in members if self._named(m, prefix)]
        return found[:limit] if limit else found

    def _named(self, member: Any, prefix: str) -> bool:
        names = (self._backend.users[member.user_id].name, member.nick or "")
        return any(name.lower().startswith(prefix) for name in names)

    def _chunk(self, guild: Any, batch: list[Any], asked: Mapping[str, Any], may_see_presences: bool) -> Json:
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [serializers.member_payload(self._backend, guild, m) for m in batch],
        }
        if asked.get("presences") and may_see_presences:
            chunk["presences"] = [self.payload(guild.id, m.user_id) for m in batch]
        if asked.get("nonce"):
            chunk["nonce"] = asked["nonce"]
        return chunk


def _ids(value: Any) -> list[int]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [int(item) for item in values]
