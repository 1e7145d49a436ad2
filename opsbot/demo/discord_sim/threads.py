"""What Discord writes by itself when a thread is made of a message.

https://discord.com/developers/docs/topics/threads: `THREAD_CREATED` in the channel "when a thread is created
from an older message", which goes without a message too; `THREAD_STARTER_MESSAGE` as the first one in the
thread. How old "older" is, Discord does not say.
"""

from __future__ import annotations

from typing import Any

from simcord.backend import Backend
from simcord.backend.models import Message
from simcord.enums import MessageType

OLDER_SECONDS = 3_600.0


class ThreadingBackend(Backend):
    """simcord's world, which announces every thread in its channel. `older` is in seconds."""

    older = OLDER_SECONDS

    def create_system_message(
        self, channel_id: int, message_type: MessageType, author_id: int, **about: Any
    ) -> Message:
        """As simcord's, but for threads."""
        made_of, thread = about.get("referenced_message_id"), about.get("target_channel_id")
        if message_type != MessageType.THREAD_CREATED or made_of is None or thread is None:
            return super().create_system_message(channel_id, message_type, author_id, **about)
        starter = super().create_system_message(
            thread,
            MessageType.THREAD_STARTER_MESSAGE,
            self.get_message(channel_id, made_of).author_id,
            referenced_channel_id=channel_id,
            referenced_message_id=made_of,
        )
        if self.snowflake() - made_of < int(self.older * 1000) << 22:
            return starter
        return super().create_system_message(channel_id, message_type, author_id, **about)
