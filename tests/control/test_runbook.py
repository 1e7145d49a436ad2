"""`opsbot runbook` over the socket of a running opsbot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsbot.control.server import serving
from opsbot.domain.runbook import Listed
from opsbot.domain.walk import Mark
from opsbot.testing.asked.walks import RUNBOOK
from opsbot.testing.clock import VirtualClock
from opsbot.testing.operations import FakeOperations
from tests.control.wire import Lines, answer


@pytest.fixture
def operations() -> FakeOperations:
    return FakeOperations(VirtualClock())


async def ask(operations: FakeOperations, folder: Path, **request: Any) -> Lines:
    async with serving(operations, folder):
        return await answer(folder, {"verb": "runbook", **request})


def texts(lines: Lines) -> list[str]:
    return [line["text"] for line in lines if "text" in line]


async def test_a_walk_stops_where_a_person_must_be_asked(operations: FakeOperations, tmp_path: Path) -> None:
    lines = await ask(operations, tmp_path, name=RUNBOOK.name)
    assert lines[0] == {"progress": "1. Is it online? …"}
    assert texts(lines) == [
        "✓ 1. Is it online? – running",
        "▸ 2. Ask who changed something\n     In the ops channel.",
    ]
    assert (lines[-1]["data"]["asks"], lines[-1]["exit"]) == (2, 0)
    (call,) = operations.asked("begin")
    assert call.actor is not None
    assert call.actor.kind.value == "cli"


async def test_it_goes_on_with_what_the_person_says(operations: FakeOperations, tmp_path: Path) -> None:
    walk_id = (await ask(operations, tmp_path, name=RUNBOOK.name))[-1]["data"]["id"]
    lines = await ask(operations, tmp_path, walk=walk_id, step=2, answer="done")
    assert texts(lines) == ["✓ 3. Does it answer now? – running"]
    assert (lines[-1]["data"]["over"], lines[-1]["exit"]) == (True, 0)


async def test_where_nobody_can_be_asked_their_steps_are_to_do(
    operations: FakeOperations, tmp_path: Path
) -> None:
    lines = await ask(operations, tmp_path, name=RUNBOOK.name, unattended=True)
    assert texts(lines) == [
        "✓ 1. Is it online? – running",
        "- 2. Ask who changed something – to do",
        "     In the ops channel.",
        "✓ 3. Does it answer now? – running",
    ]


@pytest.mark.parametrize(("mark", "code"), [(Mark.WRONG, 1), (Mark.UNSURE, 0), (Mark.FINE, 0)])
async def test_what_is_wrong_is_the_exit_code(
    operations: FakeOperations, tmp_path: Path, mark: Mark, code: int
) -> None:
    operations.walks.saw["check process"] = (mark, "seen")
    assert (await ask(operations, tmp_path, name=RUNBOOK.name, unattended=True))[-1]["exit"] == code


@pytest.mark.parametrize("request_", [{"answer": "perhaps", "step": 2}, {"answer": "done", "step": "2"}, {}])
async def test_an_answer_that_is_none_is_a_mistake(
    operations: FakeOperations, tmp_path: Path, request_: dict[str, Any]
) -> None:
    (line,) = await ask(operations, tmp_path, walk="A" * 16, **request_)
    assert "both of the same version" in line["error"]


async def test_the_list_marks_what_fits_and_tells_of_mistakes(
    operations: FakeOperations, tmp_path: Path
) -> None:
    operations.walks.listed = (
        Listed("high-cpu", "High CPU usage", fits=1),
        Listed("x", "x", mistake="x.md:3: no"),
    )
    operations.walks.wrong = ("x.md:3: no",)
    async with serving(operations, tmp_path):
        error, listed = await answer(tmp_path, {"verb": "runbooks"})
    assert error == {"error": "x.md:3: no"}
    assert listed == {"text": "● high-cpu  High CPU usage", "exit": 0}


async def test_a_runbook_is_printed_as_it_is_written(operations: FakeOperations, tmp_path: Path) -> None:
    async with serving(operations, tmp_path):
        (line,) = await answer(tmp_path, {"verb": "runbook_text", "name": RUNBOOK.name})
        assert line == {"text": "# The bot does not answer", "exit": 0}
        (line,) = await answer(tmp_path, {"verb": "runbook_text", "name": "nothing"})
        assert "There is no runbook `nothing`" in line["error"]
