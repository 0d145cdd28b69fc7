"""How much room runs take on the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

MOST = 1_000_000
"""Files that are counted of one run: a folder can be made to hold any number."""


@dataclass
class Weight:
    """Bytes of files that are this folder's alone, and of those that have other names too (a
    child's first checkpoint is its parent's): (device, inode) -> (bytes, names in all, names
    here)."""

    own: int = 0
    shared: dict[tuple[int, int], tuple[int, int, int]] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """What the folder holds."""
        return self.own + sum(size for size, _, _ in self.shared.values())


def weigh(folder: Path) -> Weight:
    """What a folder holds; links are not followed, and what cannot be read counts nothing."""
    weight, waiting, files = Weight(), [os.fspath(folder)], 0
    while waiting and files < MOST:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(entry.path)
                    elif status.st_nlink > 1:
                        key = (status.st_dev, status.st_ino)
                        here = weight.shared.get(key, (0, 0, 0))[2]
                        weight.shared[key] = (status.st_size, status.st_nlink, here + 1)
                    else:
                        weight.own += status.st_size
        except OSError:
            continue
    return weight


def freed(weights: Iterable[Weight]) -> int:
    """Bytes that deleting all of these gives back: a file goes with the last of its names."""
    own, shared = 0, dict[tuple[int, int], tuple[int, int, int]]()
    for weight in weights:
        own += weight.own
        for key, (size, names, here) in weight.shared.items():
            shared[key] = (size, names, here + shared.get(key, (0, 0, 0))[2])
    return own + sum(size for size, names, here in shared.values() if here >= names)
