"""Command lines: what a wrapper really runs, and when two of them mean the same program. Pure."""

from __future__ import annotations

import os.path
import re
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Argv = tuple[str, ...]

RUNNERS = frozenset({"poetry", "uv", "pipenv", "pdm", "hatch", "rye"})
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})
INTERPRETERS = SHELLS | {"node", "nodejs", "deno", "bun", "ruby", "perl", "php", "java", "lua", "julia"}
"""What runs another program, whose name is its first word that is no option; Python has its own rules."""

PREFIXES = frozenset(
    {"exec", "nohup", "setsid", "command", "tini", "dumb-init", "catatonit", "stdbuf", "ionice"}
)
"""Programs that only prepare the ground and then run what follows their options."""

PYTHON = re.compile(r"(python|pypy)(\d+(\.\d+)*)?")
PYTHON_PLAIN_FLAGS = re.compile(r"-[bBdEiIOPqsSuvx]+")
VALUED = {
    "uv": frozenset(
        {"-p", "--python", "--with", "--env-file", "--extra", "--group", "--project", "--directory"}
    ),
    "python": frozenset({"-W", "-X"}),
    "nice": frozenset({"-n"}),
    "ionice": frozenset({"-c", "-n"}),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "timeout": frozenset({"-k", "-s", "--kill-after", "--signal"}),
}
"""Options of each that take the next word with them."""

PYTHON_PROGRAMS = ("-m", "-c")
"""Python's options that say what it runs."""

_DEPTH = 8
_SHOWN = 6
_SHOWN_CHARACTERS = 40
_PUNCTUATION = frozenset("();<>|&")


def core(argv: Sequence[str]) -> Argv:
    """What is really run: `poetry run python -m x`, `sh -c 'cd /y && exec python -m x'` → `python -m x`."""
    now = tuple(argv)
    for _ in range(_DEPTH):
        inner = _unwrap(now)
        if not inner or inner == now:
            return now
        now = inner
    return now


def normal(argv: Sequence[str]) -> Argv:
    """With what does not change which program it is taken out: Python's name and plain flags."""
    if not argv or not is_python(argv[0]):
        return tuple(argv)
    return ("python", *_after_options(argv[1:], "python", PYTHON_PLAIN_FLAGS.fullmatch))


def is_python(program: str) -> bool:
    return PYTHON.fullmatch(_base(program)) is not None


@dataclass(frozen=True, slots=True)
class Difference:
    """In what the arguments of two runs of one program differ. `more`, `less`: what the one that was found
    has beyond the wanted one, and what it lacks; never both. `order`: the same ones in another order."""

    more: Argv = ()
    less: Argv = ()
    order: bool = False

    def __str__(self) -> str:
        if self.more or self.less:
            verb = "has more" if self.more else "lacks"
            return f"it {verb} arguments: {_shown(self.more or self.less)}"
        return "its arguments are in another order" if self.order else ""


SAME = Difference()


def difference(
    wanted: Argv, found: Argv, path_of: Callable[[str], str], *, script: bool
) -> Difference | None:
    """How two cores differ that run the same program; None when they do not, or when each has an argument
    that the other lacks. A `script` runs as `interpreter script …`; `path_of` makes a path of it absolute."""
    ours, theirs = normal(wanted), normal(found)
    if not ours or not theirs:
        return None
    head = _head(ours)
    if _base(ours[0]) == _base(theirs[0]) and _same_name(ours[1:head], theirs[1:head], path_of):
        return _arguments(ours[head:], theirs[head:])
    if not script or len(theirs) < 2 or ours[1:head] != theirs[2 : head + 1]:
        return None
    differs = _arguments(ours[head:], theirs[head + 1 :])  # first, for paths cost more
    return differs if differs is not None and path_of(ours[0]) == path_of(theirs[1]) else None


def name_of(argv: Argv) -> Argv:
    """The words of a core that say which program it is, without an interpreter before them."""
    words = normal(argv)
    return words[1 : _head(words)] or words[:1]


def _same_name(ours: Argv, theirs: Argv, path_of: Callable[[str], str]) -> bool:
    """Whether both name the same program. A script may be given by two paths."""
    if ours == theirs:
        return True
    if len(ours) != len(theirs) or not ours or ours[:-1] != theirs[:-1] or ours[0] in PYTHON_PROGRAMS:
        return False
    return _base(ours[-1]) == _base(theirs[-1]) and path_of(ours[-1]) == path_of(theirs[-1])


