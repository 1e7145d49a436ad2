"""Discord's "Invalid Form Body" answer, built up error by error."""

from __future__ import annotations

from typing import Any

from simcord.backend.errors import BackendError

INVALID_FORM_BODY = 50035


class Form:
    """Collects what is wrong with a body; `raise_if_wrong` answers 400 as Discord does.

    https://discord.com/developers/docs/reference#error-messages
    """

    def __init__(self) -> None:
        self.errors: dict[str, Any] = {}

    def wrong(self, path: tuple[str | int, ...], code: str, message: str) -> None:
        node = self.errors
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def text(self, path: tuple[str | int, ...], value: Any, longest: int, shortest: int = 0) -> None:
        """A string of `shortest` to `longest` characters, outer white space not counted."""
        if value is None and shortest == 0:
            return
        if value is None or (isinstance(value, str) and shortest and not value.strip()):
            self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif not isinstance(value, str):
            self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret as string.")
        elif len(value.strip()) > longest:
            message = f"Must be {longest} or fewer in length."
            self.wrong(path, "BASE_TYPE_MAX_LENGTH", message)

    def size(self, path: tuple[str | int, ...], value: Any, longest: int, shortest: int = 0) -> list[Any]:
        """A list of `shortest` to `longest` items; what can be looked at further is returned."""
        items = [] if value is None else value
        if not isinstance(items, list):
            self.wrong(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if not shortest <= len(items) <= longest:
            message = f"Must be between {shortest} and {longest} in length."
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", message)
        return items

    def choice(self, path: tuple[str | int, ...], value: Any, allowed: tuple[int, ...]) -> None:
        if value not in allowed:
            values = ", ".join(map(str, allowed))
            self.wrong(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{values}}}.")

    def raise_if_wrong(self) -> None:
        if self.errors:
            raise BackendError(400, INVALID_FORM_BODY, "Invalid Form Body", errors=self.errors)
