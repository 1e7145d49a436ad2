"""Runbooks, and walks through them: for a message with buttons, and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opsbot.domain.runbook import Listed
from opsbot.domain.walk import Mark, Walk, WalkStep
from opsbot.draw.limits import CHOICES, EMBED_DESCRIPTION, clamp
from opsbot.draw.payload import Button, ButtonStyle, Choice, Colour, Embed, Menu, Payload
from opsbot.text import inline_code, one_line, safe_text, units

STEP = "opsbot:walk:{id}:{step}:{answer}"
AGAIN = "opsbot:walk_again:{id}"
END = "opsbot:walk_end:{id}"
MENU = "opsbot:runbooks:{incident}"

ANSWER_WORDS = {"done": Mark.FINE, "not": Mark.WRONG, "skip": Mark.SKIPPED}
"""What a button's custom_id says → what it means."""

SIGN = {
    Mark.WAITING: "▫️",
    Mark.FINE: "✓",
    Mark.WRONG: "✗",
    Mark.UNSURE: "?",
    Mark.SKIPPED: "➖",
    Mark.LEFT: "▫️",
}
TERMINAL_SIGN = SIGN | {Mark.WAITING: "-", Mark.SKIPPED: "-", Mark.LEFT: "-"}

_TITLE, _TEXT, _EVIDENCE, _NAME, _LABEL = 200, 700, 200, 80, 100
_BRIEF = 60
_SHORTEST = 8


def walk_payload(walk: Walk) -> Payload:
    """A walk as it stands, with what can be pressed."""
    head = [f"Target **{safe_text(walk.target, _NAME)}**, walked by **{_who(walk)}**."]
    head += [f"⚠ {safe_text(remark, _TEXT)}" for remark in walk.remarks]
    if walk.over and walk.ended_by is not None:
        head.append(f"Ended by **{safe_text(walk.ended_by.name, _NAME)}**.")
    lines = _fitting(walk, EMBED_DESCRIPTION - sum(units(line) + 1 for line in head) - 10)
    number = f" · incident #{walk.incident}" if walk.incident is not None else ""
    embed = Embed(
        title=f"📖 {safe_text(walk.title, _TITLE)}",
        description="\n".join([*head, "", *lines]),
        colour=_colour(walk),
        footer=f"{_sum(walk)}{number}",
    )
    return clamp(Payload(embeds=(embed,), rows=_rows(walk)))


def _who(walk: Walk) -> str:
    return safe_text(walk.actor.name, _NAME) or "somebody"


def _fitting(walk: Walk, room: int) -> list[str]:
    """All steps; with less of each where they are too many for one message."""
    for title, evidence in ((_TITLE, _EVIDENCE), (_LABEL, _BRIEF), (_BRIEF, 0)):
        lines = [_line(walk, n, title, evidence) for n in range(1, len(walk.steps) + 1)]
        if sum(units(line) + 1 for line in lines) <= room:
            break
    return lines


def _line(walk: Walk, number: int, title: int, evidence: int) -> str:
    step = walk.steps[number - 1]
    now = number == walk.current
    sign = ("⏳" if step.automatic else "▶️") if now else SIGN[step.mark]
    name = (
        f"**{number}. {safe_text(step.title, title)}**"
        if now
        else f"{number}. {safe_text(step.title, title)}"
    )
    parts = [f"{sign} {name}"]
    if evidence and step.evidence:
        parts.append(f" – {safe_text(step.evidence, evidence)}")
    if step.by is not None:
        parts.append(f" – {_said(step)}")
    text = safe_lines(step.text, _TEXT) if now and not step.automatic else ""
    wrong = safe_lines(step.text, evidence) if step.mark is Mark.WRONG and step.automatic and evidence else ""
    return "".join(parts) + "".join(f"\n> {line}" for line in (text or wrong).split("\n") if line)


def safe_lines(text: str, limit: int) -> str:
    """Each line made safe, what stands between backticks as code; what goes beyond `limit` is left out."""
    kept: list[str] = []
    for line in text.split("\n"):
        if limit < _SHORTEST:
            break
        kept.append(_with_code(line, limit))
        limit -= units(kept[-1]) + 1
    return "\n".join(kept)


def _with_code(line: str, limit: int) -> str:
    pieces = line.split("`")
    if len(pieces) % 2 == 0:  # one backtick is alone
        return safe_text(line, limit)
    drawn = ""
    for number, piece in enumerate(pieces):
        left = limit - units(drawn)
        if not piece.strip() or left < _SHORTEST:
            continue
        gap = " " if drawn and (number % 2 or piece[0] == " ") and drawn[-1] not in " (" else ""
        drawn += gap + (inline_code(piece, left - 1) if number % 2 else safe_text(piece, left - 1))
    return drawn


