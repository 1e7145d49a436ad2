"""Cuts a stream of bytes into pieces of whole lines, with bounded memory."""

from __future__ import annotations

import re

from opsbot.logs.patterns import LINE_LIMIT

_ANSI = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")


class LineCutter:
    """Holds back an unfinished line. One longer than the limit is cut off there, given out as a line (so
    it counts once), and its rest is dropped up to the line's end."""

    def __init__(self, inside_line: bool = False) -> None:
        self._held = b""
        self._skipping = inside_line

    @property
    def held(self) -> int:
        """Bytes of the unfinished line."""
        return len(self._held)

    @property
    def skipping(self) -> bool:
        """Whether it is in a line whose beginning was already given out."""
        return self._skipping

    def feed(self, data: bytes | bytearray, size: int | None = None) -> bytes:
        """The whole lines that are ready, each ended by a newline. `size`: so much of `data` counts."""
        start, size = 0, len(data) if size is None else size
        if self._skipping:
            start = data.find(b"\n", 0, size) + 1
            if not start:
                return b""
            self._skipping = False
        end = data.rfind(b"\n", start, size) + 1
        with memoryview(data) as view:
            ready = b"".join((self._held, view[start:end])) if end else b""
            self._held = bytes(view[end:size]) if end else self._held + view[start:size]
        if len(self._held) > LINE_LIMIT:
            ready += self._held[:LINE_LIMIT] + b"\n"
            self._held, self._skipping = b"", True
        return ready

    def finish(self) -> bytes:
        """The unfinished line, as a line: no more will come."""
        last, self._held, self._skipping = self._held, b"", False
        return last + b"\n" if last else b""


def readable(chunk: bytes) -> bytes:
    """The same lines in valid UTF-8, without colours and carriage returns. Line ends stay what they are."""
    if b"\x1b" in chunk:
        chunk = _ANSI.sub(b"", chunk)
    if b"\r" in chunk and b"\r\n" in chunk:  # to look for one byte costs next to nothing
        chunk = chunk.replace(b"\r\n", b"\n")
    if chunk.isascii():
        return chunk
    return chunk.decode("utf-8", "replace").encode()
