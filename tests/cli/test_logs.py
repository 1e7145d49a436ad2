"""`opsbot logs`: the guide's recipes as a command, with and without an opsbot that runs."""

from __future__ import annotations

import gzip
import json
import signal
import time

import pytest

from tests.analysis.kit import guide_lines
from tests.bound import BOUND
from tests.cli.commands import Place, Result, begun, opsbot, sentence

COUNT = 400


@pytest.fixture
def written(alone: Place) -> Place:
    """A log of the last hours and an archive of the hours before; no opsbot runs."""
    fill(alone)
    return alone


def fill(at: Place) -> list[str]:
    """All lines."""
    now = float(int(time.time()))
    old, new = guide_lines(COUNT, now - 7200, 3600, seed=1), guide_lines(COUNT, now, 3600, seed=2)
    (at.folder / "archive").mkdir(exist_ok=True)
    name = time.strftime("summarybot_%Y%m%d_%H%M%S.log.gz", time.localtime(now - 7200))
    (at.folder / "archive" / name).write_bytes(gzip.compress("".join(f"{x}\n" for x in old).encode()))
    with at.log.open("w") as log:
        log.writelines(f"{line}\n" for line in new)
    return old + new


def logs(at: Place, *words: str) -> Result:
    return opsbot("logs", *words, "-c", at.file, cwd=at.folder)


def test_the_newest_lines_are_printed_as_tail_does_across_a_rotation(alone: Place) -> None:
    every = fill(alone)
    done = logs(alone, "tail", "-n", str(COUNT + 50))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == every[-COUNT - 50 :]


def test_a_search_ends_as_grep_does(written: Place) -> None:
    found = logs(written, "search", "APIError|TimeoutError")
    assert found.returncode == 0
    assert len(found.stdout.splitlines()) > 1
    assert all("Error" in line for line in found.stdout.splitlines())
    nothing = logs(written, "search", "-F", "no such text (")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (1, "", "")
    wrong = logs(written, "search", "no such text (")
    assert wrong.returncode == 2
    assert "is no pattern of the RE2 kind" in sentence(wrong)
    assert logs(written, "search", "-i", "apierror").returncode == 0


def test_every_question_has_an_answer_for_people_and_for_programs(written: Place) -> None:
    texts = {"errors": "By type:", "hourly": "█", "api": "Successful:", "usage": "channel", "tail": " - "}
    for topic, text in texts.items():
        since = () if topic == "tail" else ("--since", "all")
        shown = logs(written, topic, *since)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert text in shown.stdout
        data = json.loads(logs(written, topic, *since, "--json").stdout)
        assert (data["target"], data["topic"]) == ("summarybot", topic)
    everything = json.loads(logs(written, "usage", "--since", "all", "--json").stdout)
    newest = json.loads(logs(written, "usage", "--since", "90m", "--json").stdout)
    assert 0 < newest["result"]["total"] < everything["result"]["total"]
    assert (len(newest["files"]), len(everything["files"])) == (1, 2)


def test_no_secret_of_the_log_is_printed(written: Place) -> None:
    token = "ghp_" + "aB3" * 12
    with written.log.open("a") as log:
        log.write(f"using {token} and DB_PASSWORD=hunter2!\n")
    for words in (("tail",), ("search", "using"), ("tail", "--json"), ("search", "using", "--json")):
        shown = logs(written, *words).stdout
        assert "using" in shown
        assert token not in shown
        assert "hunter2" not in shown


def test_a_mistake_is_one_sentence_and_exit_code_2(alone: Place) -> None:
    missing = logs(alone, "errors")
    assert missing.returncode == 2
    assert "There is no log" in sentence(missing)
    fill(alone)
    assert "`since` is today, a span" in sentence(logs(alone, "errors", "--since", "soon"))
    assert "there is no target `other`" in sentence(logs(alone, "errors", "other"))
    broken = opsbot("logs", "errors", "-c", alone.folder / "none.yml", cwd=alone.folder)
    assert broken.returncode == 2


def test_a_damaged_archive_is_said_on_stderr(written: Place) -> None:
    (archive,) = written.archives()
    archive.write_bytes(archive.read_bytes()[:-100])
    done = logs(written, "usage", "--since", "all")
    assert done.returncode == 0
    assert "is damaged or was cut off" in sentence(done)


def test_a_running_opsbot_answers_with_its_own_secrets_hidden_and_real_archives(alone: Place) -> None:
    secret = "a-value-that-no-shape-gives-away"
    text = alone.file.read_text().replace("type: http,", "type: http, headers: {X-Mine: '${MINE}'},")
    alone.file.write_text(text)
    with begun("run", "-c", alone.file, cwd=alone.folder, MINE=secret) as child:
        alone.until(alone.is_well)
        with alone.log.open("a") as log:
            log.write(f"2026-01-05 15:04:21,123 - src.main - INFO - using {secret}\n")
            log.writelines(f"2026-01-05 15:04:21,123 - src.main - INFO - filling {n}\n" for n in range(2000))
        rotated = opsbot("rotate", "-c", alone.file, cwd=alone.folder, MINE="")
        assert alone.archives(), rotated.stdout + rotated.stderr
        done = opsbot("logs", "search", "main - INFO - using", "-c", alone.file, cwd=alone.folder, MINE="")
        assert done.stdout == "2026-01-05 15:04:21,123 - src.main - INFO - using •••\n"
        ready = opsbot("logs", "search", "Starting Summary Bot", "-c", alone.file, cwd=alone.folder, MINE="")
        assert ready.returncode == 0, "what is in an archive of a real rotation"
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=BOUND)
