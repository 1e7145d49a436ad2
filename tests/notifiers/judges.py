"""Whether a receiver takes what a notifier sends, by the receivers' own rules.

Written from their documentation and sharing no number with opsbot: what is wrong on one side shows. Each
judge raises AssertionError. Texts are counted in UTF-16 units, the strictest reading of "characters".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.policy import SMTP
from html.parser import HTMLParser
from typing import Any

from opsbot.demo.discord_sim.limits import judge_message

JsonObject = dict[str, Any]

LIVE = re.compile(  # https://discord.com/developers/docs/reference#message-formatting
    r"@everyone|@here|<@[!&]?\d+>|<#\d+>|</[^:\n]{1,100}:\d+>|<a?:\w+:\d+>|<id:\w+>", re.IGNORECASE
)
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def size(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def texts(node: Any) -> Iterator[str]:
    """Every string in a document, keys too."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from (*texts(key), *texts(value))
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def strict_json(raw: bytes) -> Any:
    """RFC 8259: UTF-8, no NaN, no half characters behind escapes, no key twice."""

    def unique(pairs: list[tuple[str, Any]]) -> JsonObject:
        assert len({key for key, _ in pairs}) == len(pairs)
        return dict(pairs)

    def number(text: str) -> Any:
        raise AssertionError(f"{text} is no JSON")

    document = json.loads(raw.decode("utf-8"), parse_constant=number, object_pairs_hook=unique)
    for text in texts(document):
        text.encode("utf-8")
        assert not UNSEEN.search(text)
    return document


def discord(raw: bytes, roles: frozenset[int], *, edit: bool = False, plain: bool = False) -> None:
    """https://discord.com/developers/docs/resources/message and …/components/reference. `plain`: a webhook's,
    without components."""
    body = strict_json(raw)
    assert size(body.get("content") or "") <= 2000
    embeds = body["embeds"]
    assert len(embeds) <= 10
    assert (body.get("content") or "").strip() or embeds
    assert sum(_embed(embed) for embed in embeds) <= 6000
    _components(body["components"], plain=plain)
    assert size(body.get("nonce", "")) <= 25
    judge_message(body, [], may_be_empty=edit)
    said = body["allowed_mentions"]
    assert said["parse"] == []
    assert not said.get("users")
    assert frozenset(map(int, said["roles"])) <= roles
    pinged = [found.group() for text in texts(body) for found in LIVE.finditer(_without_thread(text))]
    assert pinged == [f"<@&{role}>" for role in said["roles"]]
    assert not (edit and pinged)


def _without_thread(text: str) -> str:
    """What is said of the incident's own thread, which pings nobody."""
    return re.sub(r"🧵 Its timeline goes on in <#\d+>\.", "", text)


def thread_name(name: str) -> None:
    """https://discord.com/developers/docs/resources/channel#start-thread-from-message"""
    assert 1 <= size(name.strip()) <= 100
    assert not UNSEEN.search(name)
    assert not LIVE.search(name)


def _embed(embed: JsonObject) -> int:
    fields = embed.get("fields", [])
    assert len(fields) <= 25
    counted = 0
    parts = [(embed.get("title", "–"), 256), (embed.get("description", "–"), 4096)]
    parts += [(embed["footer"]["text"], 2048)] if "footer" in embed else []
    for field in fields:
        parts += [(field["name"], 256), (field["value"], 1024)]
    for text, most in parts:
        assert text.strip()
        assert size(text) <= most
        counted += size(text)
    return counted


def _components(rows: list[JsonObject], *, plain: bool) -> None:
    assert len(rows) <= (0 if plain else 5)
    buttons = [button for row in rows for button in row["components"]]
    assert all(1 <= len(row["components"]) <= 5 for row in rows)
    assert all(1 <= size(b["label"]) <= 80 and 1 <= size(b["custom_id"]) <= 100 for b in buttons)
    assert len({b["custom_id"] for b in buttons}) == len(buttons)


