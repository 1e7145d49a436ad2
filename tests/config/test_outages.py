"""The section `outages`, and which targets live on the network."""

from __future__ import annotations

import socket

import pytest

from opsbot.config.models.outages import CONTROL, LOOKUP, STATUS_URL
from opsbot.config.online import this_machine
from opsbot.config.settings import OutageSettings
from tests.config.kit import made, problem

LOCAL = "targets: {db: {checks: {port: {port: 5432}, health: {type: http, url: 'http://localhost/up'}}}}\n"
BOT = "targets: {bot: {checks: {process: {}, gateway: {path: bot.log}}}}\n"


def test_a_bot_is_guarded_without_a_word() -> None:
    assert made(BOT).outages == OutageSettings(True, CONTROL, LOOKUP, STATUS_URL, 60.0)


def test_where_nothing_lives_on_the_network_nobody_is_asked() -> None:
    assert made(LOCAL).outages == OutageSettings()


def test_everything_can_be_said_and_switched_off() -> None:
    text = (
        "outages: {control: ['10.0.0.1:53', '[::1]:80', 'https://up.test/x'], lookup: '', "
        "discord_status_url: '', interval_seconds: 15}"
    )
    assert made(BOT + text).outages == OutageSettings(
        True, ("10.0.0.1:53", "[::1]:80", "https://up.test/x"), "", "", 15.0
    )
    assert made(BOT + "outages: {control: 'router.lan:80'}").outages.control == ("router.lan:80",)
    assert not made(BOT + "outages: {enabled: false}").outages.enabled


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("{control: ['1.1.1.1']}", "control[0]", "must be an address such as `1.1.1.1:443`"),
        ("{control: ['1.1.1.1:0']}", "control[0]", "must be an address"),
        ("{control: ['1.1.1.1:70000']}", "control[0]", "must be an address"),
        ("{control: [':443']}", "control[0]", "must be an address"),
        ("{control: ['a b:443']}", "control[0]", "must be an address"),
        ("{control: ['user@host:443']}", "control[0]", "must be an address"),
        ("{control: ['host:443/path']}", "control[0]", "must be an address"),
        ("{control: ['::1:443']}", "control[0]", "must be an address"),
        ("{control: ['ftp://host/']}", "control[0]", "only http:// and https://"),
        ("{control: ['http://169.254.169.254/']}", "control[0]", "metadata address"),
        ("{control: [a:1, a:2, a:3, a:4, a:5, a:6, a:7, a:8, a:9]}", "control", "at most 8"),
        ("{control: 7}", "control", "must be text"),
        ("{discord_status_url: discordstatus.com}", "discord_status_url", "only http:// and https://"),
        ("{discord_status_url: 'https://u:p@x.test/'}", "discord_status_url", "credentials"),
        ("{lookup: 'https://discord.com'}", "lookup", "must be a name such as `discord.com`"),
        ("{interval_seconds: 1}", "interval_seconds", "must be at least 5"),
        ("{interval_seconds: 3600}", "interval_seconds", "must be at most 300"),
        ("{interval_seconds: true}", "interval_seconds", "must be a number"),
        ("{contol: []}", "contol", "did you mean `control`?"),
        ("7", "", "must hold keys"),
    ],
)
def test_bad_input_is_one_sentence_at_its_key(section: str, key: str, words: str) -> None:
    found = problem(f"{BOT}outages: {section}\n")
    assert found.key == ("outages" if not key else f"outages.{key}")
    assert words in found.message


@pytest.mark.parametrize(
    ("check", "networked"),
    [
        ("gateway: {path: bot.log}", True),
        ("sockets: {}", True),
        ("openrouter: {type: upstream, path: bot.log}", True),
        ("health: {type: http, url: 'https://example.org/up'}", True),
        ("health: {type: http, url: 'http://192.0.2.1/up'}", True),
        ("health: {type: http, url: 'http://localhost:5000/up'}", False),
        ("health: {type: http, url: 'http://127.0.0.9/up'}", False),
        ("health: {type: http, url: 'http://[::1]:80/up'}", False),
        ("process: {}", False),
        ("port: {port: 80}", False),
        ("log: {path: bot.log}", False),
        ("disk: {}", False),
    ],
)
def test_what_lives_on_the_network_is_known_by_its_checks(check: str, networked: bool) -> None:
    (target,) = made(f"targets: {{bot: {{checks: {{{check}}}}}}}").targets
    assert target.networked is networked


def test_a_check_that_is_switched_off_does_not_count() -> None:
    text = "schedules: {health_check: {enabled: false}}\n"
    loaded = made(f"targets: {{bot: {{checks: {{process: {{}}, gateway: {{path: bot.log}}}}}}}}\n{text}")
    assert not loaded.targets[0].networked


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "bot.localhost", "0.0.0.0", "127.1.2.3", "::1"])
def test_this_machine_is_known_by_many_names(host: str) -> None:
    assert this_machine(host)
    assert this_machine(socket.gethostname())


@pytest.mark.parametrize("host", ["example.org", "localhost.example.org", "192.0.2.1", "2001:db8::1"])
def test_another_machine_is_not_this_one(host: str) -> None:
    assert not this_machine(host)
