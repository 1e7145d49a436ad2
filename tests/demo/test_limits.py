"""The judge: what is too long for Discord is a 400 that names the place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
import pytest
from simcord.backend.errors import BackendError

from opsbot.demo.discord_sim import SimulatedDiscord
from opsbot.demo.discord_sim.limits import MAX_FILE_BYTES, judge_message
from opsbot.demo.discord_sim.limits_commands import judge_commands
from opsbot.demo.discord_sim.limits_interactions import judge_callback
from tests.demo.bots import ops
from tests.sim import plain_bot, running


def errors_at(error: BackendError, path: str) -> list[str]:
    """The error codes at a dotted path of the answer's `errors`."""
    node: Any = error.errors
    for step in path.split("."):
        node = node[step]
    return [item["code"] for item in node["_errors"]]


def button(custom_id: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": custom_id, **more}


def rows(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": 1, "components": list(items)}]


def embed(**parts: Any) -> dict[str, Any]:
    return {"embeds": [parts]}


def field(name: str = "n", value: str = "v") -> dict[str, Any]:
    return {"fields": [{"name": name, "value": value}]}


TOO_LONG, REQUIRED, BAD_LENGTH = "BASE_TYPE_MAX_LENGTH", "BASE_TYPE_REQUIRED", "BASE_TYPE_BAD_LENGTH"

WRONG_MESSAGES = [
    ({"content": "x" * 2001}, "content", TOO_LONG),
    ({"content": "x", "nonce": "n" * 26}, "nonce", TOO_LONG),
    (embed(title="x" * 257), "embeds.0.title", TOO_LONG),
    (embed(description="x" * 4097), "embeds.0.description", TOO_LONG),
    (embed(fields=[{"name": "n", "value": "v"}] * 26), "embeds.0.fields", BAD_LENGTH),
    (embed(**field(name="x" * 257)), "embeds.0.fields.0.name", TOO_LONG),
    (embed(**field(value="x" * 1025)), "embeds.0.fields.0.value", TOO_LONG),
    (embed(**field(name="")), "embeds.0.fields.0.name", REQUIRED),
    (embed(**field(value=" \n")), "embeds.0.fields.0.value", REQUIRED),
    (embed(footer={"text": "x" * 2049}), "embeds.0.footer.text", TOO_LONG),
    (embed(author={"name": "x" * 257}), "embeds.0.author.name", TOO_LONG),
    (embed(title="t", image={"url": "nowhere"}), "embeds.0.image.url", "URL_TYPE_INVALID_URL"),
    ({"embeds": [{"title": "t"}] * 11}, "embeds", BAD_LENGTH),
    ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
    ({"components": rows(button()) * 6}, "components", BAD_LENGTH),
    (
        {"components": rows(*(button(str(n)) for n in range(6)))},
        "components.0.components",
        BAD_LENGTH,
    ),
    ({"components": rows(button("x" * 101))}, "components.0.components.0.custom_id", TOO_LONG),
    ({"components": rows(button(label="x" * 81))}, "components.0.components.0.label", TOO_LONG),
    ({"components": rows(button(label=""))}, "components.0.components.0.label", REQUIRED),
    (
        {"components": rows(button("a"), button("a"))},
        "components.0.components.1.custom_id",
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    (
        {"components": rows({"type": 3, "custom_id": "s", "options": [{"label": "l", "value": "v"}] * 26})},
        "components.0.components.0.options",
        BAD_LENGTH,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "path", "code"), WRONG_MESSAGES, ids=lambda v: str(v)[:40])
def test_a_message_over_a_limit_is_refused_with_the_place(
    body: Mapping[str, Any], path: str, code: str
) -> None:
    with pytest.raises(BackendError) as caught:
        judge_message(body, [])
    assert (caught.value.status, caught.value.code) == (400, 50035)
    assert code in errors_at(caught.value, path)


RIGHT_MESSAGES: list[dict[str, Any]] = [
    {"content": "x" * 2000, "nonce": "n" * 25},
    embed(title="x" * 256, description="x" * 4096),
    embed(**field("x" * 256, "x" * 1024), footer={"text": "x" * 2048}),
    {"embeds": [{"description": "x" * 3000}] * 2},
    {"components": rows(*(button(str(n)) for n in range(5)))},
    {"components": rows(button("x" * 100, label="x" * 80))},
    {"components": rows({"type": 2, "style": 5, "label": "Open", "url": "https://example.org"})},
]


@pytest.mark.parametrize("body", RIGHT_MESSAGES, ids=lambda v: str(v)[:40])
def test_a_message_at_the_limit_passes(body: dict[str, Any]) -> None:
    judge_message(body, [MAX_FILE_BYTES] * 10)


@pytest.mark.parametrize(
    ("body", "files", "status", "code"),
    [
        ({"content": " "}, [], 400, 50006),
        ({"content": "x"}, [MAX_FILE_BYTES + 1], 413, 40005),
        ({"content": "x"}, [1] * 11, 400, 50035),
    ],
)
def test_empty_messages_and_too_much_upload_are_refused(
    body: dict[str, Any], files: list[int], status: int, code: int
) -> None:
    with pytest.raises(BackendError) as caught:
        judge_message(body, files)
    assert (caught.value.status, caught.value.code) == (status, code)


def command(name: str = "health", description: str = "d", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": description, "type": 1, **more}


def option(name: str = "target", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "type": 3, **more}


def many(count: int) -> list[dict[str, Any]]:
    return [{"name": f"n{n}", "value": f"v{n}"} for n in range(count)]


WRONG_COMMANDS = [
    ([command("Health")], "0.name", "APPLICATION_COMMAND_INVALID_NAME"),
    ([command("two words")], "0.name", "APPLICATION_COMMAND_INVALID_NAME"),
    ([command("x" * 33)], "0.name", TOO_LONG),
    ([command(description="")], "0.description", REQUIRED),
    ([command(description="x" * 101)], "0.description", TOO_LONG),
    ([command(), command()], "1", "APPLICATION_COMMANDS_DUPLICATE_NAME"),
    ([command(options=[option(f"o{n}") for n in range(26)])], "0.options", BAD_LENGTH),
    ([command(options=[option("A")])], "0.options.0.name", "APPLICATION_COMMAND_INVALID_NAME"),
    ([command(options=[option(choices=many(26))])], "0.options.0.choices", BAD_LENGTH),
    (
        [command(options=[option("a"), option("b", required=True)])],
        "0.options.1",
        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
    ),
    (
        [command(options=[option("a"), option("a")])],
        "0.options.1.name",
        "APPLICATION_COMMAND_OPTIONS_NAME_INVALID",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("commands", "path", "code"), WRONG_COMMANDS)
def test_a_wrong_command_is_refused_with_the_place(
    commands: list[dict[str, Any]], path: str, code: str
) -> None:
    with pytest.raises(BackendError) as caught:
        judge_commands(commands)
    assert caught.value.code == 50035
    assert code in errors_at(caught.value, path)


def test_a_command_with_too_much_text_is_refused() -> None:
    long = [{"name": "x" * 100, "value": f"{n:0100}"} for n in range(25)]
    too_large = command(options=[option("a", choices=long), option("b", choices=long)])
    with pytest.raises(BackendError) as caught:
        judge_commands([too_large])
    assert errors_at(caught.value, "0") == ["APPLICATION_COMMAND_TOO_LARGE"]


def test_a_guild_takes_a_hundred_commands_and_no_more() -> None:
    judge_commands([command(f"c{n}") for n in range(100)])
    with pytest.raises(BackendError) as caught:
        judge_commands([command(f"c{n}") for n in range(101)])
    assert caught.value.code == 30032


def test_names_in_other_scripts_and_context_menus_with_spaces_are_fine() -> None:
    menu = {"name": "Report this", "type": 3}
    judge_commands([command("здоровье"), command("状态"), command("a-b_c9"), menu])


def modal(title: str = "t", label: str = "l") -> dict[str, Any]:
    text = {"type": 4, "custom_id": "i", "label": label, "style": 1}
    return {"title": title, "custom_id": "m", "components": rows(text)}


def labelled(label: str = "l", **text: Any) -> dict[str, Any]:
    """As `modal`, in the newer shape: the label stands around the text."""
    inner = {"type": 4, "custom_id": "i", "style": 1, **text}
    return {"title": "t", "custom_id": "m", "components": [{"type": 18, "label": label, "component": inner}]}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"type": 9, "data": modal(title="x" * 46)}, "title"),
        ({"type": 9, "data": modal(label="x" * 46)}, "components.0.label"),
        ({"type": 9, "data": labelled("x" * 46)}, "components.0.label"),
        ({"type": 9, "data": labelled("")}, "components.0.label"),
        ({"type": 9, "data": labelled(style=3)}, "components.0.style"),
        ({"type": 9, "data": labelled(max_length=4001)}, "components.0.max_length"),
        ({"type": 8, "data": {"choices": many(26)}}, "choices"),
        ({"type": 8, "data": {"choices": [{"name": "x" * 101, "value": "v"}]}}, "choices.0.name"),
        ({"type": 4, "data": {"content": "x" * 2001}}, "content"),
    ],
)  # fmt: skip
def test_an_answer_to_an_interaction_is_judged_too(body: dict[str, Any], path: str) -> None:
    with pytest.raises(BackendError) as caught:
        judge_callback(body, [])
    assert errors_at(caught.value, path)


def test_a_modal_answers_a_press_but_no_modal() -> None:
    judge_callback({"type": 9, "data": labelled()}, [], asked=3)
    with pytest.raises(BackendError) as caught:
        judge_callback({"type": 9, "data": labelled()}, [], asked=5)
    assert errors_at(caught.value, "type")


async def test_a_bot_gets_the_refusal_over_the_wire(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        empty = discord.Embed(title="t").add_field(name="cause", value="")
        with pytest.raises(discord.HTTPException, match=r"embeds\.0\.fields\.0\.value") as caught:
            await ops(bot, sim).send(embed=empty)
        assert (caught.value.status, caught.value.code) == (400, 50035)


async def test_thread_rules(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        message = await ops(bot, sim).send("down")
        with pytest.raises(discord.HTTPException, match="100 or fewer"):
            await message.create_thread(name="x" * 101)
        with pytest.raises(discord.HTTPException, match="60, 1440, 4320, 10080"):
            await message.create_thread(name="t", auto_archive_duration=61)  # type: ignore[arg-type]
        thread = await message.create_thread(name="x" * 100, auto_archive_duration=60)
        with pytest.raises(discord.HTTPException) as twice:
            await message.create_thread(name="again")
        assert twice.value.code == 160004
        sim.rules.active_threads = 1
        with pytest.raises(discord.HTTPException) as full:
            await ops(bot, sim).create_thread(name="one too many")
        assert full.value.code == 160006
        note = await thread.send("a note")
        await thread.edit(archived=True)
        with pytest.raises(discord.HTTPException) as archived:
            await note.edit(content="changed")
        assert archived.value.code == 50083
        await thread.send("a message opens it again")
        await note.edit(content="changed")
