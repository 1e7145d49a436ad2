"""Markdown as plain text."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it.token import Token

from opsbot.runbooks.directives import PREFIX


def flat(inline: Token) -> str:
    """What one paragraph says, without directives: lines are joined, but for hard breaks; a link's address
    stands behind it."""
    parts: list[str] = []
    links: list[tuple[int, str]] = []
    for token in inline.children or ():
        match token.type:
            case "text":
                parts.append(token.content)
            case "code_inline" if not _is_directive(token):
                parts.append(f"`{token.content}`")
            case "softbreak":
                parts.append(" ")
            case "hardbreak":
                parts.append("\n")
            case "image":
                parts.append(token.content)
            case "link_open":
                links.append((len(parts), str(token.attrs.get("href", ""))))
            case "link_close" if links:
                begin, address = links.pop()
                said = "".join(parts[begin:])
                parts.append(f" ({address})" if address and address != said else "")
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def directives_in(token: Token) -> Iterator[tuple[int, str]]:
    """The directives of one paragraph, each with its line (from 1) and without `opsbot:`."""
    line = token.map[0] + 1 if token.map else 0
    for child in token.children or ():
        line += child.type in ("softbreak", "hardbreak")
        if _is_directive(child):
            yield line, child.content.strip().removeprefix(PREFIX).strip()


def _is_directive(token: Token) -> bool:
    return token.type == "code_inline" and token.content.strip().startswith(PREFIX)
