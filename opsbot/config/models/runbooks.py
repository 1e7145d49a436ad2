"""The section `runbooks`: which ones people can walk."""

from __future__ import annotations

from pydantic import Field

from opsbot.config.fields import Section


class Runbooks(Section):
    """Which runbooks people can walk."""

    dir: str | None = Field(None, min_length=1, description="folder with your own, as Markdown")
    shipped: bool = Field(True, description="whether those that come with opsbot are offered too")
