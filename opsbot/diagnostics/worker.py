"""`python -I -m opsbot.diagnostics.worker`: a text comes in with the secrets that are known, and goes out
without them."""

from __future__ import annotations

import json
import sys

from opsbot import redact
from opsbot.diagnostics.cleaning import cleaned


def main() -> None:
    """One text."""
    asked = json.load(sys.stdin.buffer)
    redact.learn(asked["secrets"])
    piece = cleaned(asked["file"], asked["text"], tail=asked["tail"])
    answer = {"text": piece.data.decode(), "hidden": piece.hidden, "note": piece.note}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
