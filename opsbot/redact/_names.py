"""Names whose values are secret: of keys in a file, and of variables."""

from __future__ import annotations

from opsbot.redact._lazy import Lazy

_NAME = Lazy(
    r"(?i)(?:.*[_-])?(?:token|secret|password|passwd|passphrase|apikey|key|authorization|cookie|dsn|credentials?)"
)


def is_secret_name(name: str) -> bool:
    """Whether what goes by this name is secret."""
    return _NAME.fullmatch(name) is not None
