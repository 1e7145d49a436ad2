"""The ready-made world: Acme Ops and its people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
from simcord.builders import ChannelHandle, GuildHandle, RoleHandle, UserHandle
from simcord.env import Env

from opsbot.demo.discord_sim.people import Person

BOT_NAME = "opsbot"


@dataclass(frozen=True, slots=True)
class World:
    """One guild with two channels, three roles and four people; every handle has an `id`.

    Olga is admin, Otto operator, Vera viewer; Bob is a member without any role. The bot may do
    everything in the guild but administrate it, as an invite link usually asks for.
    """

    env: Env
    guild: GuildHandle
    ops: ChannelHandle
    general: ChannelHandle
    viewer: RoleHandle
    operator: RoleHandle
    admin: RoleHandle
    olga: Person
    otto: Person
    vera: Person
    bob: Person

    @property
    def people(self) -> tuple[Person, ...]:
        return self.olga, self.otto, self.vera, self.bob

    def add_person(self, name: str, *roles: RoleHandle, guild: GuildHandle | None = None) -> Person:
        """One more member, of this guild or of another."""
        return add_person(self.env, guild or self.guild, name, name.title(), *roles)

    def add_bot(self, name: str) -> UserHandle:
        """Another bot in the guild, such as a watched one; see `SimulatedDiscord.presences`."""
        user = self.env.create_user(name, bot=True)
        self.guild.add_member(user)
        return user

    def add_guild(self, name: str) -> GuildHandle:
        """Another guild that the bot is in."""
        return self.env.create_guild(name)

    def ids(self) -> dict[str, Any]:
        """Everything's id, for another process."""
        return {
            "guild": self.guild.id,
            "channels": {"ops": self.ops.id, "general": self.general.id},
            "roles": {role.name.lower(): role.id for role in self._roles()},
            "users": {person.name: person.id for person in self.people},
        }

    def _roles(self) -> tuple[RoleHandle, ...]:
        return self.viewer, self.operator, self.admin


def build_world(env: Env) -> World:
    env.backend.bot_user.name = BOT_NAME
    guild = env.create_guild("Acme Ops")
    ops = guild.create_text_channel("ops", topic="Alerts of everything we run")
    general = guild.create_text_channel("general")
    viewer = guild.create_role("Viewer")
    operator = guild.create_role("Operator")
    admin = guild.create_role("Admin", permissions=discord.Permissions(administrator=True))
    return World(
        env,
        guild,
        ops,
        general,
        viewer,
        operator,
        admin,
        olga=add_person(env, guild, "olga", "Olga (admin)", admin),
        otto=add_person(env, guild, "otto", "Otto (operator)", operator),
        vera=add_person(env, guild, "vera", "Vera (viewer)", viewer),
        bob=add_person(env, guild, "bob", "Bob"),
    )


def add_person(env: Env, guild: GuildHandle, name: str, shown_as: str, *roles: RoleHandle) -> Person:
    user = env.create_user(name, global_name=shown_as)
    guild.add_member(user, roles=roles)
    return Person(env, guild, user)
