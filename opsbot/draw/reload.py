"""What came of reading the configuration anew: for Discord, and as lines for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opsbot.domain.reload import Outcome, Reloaded
from opsbot.draw.answers import notice
from opsbot.draw.limits import EMBED_DESCRIPTION
from opsbot.draw.payload import Colour, Payload
from opsbot.text import one_line, safe_text, units

_NAME, _LINE = 80, 400

TITLES = {
    Outcome.SAME: "The configuration means what it meant: nothing is changed",
    Outcome.WOULD: "This would change",
    Outcome.APPLIED: "The configuration is in effect",
    Outcome.INVALID: "The configuration cannot be used: the settings of before go on",
    Outcome.FAILED: "The configuration could not be put into effect: the settings of before go on",
}

LATER = "What has changed in the configuration needs a new start of opsbot"

_COLOURS = {Outcome.APPLIED: Colour.BLUE, Outcome.INVALID: Colour.RED, Outcome.FAILED: Colour.RED}


def reload_answer(report: Reloaded, who: str = "") -> Payload:
    """For Discord. `who` read it anew, where that must be said."""
    title = _title(report)
    if who:
        title += f" (read anew by {safe_text(who, _NAME) or 'somebody'})"
    return notice(title, _listed(list(_lines(report))), _COLOURS.get(report.outcome, Colour.GREY))


def _title(report: Reloaded) -> str:
    return LATER if report.outcome is Outcome.SAME and report.later else TITLES[report.outcome]


def _lines(report: Reloaded) -> Iterator[str]:
    yield from (f"✗ {safe_text(line, _LINE)}" for line in report.problems)
    yield from (f"• {safe_text(line, _LINE)}" for line in report.changes)
    yield from (f"⚠ {safe_text(line, _LINE)}" for line in report.effects)
    yield from (f"⏳ {safe_text(line, _LINE)}" for line in report.later)


def _listed(lines: Sequence[str]) -> str:
    kept: list[str] = []
    left = EMBED_DESCRIPTION - 40
    for line in lines:
        left -= units(line) + 1
        if left < 0:
            kept.append(f"… and {len(lines) - len(kept)} more")
            break
        kept.append(line)
    return "\n".join(kept)


def reload_lines(report: Reloaded) -> list[str]:
    """For the command line: the result, then everything, each on a line of its own."""
    found = [f"{_title(report)}{':' if report.changes or report.problems or report.later else '.'}"]
    for mark, lines in (
        ("✗", report.problems),
        ("•", report.changes),
        ("⚠", report.effects),
        ("⏳", report.later),
    ):
        found += [f"{mark} {one_line(line, 2 * _LINE)}" for line in lines]
    return found
