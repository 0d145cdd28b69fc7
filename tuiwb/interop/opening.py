"""The way in: a folder that a person names, as a run directory, whatever wrote it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tuiwb.base.text import one_line
from tuiwb.interop import tensorboard
from tuiwb.interop.convert import convert
from tuiwb.run.find import find

_RUN = ("meta.json", "journal.jsonl", "spec.toml", "tables")


class Opened(NamedTuple):
    """A run directory; of a stranger's, a copy, with what to say of it first."""

    path: Path
    said: tuple[str, ...] = ()

    @property
    def copied(self) -> bool:
        """Whether it is a copy, which goes when it is closed."""
        return bool(self.said)


@contextlib.contextmanager
def opened(runs: Path, text: str | None) -> Iterator[Opened]:
    """The run that ``text`` means: an id in the folder ``runs``, a run's folder, or a folder with
    TensorBoard's event files, which is converted and thrown away at the end.

    Raises `UserError` where it is none of these, or cannot be read.
    """
    folder = foreign(runs, text)
    if folder is None:
        yield Opened(find(runs, text))
        return
    writers = tensorboard.read(folder)
    with tempfile.TemporaryDirectory(prefix="tuiwb-") as place:
        done = convert(writers, folder.name, str(folder), Path(place))
        place_of = one_line(str(folder), 300)
        words = f"a copy of {place_of} as of now, of TensorBoard's event files: {done.words}"
        yield Opened(done.path, (words, *done.problems))


def foreign(runs: Path, text: str | None) -> Path | None:
    """The folder that ``text`` names, where it is there and is no run."""
    if not text or ("/" not in text and (runs / text).is_dir()):
        return None
    folder = Path(text).expanduser().absolute()
    if not folder.is_dir() or any((folder / mark).exists() for mark in _RUN):
        return None
    return folder if any(folder.iterdir()) else None  # of an empty one that is said
