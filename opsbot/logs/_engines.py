"""Which engines there are, each made once for everybody with the same patterns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from weakref import WeakValueDictionary

from opsbot.logs._engine import Engine, Probe

Probes = tuple[Probe, ...]

_made: WeakValueDictionary[tuple[object, Probes], Engine] = WeakValueDictionary()
_making = threading.Lock()


def shared(kind: Callable[[Probes], Engine], probes: Probes) -> Engine:
    """The engine of that kind for these patterns: of a thousand targets most have the same."""
    engine = _made.get((kind, probes))
    if engine is None:
        engine = kind(probes)  # not under the lock: it may take long, and to make two by chance does no harm
        with _making:
            engine = _made.setdefault((kind, probes), engine)
    return engine


def fast(probes: Probes) -> Engine | None:
    """The fast engine, or None where it is not installed or cannot be made."""
    try:
        import hyperscan  # an extra

        from opsbot.logs._hyperscan import HyperscanEngine  # needs it
    except ImportError:
        return None
    try:
        return shared(HyperscanEngine, probes)
    except hyperscan.error:  # another processor, or patterns that are too big together
        return None
