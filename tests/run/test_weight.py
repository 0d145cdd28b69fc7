"""What runs weigh, and what the disk gets back."""

from __future__ import annotations

import os
from pathlib import Path

from tuiwb.run.weight import Weight, freed, weigh


def fill(folder: Path, size: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "data").write_bytes(b"x" * size)
    return folder


def test_all_files_count_and_no_links(tmp_path: Path) -> None:
    fill(tmp_path / "big", 10_000)
    run = fill(tmp_path / "run", 100)
    fill(run / "sub" / "deep", 7)
    (run / "link").symlink_to(tmp_path / "big")
    (run / "loop").symlink_to(run)
    links = sum(os.lstat(run / name).st_size for name in ("link", "loop"))
    assert weigh(run).bytes == 107 + links
    assert weigh(tmp_path / "nowhere").bytes == 0


def test_a_shared_file_is_given_back_with_the_last_of_its_names(tmp_path: Path) -> None:
    parent, child = fill(tmp_path / "parent", 1000), fill(tmp_path / "child", 10)
    os.link(parent / "data", child / "first")
    os.link(parent / "data", child / "again")
    both = weigh(parent), weigh(child)
    assert [weight.bytes for weight in both] == [1000, 1010]
    assert freed([both[0]]) == 0 and freed([both[1]]) == 10
    assert freed(both) == 1010 and freed([]) == 0 and freed([Weight(own=3)]) == 3
