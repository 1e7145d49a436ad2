"""`opsbot diagnostics` and `opsbot profile`, beside a running opsbot and without one."""

from __future__ import annotations

import datetime
import json
import tarfile
from pathlib import Path

from tests.cli.commands import Place, Result, opsbot, sentence


def command(at: Place, *words: str | Path) -> Result:
    return opsbot(*words, "-c", at.file, cwd=at.folder)


def names(bundle: Path) -> set[str]:
    with tarfile.open(bundle) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_beside_a_running_opsbot_the_file_is_the_askers(beside: Place, tmp_path: Path) -> None:
    done = command(beside, "diagnostics", "-o", tmp_path / "new")
    assert (done.returncode, done.stderr) == (0, "")
    (bundle,) = (tmp_path / "new").iterdir()
    assert done.stdout.splitlines()[-1] == str(bundle)
    assert bundle.stat().st_mode & 0o777 == 0o600
    assert {"manifest.json", "report.md", "health.txt", "logs.txt", "processes.txt"} <= names(bundle)
    assert "✗ stacks.txt" in done.stdout
    assert "`diagnostics.profile: true` allows it" in done.stdout


def test_json_is_for_programs_and_says_where_the_file_is(beside: Place, tmp_path: Path) -> None:
    done = command(beside, "diagnostics", "summarybot", "-o", tmp_path, "--json")
    told = json.loads(done.stdout)
    assert Path(told["path"]).is_file()
    assert told["bytes"] == Path(told["path"]).stat().st_size
    assert {"file", "state", "bytes", "hidden", "why"} == set(told["parts"][0])


def test_what_stands_in_the_folder_is_never_written_to(beside: Place, tmp_path: Path) -> None:
    """Somebody lays links for every second of the next minutes."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = tmp_path / "shared"
    folder.mkdir()

    now = datetime.datetime.now(datetime.UTC)
    for second in range(120):
        at = now + datetime.timedelta(seconds=second)
        (folder / f"diagnostics_{at:%Y%m%d_%H%M%S}.tar.gz").symlink_to(precious)
    done = command(beside, "diagnostics", "-o", folder)
    assert done.returncode == 0, done.stderr
    bundle = Path(done.stdout.splitlines()[-1])
    assert bundle.name.endswith("_2.tar.gz")
    assert not bundle.is_symlink()
    assert precious.read_text() == "mine"
    assert not list(folder.glob(".diagnostics-*"))


def test_a_folder_that_is_none_is_one_sentence(beside: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = command(beside, "diagnostics", "-o", tmp_path / "file")
    assert done.returncode == 2
    assert "name another with -o" in sentence(done)


def test_an_unknown_target_is_one_sentence_and_no_file(beside: Place, tmp_path: Path) -> None:
    done = command(beside, "diagnostics", "sumarybot", "-o", tmp_path)
    assert done.returncode == 2
    assert "did you mean `summarybot`?" in sentence(done)
    assert list(tmp_path.iterdir()) == []


def test_a_profile_is_off_until_it_is_allowed(beside: Place) -> None:
    done = command(beside, "profile", "--seconds", "1")
    assert done.returncode == 2
    assert "`diagnostics.profile: true` allows it" in sentence(done)


def test_alone_it_is_made_too_and_what_cannot_be_known_is_said(alone: Place, tmp_path: Path) -> None:
    done = command(alone, "diagnostics", "-o", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (bundle,) = tmp_path.glob("*.tar.gz")
    assert "✗ env.txt" in done.stdout
    assert "the target does not run" in done.stdout
    assert {"report.md", "config.yml", "processes.txt"} <= names(bundle)
    assert list((alone.folder / "state" / "attachments").iterdir()) == []
    assert alone.pids() == [], "nothing was started by that"


def test_alone_a_running_target_is_looked_into_where_that_is_allowed(alone: Place, tmp_path: Path) -> None:
    alone.file.write_text(f"{alone.file.read_text()}\ndiagnostics: {{profile: true}}\n")
    assert command(alone, "start").returncode == 0
    done = command(alone, "diagnostics", "-o", tmp_path)
    assert "✓ stacks.txt" in done.stdout, done.stdout + done.stderr
    assert "✓ network.txt" in done.stdout
    profiled = command(alone, "profile", "--seconds", "1")
    assert profiled.returncode == 0, profiled.stderr
    assert "samples in 1 s" in profiled.stdout
