"""A stand-in for Slurm: its commands as small scripts on PATH that keep a record and start nothing.

``srun`` runs what it is given on this machine. What they are told is in ``told``; what they answer
is in files that a test may write: ``refusal`` (of sbatch) and ``jobs`` (as squeue lists them).
"""

from __future__ import annotations

import os
from pathlib import Path

SCRIPTS = {
    "sbatch": """
[ -e "$place/refusal" ] && { cat "$place/refusal" >&2; exit 1; }
echo 123
""",
    "squeue": 'cat "$place/jobs"',
    "scancel": """
grep -q "^$1|" "$place/jobs" && [ ! -e "$place/raced" ] && exit 0
echo "scancel: error: Kill job error on job id $1: Invalid job id specified" >&2
exit 1
""",
    "scontrol": '[ "$1" = show ] && echo localhost || exit 0',
    "srun": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
}


class Slurm:
    """The commands in a folder of their own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.bin = place / "bin"
        self.bin.mkdir(parents=True)
        self.list("")
        for name, text in SCRIPTS.items():
            script = self.bin / name
            script.write_text(
                f'#!/bin/sh\nplace={place}\necho "{name} $*" >> "$place/told"\n{text.strip()}\n'
            )
            script.chmod(0o755)

    @property
    def path(self) -> str:
        """PATH with them first."""
        return f"{self.bin}{os.pathsep}{os.environ['PATH']}"

    @property
    def told(self) -> list[str]:
        """Every command line so far."""
        told = self.place / "told"
        return told.read_text().splitlines() if told.exists() else []

    def refuse(self, words: str) -> None:
        (self.place / "refusal").write_text(words + "\n")

    def list(self, lines: str) -> None:
        (self.place / "jobs").write_text(lines + "\n")