def _said(step: WalkStep) -> str:
    who = safe_text(step.by.name, _NAME) if step.by else ""
    words = {Mark.FINE: "done by", Mark.WRONG: "no, says", Mark.SKIPPED: "skipped by"}
    return f"{words.get(step.mark, 'answered by')} {who or 'somebody'}"


def _sum(walk: Walk) -> str:
    names = {Mark.FINE: "✓", Mark.WRONG: "✗", Mark.UNSURE: "?", Mark.SKIPPED: "skipped", Mark.LEFT: "to do"}
    parts = [f"{walk.count(mark)} {name}" for mark, name in names.items() if walk.count(mark)]
    waiting = walk.count(Mark.WAITING)
    parts += [f"{waiting} {'not done' if walk.over else 'to come'}"] if waiting else []
    return ", ".join(parts)


def _colour(walk: Walk) -> Colour:
    if not walk.over:
        return Colour.BLUE
    if walk.count(Mark.WRONG):
        return Colour.RED
    return Colour.GREEN if walk.count(Mark.FINE) == len(walk.steps) else Colour.GREY


def _rows(walk: Walk) -> tuple[tuple[Button, ...], ...]:
    """Nothing on one that is over. While opsbot looks, the same look can be asked for again: should it have
    been cut off, that takes it up."""
    if walk.over:
        return ()
    again = Button("Go on" if walk.due else "Look again", AGAIN.format(id=walk.id))
    end = Button("End", END.format(id=walk.id))
    step = walk.asks
    if step is None:
        return ((again, end),)

    def button(label: str, answer: str, style: ButtonStyle) -> Button:
        return Button(f"{label} ({step})", STEP.format(id=walk.id, step=step, answer=answer), style)

    answers = (
        button("Yes, done", "done", ButtonStyle.SUCCESS),
        button("No", "not", ButtonStyle.DANGER),
        button("Skip", "skip", ButtonStyle.SECONDARY),
    )
    return (answers, (again, end)) if any(one.automatic for one in walk.steps) else (answers, (end,))


def menu_payload(incident: int, fitting: Sequence[Listed]) -> Payload:
    """Which runbook? For one person, about one incident."""
    choices = tuple(Choice(one_line(one.title, _LABEL), one.name) for one in fitting[:CHOICES])
    menu = Menu(MENU.format(incident=incident), "Choose a runbook", choices)
    lines = [f"**{safe_text(one.title, _LABEL)}** {safe_text(one.summary, _TITLE)}" for one in fitting]
    embed = Embed(f"📖 Runbooks for incident #{incident}", "\n".join(lines), Colour.BLUE)
    return clamp(Payload(embeds=(embed,), rows=((menu,),)))


def walk_lines(walk: Walk, since: int = 0) -> list[str]:
    """For a terminal: each step that is answered, from the one behind number `since` on."""
    lines = []
    for number, step in enumerate(walk.steps, 1):
        if number <= since or step.mark is Mark.WAITING:
            continue
        said = one_line(step.evidence, _EVIDENCE) or {Mark.LEFT: "to do", Mark.SKIPPED: "skipped"}.get(
            step.mark
        )
        lines.append(f"{TERMINAL_SIGN[step.mark]} {number}. {one_line(step.title, _TITLE)}" + _dashed(said))
        if step.mark in (Mark.LEFT, Mark.WRONG):
            lines += step_text(step)
    return lines


def _dashed(said: str | None) -> str:
    return f" – {said}" if said else ""


def step_text(step: WalkStep) -> list[str]:
    """What a step says beside its title, indented."""
    return [f"     {one_line(line, _TEXT)}" for line in step.text.split("\n") if line.strip()]


def listed_lines(listed: Sequence[Listed]) -> list[str]:
    """For a terminal: one line each, those that fit now marked."""
    wide = max((len(one.name) for one in listed), default=0)
    return [
        f"{'●' if one.fits else ' '} {one.name:<{wide}}  "
        f"{one_line(one.mistake, 300) or one_line(one.title, _TITLE)}"
        for one in listed
    ]


def walk_data(walk: Walk) -> dict[str, Any]:
    """The same for programs: JSON types only."""
    return {
        "id": walk.id,
        "runbook": walk.runbook,
        "target": walk.target,
        "incident": walk.incident,
        "over": walk.over,
        "asks": walk.asks,
        "steps": [
            {
                "title": one_line(step.title, _TITLE),
                "text": [line.strip() for line in step_text(step)],
                "automatic": step.automatic,
                "result": step.mark.value,
                "evidence": one_line(step.evidence, _EVIDENCE),
            }
            for step in walk.steps
        ],
    }
