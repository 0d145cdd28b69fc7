"""Where things stand in a run directory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FORMAT = 1
"""Version of the run directory, in ``meta.json``. A reader refuses a newer one."""
SWEEPS = ".sweeps"
"""Where sweeps stand in a runs folder; hidden, so that no listing takes one for a run."""

_SEGMENT = re.compile(r"([A-Za-z0-9_-]{1,64})\.([0-9]{4,9})\.npy")
_TABLE = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class RunPaths:
    """The paths of one run; nothing is touched by asking for them."""

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))

    @property
    def id(self) -> str:
        return self.root.name

    @property
    def spec(self) -> Path:
        return self.root / "spec.toml"

    @property
    def meta(self) -> Path:
        return self.root / "meta.json"

    @property
    def labels(self) -> Path:
        return self.root / "labels.json"

    @property
    def journal(self) -> Path:
        return self.root / "journal.jsonl"

    @property
    def tables(self) -> Path:
        return self.root / "tables"

    @property
    def pictures(self) -> Path:
        return self.root / "pictures"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def lock(self) -> Path:
        return self.root / "worker.lock"

    @property
    def log(self) -> Path:
        return self.root / "worker.log"

    @property
    def schedule(self) -> Path:
        return self.root / "schedule.json"

    @property
    def job(self) -> Path:
        return self.root / "job.sbatch"

    @property
    def ranks(self) -> Path:
        """Heartbeats of the processes that train a run with the first: see `worker.following`."""
        return self.root / "ranks"

    @property
    def ballast(self) -> Path:
        return self.root / ".ballast"

    def checkpoint(self, step: int) -> Path:
        """The folder of the checkpoint taken after ``step`` updates."""
        return self.checkpoints / f"{step:08d}"


def segment_name(table: str, number: int) -> str:
    """File name of one segment of a table, such as ``steps.0000.npy``."""
    if not _TABLE.fullmatch(table):
        raise ValueError(f"not a table name: {table!r}")
    return f"{table}.{number:04d}.npy"


def parse_segment(file_name: str) -> tuple[str, int] | None:
    """Table and segment number of a file name, or None where it is not a segment."""
    match = _SEGMENT.fullmatch(file_name)
    return (match[1], int(match[2])) if match else None
