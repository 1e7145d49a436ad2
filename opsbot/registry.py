"""The folder is the registry: `kind: dns` loads the module `dns` of a package of adapters.

Listing kinds imports none of them, so an adapter's optional dependency costs nothing until it is
configured, and a new adapter is one file: no list to edit.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from types import ModuleType

from opsbot.errors import UsageError

NOT_A_KIND = frozenset({"base"})
"""Module names of an adapter package that hold its port, not an adapter."""


def kinds(package: str) -> list[str]:
    """The kinds that a package of adapters holds, sorted. Modules with a leading underscore are helpers."""
    return list(_kinds(package))


@cache
def _kinds(package: str) -> tuple[str, ...]:
    """A folder is listed once: it is asked for with each check that is configured."""
    paths = importlib.import_module(package).__path__
    names = (info.name for info in pkgutil.iter_modules(paths))
    return tuple(sorted(n for n in names if n not in NOT_A_KIND and not n.startswith("_")))


def load(package: str, kind: str) -> ModuleType:
    """The module of one kind.

    Raises:
        UsageError: no such kind (the nearest right name is in the message), or the adapter needs a
            package that is not installed.
    """
    known = kinds(package)
    if kind not in known:
        near = difflib.get_close_matches(kind, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}."
        raise UsageError(f"there is no {package.rsplit('.', 1)[-1]} kind `{kind}`: {hint}")
    try:
        return importlib.import_module(f"{package}.{kind}")
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"`{kind}` needs the Python package `{missing.name}`: install it, "
            f"for opsbot's own extras with `pip install opsbot[{kind}]`."
        ) from missing
