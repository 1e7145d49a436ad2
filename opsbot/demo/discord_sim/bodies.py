"""Reading a request's body: JSON, or a multipart form with files."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web
from simcord.http.router import parse_form

from opsbot.demo.discord_sim.cdn import Cdn


@dataclass(slots=True)
class Upload:
    """A file as simcord's routes read it."""

    filename: str
    fp: io.BytesIO
    size: int
    description: str | None = None


@dataclass(slots=True)
class Body:
    """What a request carried."""

    json: Any = None
    files: list[Upload] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        return [upload.size for upload in self.files]


async def read_body(request: web.Request, cdn: Cdn) -> Body:
    """Raises ValueError for a body that is no JSON."""
    if request.content_type.startswith("multipart/"):
        return await _read_form(request, cdn)
    text = await request.text() if request.can_read_body else ""
    return Body(json.loads(cdn.incoming(text)) if text else None)


async def _read_form(request: web.Request, cdn: Cdn) -> Body:
    fields: list[dict[str, Any]] = []
    files: list[Upload] = []
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):  # a form within a form: Discord knows none
            continue
        content = bytes(await part.read())
        if part.filename:
            files.append(Upload(part.filename, io.BytesIO(content), len(content)))
        else:
            fields.append({"name": part.name, "value": cdn.incoming(content.decode())})
    payload, _ = parse_form(fields, [])
    _describe(files, payload)
    return Body(payload, files)


def _describe(files: list[Upload], payload: Any) -> None:
    """The alternative texts stand in the JSON, by the file's number."""
    listed = payload.get("attachments") if isinstance(payload, dict) else None
    for entry in listed or []:
        number = str(entry.get("id"))
        if number.isdecimal() and int(number) < len(files):
            files[int(number)].description = entry.get("description")
