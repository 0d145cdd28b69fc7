"""Components are found by their folder: one file is one component, its name is the file's."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

from tuiwb.base.errors import UserError, nearest

PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Shelf:
    """The components in one folder: ``char_rnn.py`` stands there as ``char-rnn``.

    Names and sources are read from the folder, so that listing a shelf imports nothing.
    """

    folder: str
    """Path of the folder inside the package, such as ``optim/optimizers``."""
    noun: str
    """What a component on this shelf is called in messages, such as ``optimizer``."""
    declares: str = "\nclass Knobs("
    """The line that makes a module a component; a module without it is a helper of the shelf."""
    listed: str = "tuiwb schema lists each {noun} with its knobs"
    """What to do next where a name is unknown."""

    @cached_property
    def _files(self) -> dict[str, Path]:
        files = sorted((PACKAGE / self.folder).glob("*.py"))
        return {f.stem.replace("_", "-"): f for f in files if self.declares in f.read_text("utf-8")}

    def names(self) -> tuple[str, ...]:
        """All names on the shelf, in alphabetical order."""
        return tuple(self._files)

    def path(self, name: str, where: str = "") -> Path:
        """The file of one component; an unknown name is a `UserError` with the nearest one."""
        try:
            return self._files[name]
        except (KeyError, TypeError):
            raise UserError(
                f"unknown {self.noun} {name!r}",
                where=where,
                found=repr(name),
                allowed=", ".join(self.names()),
                nearest=nearest(str(name), self.names()),
                next=self.listed.format(noun=self.noun),
            ) from None

    def load(self, name: str, where: str = "") -> ModuleType:
        """The component's module, imported now."""
        stem = self.path(name, where).stem
        return importlib.import_module(f"tuiwb.{self.folder.replace('/', '.')}.{stem}")
