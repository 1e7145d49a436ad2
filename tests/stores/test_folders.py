"""Whose folder is whose in the state directory."""

from __future__ import annotations

from pathlib import Path

from opsbot.stores.folders import LEFT, Folders, service_digest

WEB, SHOP = service_digest(("process", "/srv", "web")), service_digest(("process", "/srv", "shop"))


def test_a_folder_stays_where_it_is_when_its_target_gets_another_name(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folder = folders.claim("web", WEB)
    (folder / "identity").write_text("who runs")
    folders.rename("web", "kiosk")
    assert folders.of("kiosk") == folder == tmp_path / "targets" / "web"
    assert (folder / "identity").read_text() == "who runs"


def test_whoever_takes_the_old_name_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folder = folders.claim("web", WEB)
    folders.rename("web", "kiosk")
    other = folders.claim("web", SHOP)
    assert other != folder
    assert folders.of("web") == other
    assert folders.of("kiosk") == folder


def test_a_target_that_gets_its_old_name_back_has_its_folder_again(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folder = folders.claim("web", WEB)
    folders.rename("web", "kiosk")
    folders.rename("kiosk", "web")
    assert folders.of("web") == folder


def test_a_folder_that_the_new_name_had_long_ago_is_not_mixed_up_with_it(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    long_ago, now = folders.claim("kiosk", SHOP), folders.claim("web", WEB)
    folders.rename("web", "kiosk")
    assert folders.of("kiosk") == now != long_ago


def test_a_renamed_target_is_known_by_its_service_also_after_a_crash(tmp_path: Path) -> None:
    Folders(tmp_path).claim("web", WEB)
    folders = Folders(tmp_path)
    assert folders.renames({"kiosk": WEB}) == {"web": "kiosk"}
    assert folders.renames({"kiosk": SHOP}) == {}
    assert folders.renames({"web": WEB, "kiosk": WEB}) == {}
    folders.rename("web", "kiosk")
    assert folders.renames({"kiosk": WEB}) == {}


def test_where_two_could_be_meant_nothing_is_renamed(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folders.claim("web", WEB)
    assert folders.renames({"kiosk": WEB, "booth": WEB}) == {}
    folders.claim("shop", WEB)
    assert folders.renames({"kiosk": WEB}) == {}


def test_a_target_that_nobody_can_name_is_never_renamed(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folders.claim("web", "")
    assert folders.renames({"kiosk": ""}) == {}


def test_folders_of_an_older_opsbot_are_named_like_their_targets(tmp_path: Path) -> None:
    old = tmp_path / "targets" / "web"
    old.mkdir(parents=True)
    folders = Folders(tmp_path)
    assert folders.claim("web", WEB) == old
    assert folders.renames({"kiosk": WEB}) == {"web": "kiosk"}


def test_a_damaged_file_costs_the_new_name_and_nothing_else(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folder = folders.claim("web", WEB)
    (folder / "owner").write_text("{half")
    assert folders.of("web") == folder
    assert folders.claim("web", WEB) == folder


def test_the_folder_of_a_target_that_is_gone_is_marked_until_it_is_back(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    web, shop = folders.claim("web", WEB), folders.claim("shop", SHOP)
    folders.settle(["shop"])
    assert ((web / LEFT).exists(), (shop / LEFT).exists()) == (True, False)
    folders.settle(["shop", "web"])
    assert not (web / LEFT).exists()


def test_taking_back_a_rename_that_was_not_made_touches_nothing(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folder = folders.claim("web", WEB)
    folders.rename("kiosk", "web")
    assert folders.of("web") == folder
    assert folders.claim("web", WEB) == folder
