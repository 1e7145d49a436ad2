"""From the section `runbooks` to the folders that are read. What is wrong with a runbook is no mistake of the
configuration: it stops nothing."""

from __future__ import annotations

from pathlib import Path

from opsbot.config.workshop import Workshop
from opsbot.runbooks.places import SHIPPED


def folders(shop: Workshop) -> tuple[Path, ...]:
    """Those that come with opsbot, then a person's own, whose files replace others of the same name."""
    if shop.value(("runbooks",)) is None:
        return (SHIPPED,)
    from opsbot.config.models.runbooks import Runbooks

    section = shop.build(Runbooks, ("runbooks",)) or Runbooks()
    own = () if section.dir is None else (shop.base_dir / Path(section.dir).expanduser(),)
    return (SHIPPED, *own) if section.shipped else own
