"""Data of full size: a preset's table [data.full], chosen with ``-s data.full=true``.

A preset trains on what needs no download, in [data]. Where the paper's own data can be had, the
preset may name it in [data.full]: a whole table of the same kind, which takes the place of [data]
and inherits nothing of it. A run's ``spec.toml`` holds the one that was chosen, and ``full``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.spec.toml import value_from


def choose_size(tables: dict[str, Any], typed: Mapping[str, str], where: str, origin: str) -> None:
    """Leave in ``tables`` the data that is asked for, as [data]; typed settings beat the file's."""
    data = tables.get("data", {})
    kept = data.get("full")
    asked = value_from(typed["full"]) if "full" in typed else kept
    if isinstance(kept, dict):
        small = {key: value for key, value in data.items() if key != "full"}
        tables["data"] = {**kept, "full": True} if asked is True else small
        return
    if asked is True and kept is not True:
        raise UserError(
            "this preset has no data of full size",
            where=f"{origin}: data.full={typed['full']}",
            found=f"{where} without a table [data.full]",
            allowed="data.full = false",
            next="data.name and its knobs choose any other data",
        )
    if asked is False and kept is True:
        raise UserError(
            "only the data of full size is kept here",
            where=f"{origin}: data.full={typed['full']}",
            found=where,
            allowed="data.full = true, or the preset itself",
        )
