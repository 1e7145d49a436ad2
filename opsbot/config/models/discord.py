"""The section `discord`: opsbot's own bot, and who may do what."""

from __future__ import annotations

from pydantic import Field, SecretStr

from opsbot.config.fields import NotNegative, QuietSpan, Section, Snowflake, Snowflakes
from opsbot.domain.levels import Priority, Severity


class Roles(Section):
    """Roles by id; each may do what the ones before it may."""

    viewer: Snowflakes = Field((), description="may look: health, metrics, incidents")
    operator: Snowflakes = Field((), description="may acknowledge, pause and resume")
    admin: Snowflakes = Field((), description="may restart, stop and start")


class Discord(Section):
    """opsbot's own bot."""

    token: SecretStr | None = Field(None, description="the bot's token; default: OPSBOT_DISCORD_TOKEN")
    token_file: str | None = Field(None, description="a 0600 file with the token instead")
    guild: Snowflake = Field(description="id of the server")
    ops_channel: Snowflake = Field(description="id of the channel for incidents")
    roles: Roles = Field(Roles.model_construct(), description="who may do what")
    mention_roles: Snowflakes | None = Field(None, description="roles pinged; default: operator roles")
    on_call_role: Snowflakes = Field((), description="roles also pinged by each P1 and escalation; operators")
    mention_from: Priority = Field(Priority.P3, description="least urgent priority that pings them")
    alert_levels: frozenset[Severity] = Field(frozenset(Severity), description="severities told there")
    priorities: frozenset[Priority] = Field(frozenset(Priority), description="priorities told there")
    rate_limit_minutes: NotNegative = Field(0, description="minutes before the same alert pings again")
    max_per_minute: NotNegative = Field(40, description="messages there in a minute at most; 0: no limit")
    threads: bool = Field(True, description="a thread below each incident's message, with its timeline")
    quiet_hours: QuietSpan | None = Field(None, description="only what is urgent, such as 22:00-07:00")
    quiet_except: Priority = Field(Priority.P1, description="least urgent priority told all the same")
    command_channels: Snowflakes | None = Field(
        None, description="channels in which changes may be asked; default: ops_channel, []: any"
    )
