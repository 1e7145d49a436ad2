"""People of the simulated world: what a member does in the client, and what a forger sends."""

from __future__ import annotations

from typing import Any

import discord
from simcord.actors import MemberActor, MessageLike
from simcord.backend import serializers
from simcord.backend.models import Message
from simcord.builders import ChannelHandle
from simcord.components import walk_components
from simcord.enums import AppCommandType, ComponentType, InteractionType
from simcord.interactions import base_payload, build_options, nest_options, walk_to_subcommand
from simcord.results import InteractionResult


class Person(MemberActor):
    """A member, as simcord has it (`slash`, `autocomplete`, `click`, `submit_modal`, `send` …).

    In addition a forger: requests no honest client makes, which a bot must refuse by itself.
    """

    async def _dispatch_interaction(
        self,
        type: int,  # noqa: A002 - simcord calls it so
        channel: ChannelHandle,
        data: dict[str, Any],
        **more: Any,
    ) -> InteractionResult:
        """A command of a guild says so, also one in a message's menu (simcord says it for typed ones alone).

        https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object
        """
        if data.get("type") in (AppCommandType.USER, AppCommandType.MESSAGE):
            root = self._env.backend.find_command(data["name"], self.guild.id, type=data["type"])
            if root is not None and root.get("guild_id"):
                data = data | {"guild_id": root["guild_id"]}
        return await super()._dispatch_interaction(type, channel, data, **more)

    async def forge_click(
        self,
        message: MessageLike,
        custom_id: str,
        *,
        channel: ChannelHandle | None = None,
        component_type: int = ComponentType.BUTTON,
        values: list[str] | None = None,
    ) -> InteractionResult:
        """A click with any custom_id on any message, whether or not the button is there.

        The message that comes with the click is made to show the button, since discord.py looks
        there for buttons that outlive a restart.

        `channel` is where it claims to come from (default: this member's guild must have the
        message's channel); a member of another guild passes a channel of that guild.
        """
        backend = self._env.backend
        stored = backend.get_message(message_channel_id(message), message.id)
        data: dict[str, Any] = {"custom_id": custom_id, "component_type": int(component_type)}
        if values is not None:
            data["values"] = values
        extra = {"message": self._showing(stored, data)}
        where = channel.id if channel is not None else stored.channel_id
        return await self._forge(InteractionType.MESSAGE_COMPONENT, where, data, extra, stored.id)

    async def forge_slash(self, channel: ChannelHandle, name: str, /, **options: Any) -> InteractionResult:
        """A slash command although the client hides it from this member.

        This is also what an admin's override of a command's permissions leads to.
        """
        first, *rest = name.split()
        guild_id = self.guild.id
        root = self._env.backend.find_command(first, guild_id, type=AppCommandType.CHAT_INPUT)
        if root is None:
            raise LookupError(f"no bot has registered /{first} in guild {guild_id}")
        leaf, nesting = walk_to_subcommand(root, rest)
        built, resolved = build_options(self, name, leaf, options, channel_id=channel.id)
        data: dict[str, Any] = {
            "id": root["id"],
            "name": root["name"],
            "type": int(AppCommandType.CHAT_INPUT),
            "options": nest_options(root, nesting, built),
            "guild_id": str(guild_id),
        }
        if resolved:
            data["resolved"] = resolved
        return await self._forge(InteractionType.APPLICATION_COMMAND, channel.id, data, {}, None)

    async def forge_modal(
        self, channel: ChannelHandle, custom_id: str, values: dict[str, str]
    ) -> InteractionResult:
        """A modal's answer that nobody was shown."""
        inputs = [
            {"type": 1, "components": [{"type": 4, "custom_id": key, "value": value}]}
            for key, value in values.items()
        ]
        data = {"custom_id": custom_id, "components": inputs}
        return await self._forge(InteractionType.MODAL_SUBMIT, channel.id, data, {}, None)

    async def forge_dm_click(self, message: MessageLike, custom_id: str) -> InteractionResult:
        """A click with any custom_id that claims to come from this person's DM with the bot."""
        backend = self._env.backend
        stored = backend.get_message(message_channel_id(message), message.id)
        data = {"custom_id": custom_id, "component_type": int(ComponentType.BUTTON)}
        extra = {"message": self._showing(stored, data)}
        where = backend.get_dm_channel(self.id).id
        kind = InteractionType.MESSAGE_COMPONENT
        return await self._forge(kind, where, data, extra, stored.id, in_guild=False)

    async def forge_user_install_slash(self, name: str, **options: Any) -> InteractionResult:
        """A command through a user install: no guild, the context of a private channel."""
        built = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
        data = {"id": "1", "name": name, "type": int(AppCommandType.CHAT_INPUT), "options": built}
        extra = {"context": 2, "authorizing_integration_owners": {"1": str(self.id)}}
        where = self._env.backend.get_dm_channel(self.id).id
        kind = InteractionType.APPLICATION_COMMAND
        return await self._forge(kind, where, data, extra, None, in_guild=False)

    def _showing(self, stored: Message, data: dict[str, Any]) -> dict[str, Any]:
        """The message as if it had the control that `data` claims was used."""
        payload: dict[str, Any] = dict(serializers.message_payload(self._env.backend, stored))
        shown = {item.get("custom_id") for item in walk_components(payload["components"])}
        if data["custom_id"] not in shown:
            control = {"type": data["component_type"], "custom_id": data["custom_id"]}
            look = {"style": 1, "label": "?"} if control["type"] == ComponentType.BUTTON else {}
            row = {"type": 1, "id": 0, "components": [{**control, **look, "id": 0}]}
            payload["components"] = [*payload["components"], row]
        return payload

    async def _forge(
        self,
        kind: InteractionType,
        channel_id: int,
        data: dict[str, Any],
        extra: dict[str, Any],
        source_message_id: int | None,
        *,
        in_guild: bool = True,
    ) -> InteractionResult:
        record, payload = base_payload(
            self._env.backend,
            type=int(kind),
            channel_id=channel_id,
            guild_id=self.guild.id if in_guild else None,
            user_id=self.id,
            data=data,
        )
        record.source_message_id = source_message_id
        self._env._notify_dispatch_observers(record)
        self._env.backend.emit("INTERACTION_CREATE", payload | extra)
        await self._env._settle_internal(dispatch="INTERACTION_CREATE")
        return InteractionResult(self._env, record)


def message_channel_id(message: MessageLike) -> int:
    """The channel of a message, be it discord.py's or an interaction's response."""
    return message.channel.id if isinstance(message, discord.Message) else message.channel_id
