"""The monitoring guide's "Analyze Collected Metrics", word for word, and what each must say of a file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.bound import BOUND

HEADER = (
    "timestamp,bot_pid,cpu_percent,mem_percent,rss_mb,vsz_mb,threads,open_files,api_requests,errors,warnings"
)
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+,\d+\.\d,\d+\.\d,\d+,\d+,\d+,\d+,\d+,\d+,\d+")
NAME = re.compile(r"metrics_\d{8}_\d{6}(_\d+)?\.csv")

_ALL = "metrics/metrics_*.csv"
VIEW = 'cat metrics/metrics_20260105_150000.csv | grep "15:30:"'
CPU = """awk -F',' 'NR>1 {sum+=$3; count++} END {print "Avg CPU:", sum/count "%"}' """ + _ALL
RSS = """awk -F',' 'NR>1 {if($5>max) max=$5} END {print "Peak RSS:", max "MB"}' """ + _ALL
HOURS = """awk -F',' 'NR>1 {print $1}' """ + _ALL + " | cut -d' ' -f2 | cut -d: -f1 | sort | uniq -c"


def shell(recipe: str, cwd: Path) -> str:
    """Runs a recipe as somebody types it."""
    done = subprocess.run(["bash", "-c", recipe], cwd=cwd, capture_output=True, text=True, timeout=BOUND)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def files(folder: Path) -> list[Path]:
    """Every recording in a folder."""
    return sorted(folder.glob("metrics_*.csv"))


def lines_of(folder: Path) -> list[str]:
    """The lines below the header of the only file; each as the guide shows them."""
    (file,) = files(folder)
    assert NAME.fullmatch(file.name)
    header, *rows = file.read_text().splitlines()
    assert header == HEADER
    assert [row for row in rows if not LINE.fullmatch(row)] == []
    return rows


def assert_recipes_work(folder: Path) -> None:
    """The three over all files say what is in the only one."""
    cells = [row.split(",") for row in lines_of(folder / "metrics")]
    cpu = [float(row[2]) for row in cells]
    average = float(re.findall(r"^Avg CPU: ([\d.e-]+)%$", shell(CPU, folder).strip())[0])
    assert average == pytest.approx(sum(cpu) / len(cpu), rel=1e-3, abs=1e-6)
    assert shell(RSS, folder) == f"Peak RSS: {max(int(row[4]) for row in cells)}MB\n"
    counted = [line.split() for line in shell(HOURS, folder).splitlines()]
    assert sum(int(count) for count, _ in counted) == len(cells)
    assert {hour for _, hour in counted} == {row[0][11:13] for row in cells}