def slack(raw: bytes) -> None:
    """https://docs.slack.dev/reference/block-kit/blocks, …/messaging/formatting-message-text ("Escaping")."""
    body = strict_json(raw)
    assert 1 <= size(body["text"]) <= 4000  # "we recommend", of 40,000
    assert len(body["attachments"]) <= 100
    blocks = [*body.get("blocks", []), *(b for a in body["attachments"] for b in a["blocks"])]
    assert len(blocks) <= 50
    for block in blocks:
        assert block["type"] in ("header", "section")
        assert block["text"]["type"] == "plain_text"
        assert 1 <= size(block["text"]["text"]) <= {"header": 150, "section": 3000}[block["type"]]
    for text in texts(body):
        assert not set("<>") & set(text)
        assert "&" not in re.sub("&(amp|lt|gt);", "", text)
    assert len(raw) <= 100_000


def pagerduty(raw: bytes) -> None:
    """https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ ("Parameters"); at most 512 KB."""
    assert len(raw) <= 512 * 1024
    body = strict_json(raw)
    assert body["routing_key"]
    assert body["event_action"] in ("trigger", "acknowledge", "resolve")
    assert 1 <= len(body["dedup_key"]) <= 255
    if body["event_action"] != "trigger":
        assert "payload" not in body
        return
    payload = body["payload"]
    assert 1 <= size(payload["summary"].strip()) <= 1024
    assert payload["source"].strip()
    assert payload["severity"] in ("critical", "error", "warning", "info")
    assert datetime.fromisoformat(payload["timestamp"]).tzinfo is not None
    assert isinstance(payload["custom_details"], dict)
    assert all(link["href"].startswith("http") for link in body.get("links", []))


def webhook(raw: bytes) -> None:
    """docs/notifiers.md."""
    body = strict_json(raw)
    assert len(raw) <= 64 * 1024
    assert body.keys() == {
        "schema", "kind", "notice", "headline", "late_seconds", "incident", "timeline"
    }  # fmt: skip
    assert body["schema"] == 1
    incident = body["incident"]
    assert {"id", "target", "title", "state", "priority", "severity", "opened", "version"} <= incident.keys()
    assert incident["state"] in ("open", "acknowledged", "resolved")
    assert all("\n" not in text for text in texts(body))


def log(raw: bytes) -> None:
    """One line, by whatever is taken for the end of one."""
    assert raw.endswith(b"\n")
    assert len(raw.decode("utf-8").splitlines()) == 1
    assert {"at", "notice", "kind", "incident"} <= strict_json(raw).keys()


ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted")


def mail(raw: bytes, readers: tuple[str, ...]) -> None:
    """RFC 5322 2.1.1 (lines of at most 998 bytes, ended by CRLF), 3.6 (headers, and how often); RFC 2047."""
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert head.isascii()
    parsed: Any = message_from_bytes(raw, policy=SMTP)
    assert all(len(parsed.get_all(name, [])) == 1 for name in ONCE)
    assert parsed["Bcc"] is parsed["Cc"] is parsed["Reply-To"] is None
    assert tuple(address.addr_spec for address in parsed["To"].addresses) == readers
    assert re.fullmatch(r"<[A-Za-z0-9.@-]+>", parsed["Message-ID"])
    assert not any(part.defects for part in parsed.walk())
    assert not UNSEEN.search(parsed["Subject"])
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text.get_content().strip()
    assert not UNSEEN.search(text.get_content().replace("\r\n", "\n"))
    _Harmless().feed(html.get_content())


class _Harmless(HTMLParser):
    """Only the tags that a mail is made of; nothing is loaded, linked or run."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("div", "h3", "table", "tr", "td", "ul", "li", "p", "html", "body")
        assert {name for name, _ in attrs} <= {"style"}
        assert all("url" not in (value or "") for _, value in attrs)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


DEAD = re.compile(r"[@<][A-Za-z0-9!#&/:]|\]\(")


def apprise(title: str, body: str) -> None:
    """Nothing in a text that any service reads as a mention, a tag or a link; lengths that most can carry."""
    for text, most in ((title, 250), (body, 4000)):
        assert 1 <= size(text) <= most
        assert not UNSEEN.search(text)
        assert not DEAD.search(text)
        assert not LIVE.search(text)
    assert "\n" not in title