def _head(argv: Argv) -> int:
    """How many words say which program it is; the rest are its arguments."""
    if is_python(argv[0]):
        return 3 if argv[1:2] and argv[1] in PYTHON_PROGRAMS else 2
    if _base(argv[0]) in INTERPRETERS:
        names = (at for at, word in enumerate(argv) if at and not word.startswith("-"))
        return next(names, len(argv)) + 1
    return 2 if len(argv) > 1 and not argv[1].startswith("-") else 1


def _arguments(ours: Argv, theirs: Argv) -> Difference | None:
    more, less = Counter(theirs) - Counter(ours), Counter(ours) - Counter(theirs)
    if more and less:
        return None
    return Difference(
        more=tuple(more.elements()), less=tuple(less.elements()), order=not (more or less) and ours != theirs
    )


def _shown(words: Argv) -> str:
    """Options by name only: a value may be a secret that opsbot does not know as one."""
    names = [word.partition("=")[0][:_SHOWN_CHARACTERS] if word.startswith("-") else "…" for word in words]
    return " ".join(names[:_SHOWN]) + (" …" if len(words) > _SHOWN else "")


def _unwrap(argv: Argv) -> Argv:
    name = _base(argv[0]) if argv else ""
    rest = argv[1:]
    if name in SHELLS:
        return _shell(rest)
    if name in RUNNERS:
        return _runner(name, rest)
    if name == "env":
        return tuple(_drop_while(rest, lambda word: word.startswith("-") or "=" in word))
    if name in PREFIXES or name == "nice":
        return _after_options(rest, name)
    if name == "timeout":
        return _after_options(rest, name)[1:]
    if is_python(name):
        return _python_runner(argv)
    return argv


def _runner(name: str, rest: Argv) -> Argv:
    rest = _after_options(rest, name)
    return _after_options(rest[1:], name) if rest[:1] == ("run",) else ()


def _python_runner(argv: Argv) -> Argv:
    """`python -m poetry run …` and `python /usr/bin/poetry run …`, which is how a script of pip shows."""
    rest = _after_options(argv[1:], "python", PYTHON_PLAIN_FLAGS.fullmatch)
    rest = rest[1:] if rest[:1] == ("-m",) else rest
    if rest and _base(rest[0]) in RUNNERS:
        return _runner(_base(rest[0]), rest[1:])
    return argv


def _shell(rest: Argv) -> Argv:
    """The last plain command of `-c TEXT`, without its redirections."""
    if len(rest) < 2 or not re.fullmatch(r"-[a-z]*c", rest[0]):
        return ()
    lexer = shlex.shlex(rest[1], posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return ()
    commands: list[list[str]] = [[]]
    redirecting = False
    for word in words:
        if set(word) <= _PUNCTUATION and word:
            redirecting = "<" in word or ">" in word
            if not redirecting:
                commands.append([])
        elif not redirecting:
            commands[-1].append(word)
        else:
            redirecting = False
    plain = [_without_assignments(c) for c in commands if c]
    return tuple(plain[-1]) if plain else ()


def _without_assignments(words: list[str]) -> list[str]:
    words = _drop_while(words, lambda word: re.match(r"\w+=", word) is not None)
    return words[:-1] if len(words) > 1 and words[-1] in ("1", "2") else words


def _after_options(
    words: Sequence[str], name: str, plain: Callable[[str], object] = lambda word: word.startswith("-")
) -> Argv:
    """What follows a program's own options, `--` included."""
    at = 0
    while at < len(words):
        if words[at] == "--":
            return tuple(words[at + 1 :])
        if words[at] in VALUED.get(name, ()):
            at += 2
        elif words[at] != "-" and plain(words[at]):
            at += 1
        else:
            break
    return tuple(words[at:])


def _drop_while(words: Sequence[str], what: Callable[[str], object]) -> list[str]:
    at = 0
    while at < len(words) and what(words[at]):
        at += 1
    return list(words[at:])


def _base(program: str) -> str:
    return os.path.basename(program).removeprefix("-")  # noqa: PTH119  # text, not a file
