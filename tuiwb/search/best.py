"""The best of a sweep as a preset of one's own."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tuiwb.base.errors import UserError
from tuiwb.base.format import number
from tuiwb.search.ledger import SweepView
from tuiwb.spec import Resolved, resolve, to_toml
from tuiwb.spec.presets import folders


def write_best(view: SweepView, out: Path | None = None) -> Path:
    """Write the best trial's spec as a preset; its file: ``out``, or one among one's own presets.

    `UserError` where no trial is complete, and where the file is there already.
    """
    best = view.best
    if best is None:
        raise UserError(
            f"{view.paths.name} has no complete trial yet",
            where=str(view.paths.root),
            found=f"{view.over} of {view.size} trials decided",
            next=f"tuiwb sweep show {view.paths.name} says how they ended",
        )
    path = out or folders()[-1] / f"{view.paths.name}-best.toml"
    settings = [*view.sweep.set, *best.settings]
    spec = resolve(view.paths.preset, settings).spec
    about = msgspec.structs.replace(
        spec.about,
        title=f"{spec.about.title or view.sweep.preset}, best of {view.paths.name}",
        family="your own",
        look_at=f"{view.sweep.metric} {number(best.value)} in trial {best.number} of {view.size}: "
        + ", ".join(best.settings),
        expect=None,
    )
    spec = msgspec.structs.replace(spec, about=about)
    # a preset is where its values come from: it names neither another preset nor their origins
    text = to_toml(Resolved(spec, path.stem)).partition("\n\n")[2].partition("[origins]")[0]
    try:
        os.makedirs(path.parent, exist_ok=True)
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(
            f"there is a file {path.name} already",
            where=str(path.parent),
            next="give another one with --out FILE",
        ) from None
    except OSError as error:
        raise UserError(
            f"cannot write {path.name}: {error.strerror}", where=str(path.parent)
        ) from None
    return path
