"""A new file among the metrics."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from opsbot.errors import UsageError

TRIES = 100


def new_file(folder: Path, name: str) -> TextIO:
    """Opens a file that is not there yet; one of that name gets a neighbour ("…_2.csv").

    Raises:
        UsageError: it cannot be made there.
    """
    plain = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, TRIES):
            path = folder / (name if number == 1 else f"{plain.stem}_{number}{plain.suffix}")
            try:
                return path.open("x", encoding="utf-8", newline="")
            except FileExistsError:
                continue
    except OSError as error:
        raise UsageError(
            f"{folder} cannot hold the CSV ({error.strerror}): name another folder with --metrics-dir."
        ) from error
    raise UsageError(f"{folder} has too many files called {name}: name another folder with --metrics-dir.")
