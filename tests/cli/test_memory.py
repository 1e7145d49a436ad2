"""What is over, from the command line: beside a running opsbot and out of its files, without a lock."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsbot.control.client import ask, running
from tests.cli.commands import Place, opsbot, place, sentence


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An opsbot ran whose service was killed once; it does not run any more."""
    made = place(tmp_path_factory.mktemp("past"))
    try:
        with made.running():
            (pid,) = made.pids()
            os.kill(pid, signal.SIGKILL)
            made.until(lambda: any("postmortem" in line for line in _notes(made)))
            beside(made)
        yield made
    finally:
        made.close()


def _notes(at: Place) -> list[str]:
    db = sqlite3.connect(f"{(at.folder / 'state' / 'state.db').as_uri()}?mode=ro", uri=True)
    try:
        return [body for (body,) in db.execute("SELECT body FROM audit")]
    finally:
        db.close()


def beside(at: Place) -> None:
    """What the running opsbot itself answers."""

    def answer(**request: Any) -> dict[str, Any]:
        link = running(at.folder / "state")
        assert link is not None
        return list(ask(link, request))[-1]

    assert answer(verb="past", count=5, live=True)["text"] == "No open incidents."
    assert answer(verb="past", count=5)["text"].startswith("#1 Resolved P1 summarybot:")
    assert answer(verb="export", incident=1)["data"]["text"].startswith("# Incident ")
    assert "no incident #99" in answer(verb="incident", incident=99)["error"]
    assert "1 automatic" in answer(verb="report", period="day")["text"]
    assert "`day`, a `week` or a `month`" in answer(verb="report", period="year")["error"]
    assert answer(verb="audit", count=1)["data"][0]["verb"] == "export postmortem"
    assert verify(at)[0] == 0


def said(at: Place, *words: str) -> str:
    """A command that works; its output."""
    done = opsbot(*words, "-c", at.file, cwd=at.folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def verify(at: Place, *words: str) -> tuple[int, str]:
    done = opsbot("audit", "verify", *words, "-c", at.file, cwd=at.folder)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_incidents_that_are_over_are_listed_and_shown(past: Place) -> None:
    assert said(past, "incidents") == "No open incidents.\n"
    (one,) = json.loads(said(past, "incidents", "list", "--all", "--json"))
    assert (one["id"], one["state"]) == (1, "resolved")
    shown = said(past, "incidents", "show", "1")
    assert "killed by SIGKILL" in shown
    assert "Restarting it" in shown


def test_an_export_is_a_private_file_and_overwrites_nothing(past: Place) -> None:
    assert said(past, "incidents", "export", "1", "-o", "7.md") == "7.md\n"
    file = past.folder / "7.md"
    assert file.read_text().startswith("# Incident 1: ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = opsbot("incidents", "export", "1", "-o", "7.md", "-c", past.file, cwd=past.folder)
    assert again.returncode == 2
    assert "is there already" in sentence(again)


def test_a_report_and_the_audit_are_read_without_changing_anything(past: Place) -> None:
    state = past.folder / "state" / "state.db"
    before = state.read_bytes()
    report = said(past, "report", "day")
    assert re.search(r"Incidents: +1\b", report), report
    acts = json.loads(said(past, "audit", "list", "--json", "--target", "summarybot", "--who", "opsbot"))
    assert {"restart", "note"} <= {act["verb"] for act in acts}
    assert state.read_bytes() == before


def test_an_incident_that_never_was_is_one_sentence(past: Place) -> None:
    done = opsbot("incidents", "show", "99", "-c", past.file, cwd=past.folder)
    assert done.returncode == 2
    assert "no incident #99" in sentence(done)


def tamper(file: Path, *queries: str) -> None:
    with sqlite3.connect(file) as db:
        for trigger in ("audit_is_not_changed", "audit_is_not_deleted"):
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for query in queries:
            db.execute(query)
    db.close()


def test_verifying_finds_what_was_changed_and_what_was_cut_off(past: Place, tmp_path: Path) -> None:
    state = past.folder / "state" / "state.db"
    whole = state.read_bytes()
    code, text = verify(past)
    rows = int(re.findall(r"intact: (\d+) rows", text)[0])
    assert (code, rows >= 4) == (0, True)
    (head,) = re.findall(r"[0-9a-f]{64}", text)
    assert verify(past, "--noted", head)[0] == 0
    code, text = verify(past, "--noted", head[::-1])
    assert code == 1
    assert "written anew" in text
    try:
        tamper(state, "UPDATE audit SET body = replace(body, 'allowed', 'ALLOWED') WHERE seq = 3")
        tamper(state, "UPDATE audit SET body = body || ' ' WHERE seq = 3")
        code, text = verify(past)
        assert code == 1
        assert "row 3 is not as it was written" in text
        assert "2 rows before it are intact" in text
        state.write_bytes(whole)
        tamper(state, f"DELETE FROM audit WHERE seq = {rows}")
        code, text = verify(past)
        assert (code, f"row {rows} " in text) == (1, True)
    finally:
        state.write_bytes(whole)


def test_where_opsbot_never_ran_there_is_nothing_to_tell(alone: Place) -> None:
    assert "has not run here yet" in said(alone, "report")
    for words in (("incidents", "export", "1"), ("audit", "verify")):
        done = opsbot(*words, "-c", alone.file, cwd=alone.folder)
        assert done.returncode == 2
        assert "has not run here yet" in sentence(done)
