"""Text and incidents from the worst of worlds, for hypothesis."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.incident import AlertLine, Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, NoticeKind, Receipt, Telling

patient = settings(
    max_examples=50,
    deadline=None,  # the machine may be busy
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking 100 kB texts takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)

NASTY = (
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@!123>",
    "<@&456>",
    "<#789>",
    "</restart:1>",
    "<t:1:R>",
    "<:smile:1>",
    "<a:x:2>",
    "<id:customize>",
    "<!channel>",
    "[click](https://evil.example)",
    "https://evil.example",
    "```",
    "``",
    "`",
    "||",
    "**",
    "__",
    "~~",
    "# ",
    "> ",
    ">>> ",
    "- ",
    "-# ",
    "1. ",
    "\\",
    "\\`",
    "\r\n",
    "\n",
    "\u2028",
    "\x00",
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x1b",
    "\x9b1m",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\U000e0041",
    "\ud800",
    "\u0301" * 9,
    "😀",
    "👩‍👩‍👧",
    "שלום",
    "مرحبا",
    "&amp;",
    "<b>",
    "\t",
    " ",
    "a",
    "snake_case",
    "__init__",
    "ERROR:",
    "@",
    "<",
    "everyone",
    "here",
    "123>",
)

nasty_text = st.lists(
    st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=()), max_size=5)), max_size=20
).map("".join)
huge_text = st.builds(lambda piece, times: piece * times, nasty_text, st.sampled_from([1, 1, 3, 500]))
one_word = st.sampled_from(NASTY).flatmap(lambda word: st.sampled_from([word, word * 25_000]))
any_text = st.one_of(nasty_text, nasty_text, huge_text, one_word)
short_text = st.one_of(nasty_text, one_word)

numbers = st.one_of(st.none(), st.floats())
moments = st.builds(Moment, st.floats(0, 1e7), st.floats(0, 4e9))
actors = st.one_of(st.just(AUTO), st.builds(Actor, st.just(ActorKind.DISCORD), st.just("1"), short_text))
alert_lines = st.builds(
    AlertLine,
    rule=nasty_text,
    severity=st.sampled_from(Severity),
    priority=st.sampled_from(Priority),
    firing=st.booleans(),
    since=moments,
    text=short_text,
    value=numbers,
    limit=numbers,
    unit=nasty_text,
)
entries = st.builds(Entry, moments, st.sampled_from(EntryKind), short_text, st.one_of(st.none(), actors))


@st.composite
def incidents(draw: st.DrawFn) -> Incident:
    """Any incident that the pipeline could hold, and worse."""
    state = draw(st.sampled_from(IncidentState))
    resolved = state is IncidentState.RESOLVED
    return Incident(
        id=draw(st.integers(1, 10**9)),
        target=draw(short_text),
        title=draw(any_text),
        state=state,
        priority=draw(st.sampled_from(Priority)),
        severity=draw(st.sampled_from(Severity)),
        opened=draw(moments),
        alerts=tuple(draw(st.lists(alert_lines, max_size=8))),
        doing=draw(any_text),
        acknowledged_by=draw(st.one_of(st.none(), actors)),
        acknowledged_at=draw(st.one_of(st.none(), moments)),
        ack_reason=draw(short_text),
        resolved_at=draw(moments) if resolved else None,
        timeline=tuple(draw(st.lists(entries, max_size=8))),
    )


def sample_incident(
    state: IncidentState = IncidentState.OPEN, number: int = 12, title: str = "Bot process is not running"
) -> Incident:
    """The guide's first rule, at the guide's own hour."""
    opened = Moment(1000.0, 1_767_625_440.0)
    alert = AlertLine(
        "bot_process_down", Severity.CRITICAL, Priority.P1, state is not IncidentState.RESOLVED, opened, title
    )
    alice = Actor(ActorKind.DISCORD, "7", "Alice")
    return Incident(
        id=number,
        target="summarybot",
        title=title,
        state=state,
        priority=Priority.P1,
        severity=Severity.CRITICAL,
        opened=opened,
        alerts=(alert,),
        doing="Restarting it now",
        acknowledged_by=alice if state is IncidentState.ACKNOWLEDGED else None,
        acknowledged_at=opened.after(5) if state is IncidentState.ACKNOWLEDGED else None,
        resolved_at=opened.after(14) if state is IncidentState.RESOLVED else None,
        timeline=(Entry(opened, EntryKind.SEEN, "killed by SIGKILL"),),
    )


def telling(
    kind: NoticeKind = NoticeKind.OPENED,
    state: IncidentState = IncidentState.OPEN,
    receipt: Receipt | None = None,
    *,
    number: int = 1,
    incident: Incident | None = None,
    late: float = 0.0,
) -> Telling:
    """A delivery of the sample incident."""
    about = incident or sample_incident(state)
    row = Notice(
        number, "ops", about.id, kind, Moment(2000.0, 1_767_626_440.0), Moment(2000.0, 1_767_626_440.0)
    )
    return Telling(row, about, receipt, late)
