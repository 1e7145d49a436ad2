"""From the section `maintenance` to the windows in which targets are worked on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo, available_timezones

from opsbot.config import cron
from opsbot.config.conditions.mistakes import nearest
from opsbot.config.document import Path
from opsbot.config.models.maintenance import WindowSection
from opsbot.config.workshop import Workshop
from opsbot.domain.maintenance import Once, Repeated, Window
from opsbot.text import one_line, seconds_text

MAX_WINDOWS = 200

_CRON = "30 3 * * *"
_EXAMPLE = f'`- {{name: backup, cron: "{_CRON}", duration: 45m}}`'


def windows(shop: Workshop, targets: Sequence[str]) -> tuple[Window, ...]:
    """The windows in the file's order. `targets`: the names of all that are watched."""
    given, place = shop.value(("maintenance",)), ("maintenance",)
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > MAX_WINDOWS:
        shop.wrong(place, f"must be a list of at most {MAX_WINDOWS} windows, such as {_EXAMPLE}.")
        return ()
    return tuple(_read(shop, given, targets))


def _read(shop: Workshop, given: Sequence[object], targets: Sequence[str]) -> Iterator[Window]:
    names: set[str] = set()
    for number, data in enumerate(given):
        path: Path = ("maintenance", number)
        if not isinstance(data, dict):
            shop.wrong(path, f"must hold keys with values, such as {_EXAMPLE}.")
            continue
        section = shop.build(WindowSection, path)
        if section is None:
            continue
        name = one_line(section.name, 80)
        if name in names:
            shop.wrong((*path, "name"), f"`{name}` is the name of another window too: choose another.")
        names.add(name)
        _known(shop, section, targets, path)
        found = _Times(shop, section, path).read()
        if found is not None:
            when, words = found
            yield Window(name, when, section.targets, one_line(section.reason, 300), words)


def _known(shop: Workshop, section: WindowSection, targets: Sequence[str], path: Path) -> None:
    one = isinstance(shop.value((*path, "targets")), str)
    for number, pattern in enumerate(section.targets):
        if not any(fnmatchcase(name, pattern) for name in targets):
            place: Path = (*path, "targets") if one else (*path, "targets", number)
            shop.wrong(place, f"there is no target `{pattern}`: {nearest(pattern, targets)}")


class _Times:
    """When one window is."""

    def __init__(self, shop: Workshop, section: WindowSection, path: Path) -> None:
        self._shop, self._section, self._path = shop, section, path

    def read(self) -> tuple[Once | Repeated, str] | None:
        """When it is, also in words; None when something is wrong with it, which is told then."""
        given = self._section
        if not (self._alike() and _zone(self._shop, given.timezone, (*self._path, "timezone"))):
            return None
        return self._repeated() if given.cron else self._once()

    def _alike(self) -> bool:
        """Whether all keys of one shape are there, and none of the other."""
        given = self._section
        once = {"from": given.begin, "until": given.until}
        again = {"cron": given.cron, "duration": "" if given.duration is None else "given"}
        if any(once.values()) and any(again.values()):
            key = next(key for key, value in again.items() if value)
            other = next(key for key, value in once.items() if value)
            return self._no(
                (key,),
                f"and `{other}` are both given: a window comes once (`from`, `until`) or again and again "
                f"(`cron`, `duration`).",
            )
        shape = again if any(again.values()) else once
        missing = [key for key, value in shape.items() if not value]
        if len(missing) == 1:
            return self._no((), f"has no `{missing[0]}`: add it.")
        if missing:
            return self._no((), "says no time: add `from` and `until`, or `cron` and `duration`.")
        return True

    def _no(self, key: Path, message: str) -> bool:
        self._shop.wrong_key((*self._path, *key), message)
        return False

    def _repeated(self) -> tuple[Repeated, str] | None:
        given, lasts = self._section, self._section.duration or 0.0
        text = cron.checked(self._shop, given.cron, (*self._path, "cron"), _CRON)
        if not text:
            return None
        gap = cron.least_gap(text)
        if lasts >= gap:
            self._shop.wrong(
                (*self._path, "duration"),
                f"is {seconds_text(lasts)}, but `{text}` comes again after {seconds_text(gap)}: it would "
                f"never be over. Make it shorter.",
            )
            return None
        words = f"{text} for {seconds_text(lasts)}, {given.timezone or 'local time'}"
        return Repeated(cron.CronTimes(text, given.timezone), lasts), words

    def _once(self) -> tuple[Once, str] | None:
        given = self._section
        begins, ends = self._moment("from", given.begin), self._moment("until", given.until, last=True)
        if begins is None or ends is None:
            return None
        if ends <= begins:
            self._shop.wrong((*self._path, "until"), "is not later than `from`: the window would never come.")
            return None
        if ends <= datetime.now(UTC).timestamp():
            self._shop.remark(f"maintenance: the window `{one_line(given.name, 80)}` is over: remove it.")
        zone = f", {given.timezone}" if given.timezone else ""
        return Once(begins, ends), f"{given.begin} to {given.until}{zone}"

    def _moment(self, key: str, text: str, *, last: bool = False) -> float | None:
        """Seconds since 1970; of two equal local times the first, or the `last`."""
        path, (date, zone) = (*self._path, key), _parted(text)
        if not _zone(self._shop, zone, path):
            return None
        try:
            found, wall = self._local(date, zone, last=last)
        except (ValueError, OverflowError, OSError):  # no time, or none that a clock can show
            self._shop.wrong(
                path,
                f"`{text}` is no time: write `2026-01-05 22:00`, with a zone behind it if need be (`+01:00`, "
                f"`UTC`, `Europe/Berlin`).",
            )
            return None
        if datetime.fromtimestamp(wall, UTC).astimezone(found.tzinfo) != found:
            self._shop.wrong(path, f"`{text}` does not exist: the clock is set forward then. Name another.")
            return None
        return wall

    def _local(self, date: str, zone: str, *, last: bool) -> tuple[datetime, float]:
        """The time, and what it is in seconds since 1970."""
        found = datetime.fromisoformat(date)
        if found.tzinfo is None:
            name = zone or self._section.timezone
            local: tzinfo = ZoneInfo(name) if name else cron.MachineZone()
            found = found.replace(tzinfo=local, fold=int(last))
        if not 1970 < found.year < 9999:
            raise OverflowError
        return found, found.timestamp()


def _parted(text: str) -> tuple[str, str]:
    """A date and time, and the name of the zone behind it, if there is one."""
    date, _, zone = text.strip().rpartition(" ")
    return (date.strip(), zone) if date and zone[:1].isalpha() and zone.upper() != "Z" else (text.strip(), "")


def _zone(shop: Workshop, name: str, path: Path) -> bool:
    """Whether there is such a zone; that there is none is told. No name: the machine's."""
    try:
        return not name or bool(ZoneInfo(name).key)
    except (KeyError, ValueError, OSError):  # a name that leads to no file, out of the folder, to a folder
        known = nearest(name, available_timezones())
        shop.wrong(path, f"there is no time zone `{name}`: {known} Names are those of IANA: `Europe/Berlin`.")
        return False
