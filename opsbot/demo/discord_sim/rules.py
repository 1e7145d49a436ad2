"""Rules that depend on the world's state, or on a route: threads, renames, daily creations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simcord.backend import Backend
from simcord.backend.errors import BackendError
from simcord.backend.models import Channel

from opsbot.demo.discord_sim.form import Form
from opsbot.demo.discord_sim.limits import judge_message
from opsbot.demo.discord_sim.limits_commands import (
    DAILY_CREATIONS,
    MAX_CREATIONS_A_DAY,
    judge_commands,
)
from opsbot.demo.discord_sim.limits_interactions import judge_callback

MAX_THREAD_NAME = 100
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
MAX_ACTIVE_THREADS = 1_000

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
THREAD_EXISTS = 160004
THREADS_FULL = 160006
THREAD_ARCHIVED = 50083
WRONG_KIND = 50024


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the ids in its path, its JSON, and the sizes of its files in bytes."""

    ids: tuple[str | None, ...]
    body: Any
    sizes: Sequence[int]

    @property
    def first_id(self) -> int:
        return int(self.ids[0] or 0)


class Rules:
    """Judges a request before it reaches the world.

    `active_threads` is the guild's cap and may be lowered by a test.
    """

    def __init__(self, backend: Backend) -> None:
        self.active_threads = MAX_ACTIVE_THREADS
        self.creations_left = MAX_CREATIONS_A_DAY
        self._backend = backend
        self._table: list[tuple[str, re.Pattern[str], Callable[[Asked], None]]]
        self._table = [
            ("POST", re.compile(r"/channels/(\d+)/messages"), self._send),
            ("PATCH", re.compile(r"/channels/(\d+)/messages/\d+"), self._edit),
            ("POST", re.compile(r"/channels/(\d+)/(?:messages/(\d+)/)?threads"), self._thread),
            ("PATCH", re.compile(r"/channels/(\d+)"), self._edit_channel),
            ("POST", re.compile(r"/interactions/(\d+)/[^/]+/callback"), self._callback),
            ("POST", re.compile(r"/webhooks/\d+/[^/]+"), self._message),
            ("PATCH", re.compile(r"/webhooks/\d+/[^/]+/messages/[^/]+"), self._change),
            ("PUT", re.compile(r"/applications/\d+/(?:guilds/(\d+)/)?commands"), self._commands),
        ]

    def judge(self, method: str, path: str, body: Any, sizes: Sequence[int]) -> None:
        """Raise BackendError where Discord would refuse."""
        for rule_method, pattern, rule in self._table:
            match = pattern.fullmatch(path)
            if rule_method == method and match is not None:
                rule(Asked(match.groups(), {} if body is None else body, sizes))

    def _send(self, asked: Asked) -> None:
        judge_message(asked.body, asked.sizes)
        channel = self._backend.get_channel(asked.first_id)
        if asked.sizes:
            self._may(channel, "attach_files")
        self._wake_thread(channel)

    def _edit(self, asked: Asked) -> None:
        judge_message(asked.body, asked.sizes, may_be_empty=True)
        if self._archived(asked.first_id):
            raise BackendError(400, THREAD_ARCHIVED, "Thread is archived")

    def _message(self, asked: Asked) -> None:
        judge_message(asked.body, asked.sizes)

    def _change(self, asked: Asked) -> None:
        judge_message(asked.body, asked.sizes, may_be_empty=True)

    def _callback(self, asked: Asked) -> None:
        interaction = self._backend.interactions.get(asked.first_id)
        judge_callback(asked.body, asked.sizes, None if interaction is None else interaction.type)

    def _thread(self, asked: Asked) -> None:
        channel = self._backend.get_channel(asked.first_id)
        if channel.is_thread:
            raise BackendError(400, WRONG_KIND, "Cannot execute action on this channel type")
        form = Form()
        form.text(("name",), asked.body.get("name"), MAX_THREAD_NAME, 1)
        _judge_archive(form, asked.body)
        form.raise_if_wrong()
        if asked.ids[1] and int(asked.ids[1]) in self._backend.channels:
            message = "A thread has already been created for this message"
            raise BackendError(400, THREAD_EXISTS, message)
        if self._active(channel.guild_id) >= self.active_threads:
            raise BackendError(400, THREADS_FULL, "Maximum number of active threads reached")

    def _edit_channel(self, asked: Asked) -> None:
        form = Form()
        if "name" in asked.body:
            form.text(("name",), asked.body.get("name"), MAX_THREAD_NAME, 1)
        _judge_archive(form, asked.body)
        form.raise_if_wrong()

    def _commands(self, asked: Asked) -> None:
        judge_commands(asked.body)
        known = self._backend.commands.get(asked.first_id or None, {})
        new = [c for c in asked.body if (c["name"], c.get("type", 1)) not in known]
        if len(new) > self.creations_left:
            message = "Max number of daily application command creates has been reached (200)"
            raise BackendError(400, DAILY_CREATIONS, message)
        self.creations_left -= len(new)

    # ---------------------------------------------------------------- threads

    def _archived(self, channel_id: int) -> bool:
        channel = self._backend.channels.get(channel_id)
        metadata = channel.thread_metadata if channel is not None else None
        return metadata is not None and metadata.archived

    def _wake_thread(self, channel: Channel) -> None:
        """A message to an archived thread opens it again; to a locked one, only from who may manage threads
        (https://discord.com/developers/docs/resources/channel#thread-metadata-object)."""
        if not self._archived(channel.id):
            return
        if channel.thread_metadata is not None and channel.thread_metadata.locked:
            try:
                self._may(channel, "manage_threads")
            except BackendError:
                raise BackendError(400, THREAD_ARCHIVED, "Thread is archived") from None
        self._backend.edit_channel(channel.id, {}, thread_metadata={"archived": False})

    def _may(self, channel: Channel, permission: str) -> None:
        """Raises BackendError: the bot may not."""
        if channel.guild_id is not None:
            bot = self._backend.bot_user.id
            self._backend.require_permissions(channel.guild_id, bot, channel.id, permission)

    def _active(self, guild_id: int | None) -> int:
        threads = [c for c in self._backend.channels.values() if c.is_thread]
        return sum(t.guild_id == guild_id and not self._archived(t.id) for t in threads)


def _judge_archive(form: Form, body: Mapping[str, Any]) -> None:
    minutes = body.get("auto_archive_duration")
    if minutes is not None:
        form.choice(("auto_archive_duration",), minutes, ARCHIVE_MINUTES)
