"""Long texts piece by piece: what lies across two pieces is found like everything else."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator

from opsbot.redact._find import find, known
from opsbot.redact._spans import Span, merged, without

MARGIN = 20 * 1024
"""Characters that are held back: a secret that is longer is not seen whole. The longest known shape, a
private key, has 16 Ki."""

AT_ONCE = 128 * 1024
"""Characters that are looked through together."""


class Stream:
    """`feed` it a text, give on what it returns, `finish` it. `counts`: what was hidden, by kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._held = ""
        self._begun = False

    def feed(self, text: str) -> str:
        """What is certain so far."""
        self._held += text
        done = []
        while len(self._held) >= AT_ONCE + MARGIN:
            done.append(self._certain())
        return "".join(done)

    def finish(self) -> str:
        """The rest."""
        text, self._held = self._held, ""
        spans = merged([*find(text), *known.rests(text, begins=not self._begun)])
        self._count(spans)
        return without(text, spans)

    def _certain(self) -> str:
        """The held text but for its end, cut at a line's end outside of all that is hidden."""
        head = self._held[: AT_ONCE + MARGIN]
        spans = merged([*find(head), *known.rests(head, begins=not self._begun, ends=False)])
        cut = head.rfind("\n", MARGIN, AT_ONCE) + 1 or AT_ONCE
        across = next((span for span in spans if span.start < cut < span.end), None)
        if across is not None:
            cut = across.start or across.end
        before = [span for span in spans if span.end <= cut]
        self._count(before)
        self._held, self._begun = self._held[cut:], True
        return without(head[:cut], before)

    def _count(self, spans: list[Span]) -> None:
        self.counts.update(span.kind for span in spans)


def stream(chunks: Iterable[bytes | str], counts: Counter[str] | None = None) -> Iterator[str]:
    """The text of `chunks` (bytes are UTF-8, cut anywhere) without secrets; adds to `counts` by kind."""
    decoder, redactor = codecs.getincrementaldecoder("utf-8")("replace"), Stream()
    for chunk in chunks:
        if done := redactor.feed(chunk if isinstance(chunk, str) else decoder.decode(chunk)):
            yield done
    yield redactor.feed(decoder.decode(b"", final=True)) + redactor.finish()
    if counts is not None:
        counts.update(redactor.counts)
