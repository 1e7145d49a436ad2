"""Two hundred secrets of twenty kinds, each as it stands in a text, and what must not be seen of it."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

EACH = 10
LOADED = "loaded value"
ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"


@dataclass(frozen=True, slots=True)
class Planted:
    """`text`: as programs write it; `core`: the secret itself."""

    kind: str
    text: str
    core: str


class Maker:
    """Random but the same in every run: a failure can be looked at."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def of(self, alphabet: str, length: int) -> str:
        return "".join(self._rng.choice(alphabet) for _ in range(length - 1)) + self._rng.choice("0123456789")

    def base64(self, length: int) -> str:
        return base64.urlsafe_b64encode(self._rng.randbytes(length)).decode().rstrip("=")

    def number(self, digits: int) -> str:
        return str(self._rng.randrange(10 ** (digits - 1), 10**digits))

    def discord(self) -> str:
        head = base64.b64encode(self.number(18).encode()).decode()
        return f"{head}.{self.of(URLSAFE, 6)}.{self.of(URLSAFE, 38)}"

    def pem(self) -> str:
        body = base64.b64encode(self._rng.randbytes(300)).decode()
        lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
        return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----"

    def jwt(self) -> str:
        head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
        body = base64.urlsafe_b64encode(b'{"sub":"1234567890","iat":1516239022}').decode().rstrip("=")
        return f"{head}.{body}.{self.base64(32)}"


def _whole(make: Callable[[Maker], str], text: str = "{}") -> Callable[[Maker], tuple[str, str]]:
    def both(maker: Maker) -> tuple[str, str]:
        core = make(maker)
        return text.format(core), core

    return both


def _basic(maker: Maker) -> tuple[str, str]:
    code = base64.b64encode(f"bob:{maker.of(ALNUM, 12)}".encode()).decode()
    return f"Authorization: Basic {code}", code


KINDS: dict[str, Callable[[Maker], tuple[str, str]]] = {
    "Discord token": _whole(Maker.discord),
    "Discord webhook": _whole(
        lambda m: m.of(URLSAFE, 68), "https://discord.com/api/webhooks/1378000000000000001/{}"
    ),
    "Slack token": _whole(lambda m: f"xoxb-{m.number(12)}-{m.number(13)}-{m.of(ALNUM, 24)}"),
    "Slack webhook": _whole(
        lambda m: m.of(ALNUM, 24), "https://hooks.slack.com/services/T01ABCDEF/B02GHIJKL/{}"
    ),
    "PagerDuty key": _whole(lambda m: f"R0{m.of(string.ascii_uppercase + string.digits, 30)}"),
    "GitHub token": _whole(lambda m: f"ghp_{m.of(ALNUM, 36)}"),
    "GitLab token": _whole(lambda m: f"glpat-{m.of(URLSAFE, 20)}"),
    "AWS key id": _whole(lambda m: f"AKIA{m._rng.choice('QRS')}{m.of('ABCDEFGHIJ', 14)[:-1]}27"),
    "AWS secret": _whole(lambda m: m.of(ALNUM + "/+", 40), "aws_secret_access_key={}"),
    "Google key": _whole(lambda m: f"AIza{m.of(URLSAFE, 35)}"),
    "OpenRouter key": _whole(lambda m: f"sk-or-v1-{m.of('0123456789abcdef', 64)}"),
    "Anthropic key": _whole(lambda m: f"sk-ant-api03-{m.of(URLSAFE, 93)}AA"),
    "Stripe key": _whole(lambda m: f"sk_live_{m.of(ALNUM, 24)}"),
    "Telegram token": _whole(lambda m: f"{m.number(10)}:AA{m.of(URLSAFE, 33)}"),
    "JWT": _whole(Maker.jwt),
    "private key": _whole(Maker.pem),
    "bearer": _whole(lambda m: m.of(URLSAFE, 40), "Authorization: Bearer {}"),
    "basic": _basic,
    "password in an address": _whole(lambda m: m.of(ALNUM, 14), "postgres://bob:{}@db.example.com:5432/bot"),
    LOADED: _whole(lambda m: m.of(ALNUM + "!$%&/()=?+*#,;:-_<>\\\"' ", 24).strip() + "x9"),
}


def planted(seed: int = 5) -> list[Planted]:
    """All of them."""
    maker = Maker(seed)
    return [Planted(kind, *make(maker)) for kind, make in KINDS.items() for _ in range(EACH)]


def pieces(core: str) -> list[str]:
    """What would give it away: every 12 characters of it in a row (less where it is shorter)."""
    flat = core.replace("\n", "")
    if core.startswith("-----BEGIN"):
        flat = "".join(core.split("\n")[1:-1])
    size = min(12, len(flat))
    return [flat[at : at + size] for at in range(len(flat) - size + 1)]
