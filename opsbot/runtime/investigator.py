"""Collects diagnostics for an incident by itself: the worker of the action `investigate`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from opsbot.diagnostics.attachments import NoPlace
from opsbot.diagnostics.base import TITLES, NotCollected
from opsbot.diagnostics.packing import Packed, folder_of
from opsbot.domain.action import StepName
from opsbot.domain.diagnostics import PartLine, PartState
from opsbot.runtime.bundling import BundleMaker
from opsbot.runtime.steps import StepBoard, StepFailed
from opsbot.text import bytes_text

MISSING_SHOWN = 4


@dataclass(slots=True)
class Investigator:
    """Implements `actions.Worker`. One that was cut off is done anew: what was half made is nobody's, and is
    removed as what is left behind."""

    maker: BundleMaker

    async def work(self, board: StepBoard, resumed: bool) -> str:  # noqa: ARG002 - the port's
        """Makes a bundle, keeps it among the attachments, and names it in the action."""
        seen: list[str] = []

        def tell(line: PartLine) -> None:
            if line.state is PartState.RUNNING:
                seen.append(line.file)
                board.tell(StepName.COLLECT, f"{len(seen)} of {len(TITLES)}: {line.file}")

        try:
            with board.step(StepName.COLLECT) as say:
                made, packed = await self.maker.make(board.action.target, board.action.actor, tell)
                say(f"{_there(packed)} parts, {bytes_text(packed.size)}")
            with board.step(StepName.ATTACH) as say:
                name = await self.maker.keep(made, f"{folder_of(packed.wall)}.tar.gz")
                say(name)
        except (NoPlace, NotCollected) as error:
            raise StepFailed(str(error)) from error
        board.action = replace(board.action, file=name)
        return told(packed)

    async def last_lines(self, target: str) -> list[str]:  # noqa: ARG002 - the port's
        """The target's own lines are in the bundle."""
        return []


def told(packed: Packed) -> str:
    """What the incident's timeline says of a bundle."""
    hidden = sum(sum(piece.hidden.values()) for piece in packed.pieces)
    text = f"Diagnostics collected: {_there(packed)} of {len(packed.pieces)} parts, {bytes_text(packed.size)}"
    text += f", {hidden} secret{'s' * (hidden > 1)} hidden" if hidden else ""
    missing = [piece for piece in packed.pieces if piece.why]
    if not missing:
        return text
    files = dict[str, list[str]]()  # of each reason
    for piece in missing[:MISSING_SHOWN]:
        files.setdefault(piece.why, []).append(piece.file)
    named = [f"{' and '.join(of_it)} ({why})" for why, of_it in files.items()]
    more = [f"{len(missing) - MISSING_SHOWN} more"] if len(missing) > MISSING_SHOWN else []
    return f"{text}; without {', '.join([*named, *more])}"


def _there(packed: Packed) -> int:
    return sum(not piece.why for piece in packed.pieces)
