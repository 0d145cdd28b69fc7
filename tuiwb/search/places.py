"""Where a sweep's own things stand: a hidden folder for each beside the runs of its trials."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from tuiwb.base.errors import UserError, nearest
from tuiwb.base.text import one_line, slug
from tuiwb.run.create import check_name
from tuiwb.run.files import read_small
from tuiwb.run.journal import Journal
from tuiwb.run.layout import SWEEPS
from tuiwb.search.sweep import Sweep, read_sweep
from tuiwb.spec.presets import find
from tuiwb.spec.toml import literal, parse

FOLDER = SWEEPS
_MAX = 1 << 17


@dataclass(frozen=True)
class SweepPaths:
    """The paths of one sweep; nothing is touched by asking for them."""

    root: Path

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def runs(self) -> Path:
        """The folder in which its trials' runs are."""
        return self.root.parent.parent

    @property
    def sweep(self) -> Path:
        return self.root / "sweep.toml"

    @property
    def preset(self) -> Path:
        """A copy of the preset: what it says later changes no trial."""
        return self.root / "preset.toml"

    @property
    def journal(self) -> Path:
        return self.root / "journal.jsonl"

    @property
    def lock(self) -> Path:
        return self.root / "controller.lock"

    @property
    def log(self) -> Path:
        return self.root / "controller.log"

    @property
    def importance(self) -> Path:
        return self.root / "importance.json"

    def run_name(self, trial: int) -> str:
        """What the run of a trial (from 1) is called: known before it is made, so that it is found
        whenever its maker was killed."""
        return f"{self.name}-{trial:04d}"

    def run(self, trial: int) -> Path:
        """The run of a trial."""
        return self.runs / self.run_name(trial)


def sweeps(runs: Path) -> list[SweepPaths]:
    """The sweeps of a runs folder, newest first."""
    try:
        with os.scandir(runs / FOLDER) as entries:
            found = [
                (entry.stat(follow_symlinks=False).st_ctime, entry.name)
                for entry in entries
                if entry.name[0] != "." and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []
    by_age = sorted(found, reverse=True)
    return [SweepPaths(runs / FOLDER / name) for _, name in by_age]


def find_sweep(runs: Path, name: str | None = None) -> SweepPaths:
    """A sweep by its name or the beginning of one; without a name, the newest."""
    there = [paths.name for paths in sweeps(runs)]
    begun = [known for known in there if name and known.startswith(name)]
    if name is None and there:
        chosen = there[0]
    elif name in there:
        chosen = str(name)
    elif len(begun) == 1:
        chosen = begun[0]
    else:
        shown = one_line(name or "", 120)
        raise UserError(
            f"{shown!r} begins the names of several sweeps"
            if begun
            else f"there is no sweep {shown}".rstrip(),
            where=str(runs),
            found=", ".join(begun[:8]),
            nearest=nearest(shown, there) if name and not begun else "",
            next="tuiwb sweep list shows them; tuiwb sweep PRESET --space ... begins one",
        )
    return SweepPaths(runs / FOLDER / chosen)


def same(runs: Path, sweep: Sweep) -> SweepPaths | None:
    """The newest sweep that asks for the very same, where there is one that is not finished."""
    from tuiwb.search.ledger import read_ledger

    for paths in sweeps(runs):
        with contextlib.suppress(UserError):
            if read_sweep(paths.sweep).digest == sweep.digest:
                return paths if read_ledger(paths).state != "finished" else None
    return None


def create(runs: Path, sweep: Sweep, name: str | None = None) -> SweepPaths:
    """Make the folder of a new sweep: whole or not at all. `UserError` where that cannot be."""
    if name is not None:
        check_name(name, runs / FOLDER)
    try:
        preset = find(sweep.preset)
        text = read_small(preset, _MAX).decode("utf-8")
        if "preset" not in parse(text, str(preset)):
            text = f"preset = {literal(preset.stem)}\n{text}"
        os.makedirs(runs / FOLDER, mode=0o700, exist_ok=True)
        beside = runs / FOLDER / f".new-{secrets.token_hex(6)}"
        os.mkdir(beside, 0o700)
        try:
            paths = SweepPaths(beside)
            paths.preset.write_text(text, "utf-8")
            paths.sweep.write_text(sweep.to_toml(), "utf-8")
            with Journal(paths.journal) as journal:
                journal.write("sweep", uid=secrets.token_hex(8), folder=str(Path.cwd()))
            return SweepPaths(_place(beside, name or _free(runs, slug(preset.stem, "sweep"))))
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"cannot begin a sweep: {getattr(error, 'strerror', None) or error}",
            where=str(runs),
            allowed="a folder that you may write, with room on its disk",
            next="give another place with --runs DIR or TUIWB_RUNS",
        ) from None


def _place(beside: Path, name: str) -> Path:
    target = beside.parent / name
    os.rename(beside, target)  # fails on a folder that is not empty, as every sweep's is
    return target


def _free(runs: Path, preset: str) -> str:
    number = 1
    while (runs / FOLDER / f"{preset}-sweep-{number}").exists():
        number += 1
    return f"{preset}-sweep-{number}"
