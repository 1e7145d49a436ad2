"""Cleans long texts in a process that lives for one of them: looking for secrets in megabytes would hold back
opsbot's event loop, whatever thread it is done in."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress

from opsbot import redact
from opsbot.diagnostics.base import NotCollected, Piece
from opsbot.diagnostics.cleaning import cleaned
from opsbot.diagnostics.threads import Threads

LONG = 32 * 1024
"""Characters from which a text goes to a process of its own."""

WORKER = "opsbot.diagnostics.worker"


async def clean(file: str, text: str, threads: Threads, *, tail: bool = False) -> Piece:
    """The part without secrets.

    Raises:
        NotCollected: it could not be cleaned; then nothing of it is given away.
    """
    if len(text) < LONG:
        return await threads.run(lambda: cleaned(file, text, tail=tail))
    known = redact.learned()
    asked = {"file": file, "text": text, "tail": tail, "secrets": known}
    said = await _worked((await threads.run(lambda: json.dumps(asked))).encode())
    answer = await threads.run(lambda: json.loads(said))
    return Piece(file, answer["text"].encode(), answer["hidden"], note=answer["note"])


async def _worked(request: bytes) -> bytes:
    """Secrets go through a pipe: arguments and environment are seen by others."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    kept = {key: os.environ[key] for key in ("LANG", "LC_ALL") if key in os.environ}
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", WORKER),
            stdin=pipe,
            stdout=pipe,
            stderr=nothing,
            env={"PATH": "", **kept},
            start_new_session=True,  # Ctrl-C in opsbot's terminal is opsbot's to answer
        )
    except OSError as error:
        raise NotCollected(f"it could not be cleaned: {error.strerror}") from None
    try:
        said, _ = await child.communicate(request)
    finally:  # also when nobody waits any more
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    if child.returncode:
        raise NotCollected("it could not be cleaned of secrets")
    return said
