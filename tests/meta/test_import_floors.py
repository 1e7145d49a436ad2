"""Imports go down only: the floors of docs/architecture.md, read from the code itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

FLOORS: tuple[tuple[str, ...], ...] = (
    ("opsbot", "opsbot.errors", "opsbot.redact", "opsbot.registry", "opsbot.text"),
    ("opsbot.domain",),
    ("opsbot.clock", "opsbot.engine", "opsbot.draw"),
    ("opsbot.logs",),
    (
        "opsbot.checks",
        "opsbot.supervisors",
        "opsbot.notifiers",
        "opsbot.stores",
        "opsbot.rotation",
        "opsbot.probes",
        "opsbot.charts",
    ),
    ("opsbot.analysis", "opsbot.diagnostics", "opsbot.runbooks"),
    ("opsbot.runtime",),
    ("opsbot.config",),
    ("cogs", "opsbot.control", "opsbot.testing", "opsbot.web"),
    (
        "opsbot.__main__",
        "opsbot.app",
        "opsbot.bot",
        "opsbot.cli",
        "opsbot.demo",
        "opsbot.reloading",
        "opsbot.session",
        "opsbot.outside",
    ),
)

ADAPTERS = (
    "opsbot.checks",
    "opsbot.supervisors",
    "opsbot.notifiers",
    "opsbot.stores",
    "opsbot.rotation",
    "opsbot.probes",
    "opsbot.charts",
)
MAY_IMPORT_DISCORD = ("cogs", "opsbot.bot", "opsbot.demo")
MAY_IMPORT_MATPLOTLIB = ("opsbot.charts._figure",)
MAY_IMPORT_THE_FIGURE = ("opsbot.charts.worker",)
ENGINE_MAY_IMPORT = ("opsbot.domain", "opsbot.errors", "opsbot.engine")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for top in ("opsbot", "cogs"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that a reader sees the floor"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def floor(name: str) -> int:
    best = (-1, -1)
    for number, packages in enumerate(FLOORS):
        for package in packages:
            if name == package or (package != "opsbot" and within(name, package)):
                best = max(best, (len(package), number))
    assert best[1] >= 0, f"{name} stands on no floor: give it one here and in docs/architecture.md"
    return best[1]


def known() -> dict[str, set[str]]:
    trees = dict(modules())
    return {name: {i for i in imports(tree) if i in trees} for name, tree in trees.items()}


def test_imports_go_down_only() -> None:
    upward = [
        f"{name} imports {imported}"
        for name, imported_names in known().items()
        for imported in imported_names
        if floor(imported) > floor(name)
    ]
    assert upward == []


def test_there_is_no_import_cycle() -> None:
    graph = known()
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"import cycle: {' -> '.join((*path, name))}"
        if name in done:
            return
        for imported in graph[name]:
            # a package named only because one of its modules was imported is no cycle by itself
            if not within(name, imported):
                walk(imported, (*path, name))
        done.add(name)

    for name in graph:
        walk(name, ())


def test_discord_is_imported_only_where_it_may_be() -> None:
    wrong = [
        name
        for name, tree in modules()
        if any(within(i, "discord") for i in imports(tree))
        and not any(within(name, allowed) for allowed in MAY_IMPORT_DISCORD)
    ]
    assert wrong == []


def test_matplotlib_is_loaded_in_the_worker_alone() -> None:
    for name, tree in modules():
        found = set(imports(tree))
        if any(within(i, "matplotlib") for i in found):
            assert name in MAY_IMPORT_MATPLOTLIB
        if found & set(MAY_IMPORT_MATPLOTLIB):
            assert name in MAY_IMPORT_THE_FIGURE
        assert name == "opsbot.charts.worker" or "opsbot.charts.worker" not in found


def test_the_engine_is_pure() -> None:
    for name, tree in modules():
        if not within(name, "opsbot.engine"):
            continue
        for imported in imports(tree):
            if within(imported, "opsbot"):
                assert any(within(imported, a) for a in ENGINE_MAY_IMPORT), f"{name} imports {imported}"
            assert imported.split(".")[0] not in {"asyncio", "time", "random", "os", "pathlib", "socket"}, (
                name
            )


def test_adapters_never_import_each_other() -> None:
    for name, imported_names in known().items():
        home = next((a for a in ADAPTERS if within(name, a)), None)
        if home is None:
            continue
        for imported in imported_names:
            other = next((a for a in ADAPTERS if within(imported, a)), None)
            assert other in (None, home), f"{name} imports {imported}"
            if home == "opsbot.stores":  # no registry of kinds: one store wraps another there
                continue
            helper = any(part.startswith("_") for part in imported[len(other or "") :].split("."))
            shared = imported == home or imported.endswith(".base") or helper
            assert other is None or shared, f"{name} imports the adapter {imported}"


def test_the_runtime_names_no_concrete_adapter() -> None:
    for name, imported_names in known().items():
        if not within(name, "opsbot.runtime"):
            continue
        for imported in imported_names:
            home = next((a for a in ADAPTERS if within(imported, a)), None)
            allowed = home is None or imported == home or imported == f"{home}.base"
            assert allowed, f"{name} imports {imported}"
