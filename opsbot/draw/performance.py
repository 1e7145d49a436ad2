"""The performance monitor's CSV and statistics, as the monitoring guide has them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import tzinfo

from opsbot.domain.performance import FromZero, Performance, starts, statistic
from opsbot.draw.limits import clamp
from opsbot.draw.payload import Colour, Embed, File, Payload
from opsbot.draw.ticks import local
from opsbot.text import code_block, discord_time, safe_text, seconds_text

HEADER = (
    "timestamp",
    "bot_pid",
    "cpu_percent",
    "mem_percent",
    "rss_mb",
    "vsz_mb",
    "threads",
    "open_files",
    "api_requests",
    "errors",
    "warnings",
)

MEGABYTE = 1_048_576  # as `ps` and the guide's script have it

BARS = 20
"""Characters of a progress bar: a phone shows them in one line."""

LOST = "A restart of opsbot ends the recording."

NO_SAMPLES = "No samples: the process did not run."

_NAME, _WHY, _STATISTICS = 80, 300, 1500  # characters
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # owasp.org/www-community/attacks/CSV_Injection


def cell(value: str) -> str:
    """A text that a spreadsheet takes for no formula; a number, also a negative one, stays as it is."""
    return f"'{value}" if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value) else value


def file_name(wall: float, zone: tzinfo | None = None) -> str:
    """ "metrics_20260105_150000.csv"."""
    return f"metrics_{local(wall, zone):%Y%m%d_%H%M%S}.csv"


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV with Unix line ends, as awk wants them."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def csv_text(looks: Sequence[Performance], zone: tzinfo | None = None) -> str:
    """The whole file. Looks at which nothing could be measured have no line: an empty cell would count as 0
    in an average."""
    counts = FromZero()
    rows = [row(counted, zone) for counted in map(counts.take, looks) if counted.measured]
    return csv_lines([HEADER, *rows])


def row(look: Performance, zone: tzinfo | None = None) -> tuple[str, ...]:
    """One line: "2026-01-05 15:00:00,30061,0.2,1.5,89,523,12,45,127,0,3"; what is not known is empty."""
    sizes = [None if size is None else size / MEGABYTE for size in (look.rss_bytes, look.vms_bytes)]
    whole = (*sizes, look.threads, look.open_fds, look.api_requests, look.errors, look.warnings)
    return (
        f"{local(look.wall, zone):%Y-%m-%d %H:%M:%S}",
        "" if look.pid is None else str(look.pid),
        *("" if part is None else f"{part:.1f}" for part in (look.cpu_percent, look.memory_percent)),
        *("" if number is None else f"{number:.0f}" for number in whole),
    )


def statistics_text(looks: Sequence[Performance]) -> str:
    """The guide's summary; ends without a newline."""
    lines = ["Summary Statistics:", "-------------------"]
    for name, values in (
        ("CPU", [look.cpu_percent for look in looks]),
        ("Memory", [look.memory_percent for look in looks]),
    ):
        if found := statistic(values):
            said = {"avg": found.mean, "min": found.least, "max": found.greatest}
            lines.append(f"{name}: {', '.join(f'{key}={value:.2f}%' for key, value in said.items())}")
    if rss := statistic(look.rss_bytes for look in looks):
        lines.append(f"RSS: avg={rss.mean / MEGABYTE:.0f}MB")
    if len(lines) == 2:
        lines.append(NO_SAMPLES)
    if again := starts(list(looks)):
        lines.append(f"Restarts: {again}")
    return "\n".join(lines)


def progress_bar(part: float) -> str:
    """ "██████████░░░░░░░░░░ 50%"."""
    full = int(min(1.0, max(0.0, part)) * BARS)
    return f"{'█' * full}{'░' * (BARS - full)} {min(100, int(part * 100))}%"


def recording_payload(
    target: str, looks: Sequence[Performance], count: int, ends: float, interval: float
) -> Payload:
    """While it runs. `count`: looks in all; `ends`: seconds since 1970 UTC."""
    lines = [
        progress_bar(len(looks) / count),
        f"{len(looks):,} of {count:,} samples, every {seconds_text(interval)}; ends {discord_time(ends)}.",
    ]
    newest = next((look for look in reversed(looks) if look.measured), None)
    if newest is not None:
        cells = dict(zip(HEADER, row(newest), strict=True))
        cpu, memory, rss = (cells[key] or "–" for key in ("cpu_percent", "mem_percent", "rss_mb"))
        lines.append(f"pid {newest.pid} · CPU {cpu}% · memory {memory}% · RSS {rss} MB")
    title = f"⏺️ Recording {safe_text(target, _NAME)}"
    return clamp(Payload(embeds=(Embed(title, "\n".join(lines), Colour.BLUE, footer=LOST),)))


def recorded_payload(target: str, looks: Sequence[Performance], count: int, why: str = "") -> Payload:
    """When it is over: the statistics, and the file if there is anything in it. `why`: it ended before its
    time."""
    name = safe_text(target, _NAME)
    title = f"⏹️ Recorded {name}" if not why else f"⏹️ The recording of {name} was cut off"
    missed = f"\n{count - len(looks):,} of {count:,} samples are missing." if len(looks) < count else ""
    text = f"{safe_text(why, _WHY)}{missed}\n{code_block(statistics_text(looks), _STATISTICS)}".strip()
    colour = Colour.YELLOW if why else Colour.GREEN
    seen = any(look.measured for look in looks)
    files = (File(file_name(looks[0].wall), csv_text(looks).encode()),) if seen else ()
    return clamp(Payload(embeds=(Embed(title, text, colour),), files=files))
