"""The postmortem says what is known, asks about what is not, and does nothing, whoever wrote in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from opsbot import redact
from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.audit import AuditEntry
from opsbot.domain.incident import Affected, AlertLine, Entry, EntryKind, Incident, Opening
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.draw.markdown import markdown
from opsbot.draw.postmortem import file_name, postmortem
from opsbot.text import one_line

START = Moment(1000.0, 1_767_625_440.0)  # 2026-01-05 15:04:00 UTC
OLGA = Actor(ActorKind.DISCORD, "1", "Olga")
END = START.after(300.0)


def line(**changed: object) -> AlertLine:
    made = AlertLine("bot_process_down", Severity.CRITICAL, Priority.P1, False, START, "The bot is down")
    return replace(made, **changed)  # type: ignore[arg-type]


def over(**changed: object) -> Incident:
    made = Incident(
        7,
        "summarybot",
        "The bot is down",
        IncidentState.RESOLVED,
        Priority.P1,
        Severity.CRITICAL,
        START,
        alerts=(line(),),
        resolved_at=END,
        true_since=Moment(START.mono - 12, START.wall - 12),
        told=START.after(3.0),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def entry(after: float, text: str, kind: EntryKind = EntryKind.SEEN, actor: Actor | None = None) -> Entry:
    return Entry(START.after(after), kind, text, actor)


def act(after: float, outcome: str, verb: str = "restart", actor: Actor = AUTO) -> AuditEntry:
    return AuditEntry(START.after(after), actor, verb, "summarybot", outcome, "The bot is down")


TIMELINE = (
    entry(0, "bot_process_down: killed by SIGKILL"),
    entry(1, "Restarting it", EntryKind.DONE, AUTO),
    entry(40, "acknowledged: on it", EntryKind.SAID, OLGA),
    entry(300, "resolved: no alert fires any more", EntryKind.DECIDED),
)
WELL = (act(1, "allowed"), act(3, "done"), act(40, "allowed", "acknowledge", OLGA))


def text(incident: Incident | None = None, timeline: object = TIMELINE, acts: object = WELL) -> str:
    return postmortem(incident or over(), timeline, acts, END)  # type: ignore[arg-type]


def test_it_says_how_long_each_part_took() -> None:
    shown = text()
    assert "# Incident 7: The bot is down" in shown
    assert "Time to detect (from the first bad look until the alert): 12 s" in shown
    assert "Time to tell (from the alert until a message first arrived where people read it): 3 s" in shown
    assert "Time to acknowledge (from the alert): 40 s, by Olga" in shown
    assert "Time to restore (from the alert to the end): 5 min" in shown
    assert "Restarts: 1 automatic, 0 by people, 0 failed." in shown
    assert "- 2026-01-05 15:04:40 **Olga**: acknowledged: on it" in shown
    assert "- 2026-01-05 15:04:01 opsbot: restart, allowed: The bot is down" in shown


def test_what_is_not_known_is_said_to_be_unknown_and_asked_about() -> None:
    shown = text(over(true_since=None), TIMELINE[:2], ())
    assert "until the alert): unknown" in shown
    assert "Time to acknowledge (from the alert): nobody did" in shown
    questions = shown.partition("## Open questions")[2]
    assert "What was the cause? Nobody named it." in questions
    assert "Nobody acknowledged it" in questions
    assert "Since when was it so?" in questions
    assert "It ended without anybody doing anything" in questions


def test_a_restart_that_did_not_help_and_a_limit_that_was_reached_are_asked_about() -> None:
    tries = (act(1, "allowed"), act(2, "failed"), act(5, "allowed"), act(6, "done"))
    held = over(alerts=(line(), line(rule="restarts_on_hold")), called=("mail",))
    shown = text(held, TIMELINE, tries)
    assert "1 of 2 restarts failed" in shown
    assert "The limit of automatic restarts was reached" in shown
    assert "mail had to be told as well" in shown
    assert "- [ ] Find what a restart of summarybot does not mend" in shown
    assert "The first restart did not help, 2 were needed" in text(acts=[tries[0], tries[2]])


def test_a_named_cause_and_other_targets_are_in_it() -> None:
    shown = text(over(cause="the database is down", affected=(Affected("web", 3),)))
    assert "Probable cause: the database is down." in shown
    assert "Other targets affected: web (3 alerts)" in shown
    assert "Was it really this: the database is down?" in shown


def test_an_incident_that_came_back_says_how_often() -> None:
    again = (*TIMELINE, *(replace(e, at=e.at.after(600)) for e in TIMELINE))
    shown = text(over(resolved_at=END.after(600)), again)
    assert "It came back once" in shown
    assert "Time to acknowledge (from the alert): 40 s, by Olga" in shown


def test_the_time_in_which_it_was_well_is_no_part_of_it() -> None:
    again = START.after(900.0)
    past = (Opening(START, END, START.after(3.0)),)
    acknowledged = (*TIMELINE[:2], TIMELINE[3], entry(920, "acknowledged", EntryKind.SAID, OLGA))
    back = over(past=past, begun=(START, again), resolved_at=again.after(60.0), told=again.after(1.0))
    shown = text(back, acknowledged)
    assert "incident that lasted 6 min, open 2 times: " in shown
    assert "- Lasted: 6 min, open 2 times\n" in shown
    assert "  - 2026-01-05 15:04:00 to 2026-01-05 15:09:00, 5 min, told after 3 s\n" in shown
    assert "  - 2026-01-05 15:19:00 to 2026-01-05 15:20:00, 1 min, told after 1 s\n" in shown
    assert "It came back once" in shown
    assert "Time to acknowledge (from the alert): 20 s, by Olga" in shown
    assert "Time to restore (all the time that it was open): 6 min" in shown


def test_that_no_message_is_known_to_have_arrived_is_said() -> None:
    assert "until a message first arrived where people read it): none is known to have" in text(
        over(told=None)
    )


def test_acts_on_others_and_of_other_times_are_not_its_own() -> None:
    foreign = replace(act(1, "allowed"), target="web")
    assert "- None." in text(acts=[foreign, act(-600, "allowed"), act(900, "allowed")])


def test_a_live_one_says_that_it_goes_on() -> None:
    shown = text(over(state=IncidentState.OPEN, resolved_at=None), TIMELINE[:2])
    assert "is not over yet" in shown
    assert "nobody has yet" in shown


def test_last_lines_are_quoted_as_code() -> None:
    shown = text(timeline=[entry(1, "step 5: it ended\nTraceback: ```\n# boom", EntryKind.DONE, AUTO)])
    assert "  ```\n  Traceback: ˋˋˋ\n  # boom\n  ```" in shown


def test_a_long_timeline_is_cut_in_its_middle_and_says_so() -> None:
    shown = text(timeline=[entry(number, f"seen {number}!") for number in range(2500)])
    assert "seen 0!" in shown
    assert "seen 2499!" in shown
    assert "- … 500 lines left out" in shown
    assert "seen 1250!" not in shown


def test_its_name_is_that_of_the_day_on_which_it_opened() -> None:
    assert file_name(over()) == "postmortem_incident-7_20260105.md"
    assert file_name(over(opened=Moment(0, 1e30))) == "postmortem_incident-7_0.md"


def test_secrets_are_hidden() -> None:
    with redact.hidden(["hunter2-hunter2"]):
        shown = text(over(title="no login with hunter2-hunter2", cause="hunter2-hunter2"))
    assert "hunter2" not in shown
    assert "•••" in shown


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "[click](https://evil.example)",
    "![](https://evil.example/track.png)",
    "https://evil.example/a_b www.evil.example evil.example a@evil.example <https://evil.example>",
    "`code` ``x`` ```",
    "# head\n## two\n---\n===\n- item\n1. one\n> quote\n    indented",
    "1. one",
    "12) twelve",
    "- [x] done",
    "| a | b |\n|---|---|",
    "**bold** _em_ __x__ ~~gone~~ *a*",
    "&lt;b&gt; &#60;script&#62; &amp;",
    "[ref]: https://evil.example",
    "\\[x\\](y) \\<b\\>",
    "@everyone #7 $x$ <!-- hidden -->",
]


def tokens(source: str) -> list[Token]:
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    found: list[Token] = []
    for token in reader.parse(source):
        found += [token, *(token.children or [])]
    return found


def kinds(source: str) -> set[str]:
    return {token.type for token in tokens(source)}


DANGEROUS = {
    "link_open",
    "image",
    "html_inline",
    "html_block",
    "code_inline",
    "em_open",
    "s_open",
    "table_open",
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_is_in_it_is_only_text(hostile: str) -> None:
    actor = Actor(ActorKind.DISCORD, "1", hostile)
    shown = text(
        over(title=hostile, target=hostile, cause=hostile, alerts=(line(rule=hostile, text=hostile),)),
        [entry(1, hostile, EntryKind.SAID, actor), entry(2, f"x\n{hostile}", EntryKind.DONE, AUTO)],
        [replace(act(1, "allowed", hostile, actor), target=hostile, reason=hostile)],
    )
    assert not kinds(shown) & DANGEROUS
    headings = [t for t in tokens(shown) if t.type == "heading_open"]
    assert len(headings) == 8
    assert "://" not in shown.partition("```")[0]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_readers_that_make_links_of_addresses_make_none(hostile: str) -> None:
    pytest.importorskip("linkify_it")
    reader = MarkdownIt("gfm-like", {"html": True})
    assert "<a" not in reader.render(f"- {markdown(hostile, 500)}")


@settings(max_examples=300)
@given(st.text(max_size=60) | st.text(alphabet="\\`*_{}[]<>()#+-.!|~&:/@ 1aw\n", max_size=60))
def test_any_text_reads_as_it_was_and_does_nothing(wild: str) -> None:
    source = markdown(wild, 500)
    shown = tokens(source)
    assert {t.type for t in shown} <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}
    read = "".join(t.content for t in shown if t.type in ("text", "text_special"))
    assert read == (one_line(wild, 500) or "–")
