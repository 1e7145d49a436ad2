"""Runs what needs a real systemd inside one of its own: the supervisor's contract, and all of `inside/`."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.supervisors.systemd.sandbox import INSIDE, ROOT, sandbox

CONTRACT = ROOT / "tests" / "contracts" / "test_supervisor.py"
FOLDER = Path(__file__).parent / "inside"
RUN_SECONDS = 300.0


def written_in(path: Path) -> Iterator[str]:
    """Names of a file's tests, from its text: whatever is written must have run."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name


def wanted() -> list[str]:
    """What to run: node ids of pytest."""
    contract = [f"{CONTRACT.relative_to(ROOT)}::{name}[systemd]" for name in written_in(CONTRACT)]
    return [*contract, str(FOLDER.relative_to(ROOT))]


@pytest.mark.skipif(INSIDE, reason="this is what runs the tests inside")
@pytest.mark.timeout(RUN_SECONDS + 30)
def test_the_supervisor_does_under_a_real_systemd_what_it_promises(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seed = request.config.getoption("randomly_seed", None)
    order = [f"--randomly-seed={seed}"] if isinstance(seed, int) else []
    with sandbox(tmp_path) as inside:
        run = subprocess.run(
            [
                *inside,
                *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *order),
                *("--junitxml=/run/sandbox/report.xml", *wanted()),
            ],
            cwd=ROOT,
            env={**os.environ, "OPSBOT_TEST_IN_SYSTEMD": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
        )
    if run.returncode:
        pytest.fail(f"inside the sandbox:\n{run.stdout}", pytrace=False)
    cases = Xml.parse(tmp_path / "report.xml").getroot().iter("testcase")
    passed = {str(case.get("name")).partition("[")[0] for case in cases if not len(case)}
    written = {name for path in (CONTRACT, *FOLDER.glob("test_*.py")) for name in written_in(path)}
    assert passed == written, f"not run, or skipped:\n{run.stdout}"
