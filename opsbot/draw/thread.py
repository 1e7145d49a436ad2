"""The incident's thread: its name, and its timeline as posts of at most 2000 characters.

Each post ends with a line that says which lines of the timeline it holds; by it opsbot knows its own posts
again, whatever became of the answers to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from opsbot.domain.actor import ActorKind
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.draw.limits import CONTENT, THREAD_NAME, clamp
from opsbot.draw.payload import Payload
from opsbot.draw.quoted import quote, result
from opsbot.text import Place, discord_time, safe_text, units

KIND_MARK = {EntryKind.SEEN: "👁", EntryKind.DECIDED: "⚖️", EntryKind.DONE: "🔧", EntryKind.SAID: "💬"}

_NAME, _TITLE, _TEXT, _QUOTED, _WHY = 80, 60, 900, 600, 150  # characters of one text
_ROOM = CONTENT - 100
"""Characters of a post that lines may take: the rest is for what surrounds them."""

_POST = re.compile(r"-# lines? (\d+)(?:–(\d+))?")
_FILED = re.compile(r"-# line (\d+) of #(-?\d+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a timeline. `number` counts from 1, over all that the timeline ever had."""

    number: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Lines:
    """What one post holds: the lines `first` to `last`. `file`: name of the one that goes with the last."""

    first: int
    last: int
    texts: tuple[str, ...]
    file: str = ""


def thread_name(incident: Incident) -> str:
    """ "#12 · bot · Bot process is not running"."""
    target = safe_text(incident.target, _NAME // 2, Place.PLAIN)
    title = safe_text(incident.title, _TITLE, Place.PLAIN)
    parts = [part for part in (f"#{incident.id}", target, title) if part]
    return safe_text(" · ".join(parts), THREAD_NAME, Place.PLAIN)


def timeline_line(entry: Entry) -> str:
    """A line as the thread shows it: when, what kind, who, what; and the lines that it quotes."""
    who = ""
    if entry.actor and entry.actor.kind is not ActorKind.AUTO:
        who = f"**{safe_text(entry.actor.name, _NAME) or 'somebody'}** "
    text = safe_text(result(entry.text) if entry.kind is EntryKind.DONE else entry.text, _TEXT)
    if not who and entry.kind is not EntryKind.SEEN:  # what was seen begins with a rule's name
        text = text[:1].upper() + text[1:]
    line = f"{KIND_MARK[entry.kind]} {discord_time(entry.at.wall, 'T')} {who}{text}"
    quoted = quote(entry.text, _QUOTED) if entry.kind is EntryKind.DONE else ""
    return f"{line}\n{quoted}" if quoted else line


def cut(lines: Sequence[Line], after: int, breaks: Iterable[int] = ()) -> Iterator[Lines]:
    """`lines`, as posts. Those between the line `after` and the first of them are said to be missing.
    `breaks`: numbers of lines behind which a post must end; so it does behind one with a file."""
    first, texts, ends = after + 1, list[str](), frozenset(breaks)
    for line in lines:
        text = timeline_line(line.entry)
        if texts and (line.entry.file or _size([*texts, text]) > _ROOM):
            yield Lines(first, line.number - 1, tuple(texts))
            first, texts = line.number, []
        if not texts and line.number > first:
            texts.append(f"-# … {line.number - first:,} earlier lines: see `/incidents show`")
        texts.append(text)
        if line.entry.file or line.number in ends:
            yield Lines(first, line.number, tuple(texts), line.entry.file)
            first, texts = line.number + 1, []
    if texts:
        yield Lines(first, lines[-1].number, tuple(texts))


def _size(texts: Sequence[str]) -> int:
    return units("\n".join(texts))


def thread_post(incident: Incident, lines: Lines) -> Payload:
    """A post in the thread. It disturbs nobody and mentions nobody."""
    last = f"–{lines.last}" if lines.last > lines.first else ""
    marker = f"-# line{'s' if last else ''} {lines.first}{last}"
    return _post(lines.texts, marker, f"o{incident.id}:{lines.first}-{lines.last}{_life(incident)}")


def file_reply(incident: Incident, lines: Lines, reply_to: int | None) -> Payload:
    """A file's line in the channel, below the incident's message, where there is no thread."""
    nonce = f"f{incident.id}:{lines.last}{_life(incident)}"
    post = _post(lines.texts, f"-# line {lines.last} of #{incident.id}", nonce)
    return replace(post, reply_to=reply_to)


def without_file(lines: Lines, why: str) -> Lines:
    """The same lines, where the file cannot come along; `why`: one clause."""
    name = safe_text(lines.file, _NAME)
    return replace(lines, texts=(*lines.texts, f"-# 📎 {name}: {safe_text(why, _WHY)}"), file="")


def without_text(lines: Lines) -> Lines:
    """What is posted where Discord takes the lines themselves from nobody, such as forbidden words."""
    text = "-# Discord refuses the text of these lines; `/incidents show` has it."
    return replace(lines, texts=(text,), file="")


def last_line(content: str) -> int:
    """The number of the last timeline line that a post in a thread holds; 0 when it holds none."""
    found = _POST.fullmatch(content.rpartition("\n")[2])
    return int(found[2] or found[1]) if found else 0


def filed_line(content: str, incident: int) -> int:
    """The number of the timeline line whose file a reply in the channel has; 0 when it is none."""
    found = _FILED.fullmatch(content.rpartition("\n")[2])
    return int(found[1]) if found and int(found[2]) == incident else 0


def _post(texts: Sequence[str], marker: str, nonce: str) -> Payload:
    return clamp(Payload(content="\n".join([*texts, marker]), silent=True, nonce=nonce))


def _life(incident: Incident) -> str:
    """Tells an incident from one with its number in a state directory that was made anew."""
    return f"-{int(incident.opened.wall) & 0xFFF:x}"
