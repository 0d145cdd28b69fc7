"""Files and folders that a user names: found or told, and noticed when they change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tuiwb.base.errors import UserError, nearest


def existing(text: str, *, folder: bool = False, where: str = "data.path") -> Path:
    """The file (or folder) that ``text`` names, else a `UserError` with what is there instead."""
    path = Path(text).expanduser()
    noun = "folder" if folder else "file"
    if path.is_dir() if folder else path.is_file():
        if os.access(path, os.R_OK):
            return path
        raise UserError(
            f"the {noun} may not be read: {path}", where=where, allowed="a file that you may read"
        )
    if path.exists():
        found = "a folder" if path.is_dir() else "a file" if path.is_file() else "something else"
        raise UserError(
            f"{path} is not a {noun}", where=where, found=found, allowed=f"the path of a {noun}"
        )
    try:
        there = sorted(p.name for p in path.parent.iterdir() if p.is_dir() == folder)
    except OSError:
        there = []
    raise UserError(
        f"there is no {noun} {str(path)!r}",
        where=where,
        found=f"nothing of this name in {path.parent.absolute()}",
        allowed=f"the path of a {noun}" + (f": {', '.join(there[:12])}" if there else ""),
        nearest=nearest(path.name, there),
    )


def stamp(knobs: Any) -> tuple[object, ...]:
    """What changes when the file or folder at ``knobs.path`` changes; empty where there is none.

    A warm process that has loaded the data once must not train on what has been edited since.
    """
    text = getattr(knobs, "path", "")
    if not text:
        return ()
    top = Path(text).expanduser().absolute()
    files = [top, *sorted(top.rglob("*"))] if top.is_dir() else [top]
    marks: list[object] = [str(top)]
    for file in files:
        try:
            facts = file.stat()
        except OSError:
            continue
        marks.append((str(file), facts.st_mtime_ns, facts.st_size))
    return (hash(tuple(marks)),)


def classes_in(folder: Path, suffixes: tuple[str, ...], noun: str) -> dict[str, list[Path]]:
    """Class name -> its files, from a folder that holds one folder a class; both in order of name.

    Hidden files and those with other endings are passed by. Too few classes are a `UserError`.
    """
    folders = sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))
    parts = {"train", "training", "test", "val", "valid", "validation"}
    if folders and {f.name.lower() for f in folders} <= parts:
        raise UserError(
            "these folders are parts of a data set, not classes",
            where="data.path",
            found=f"{folder} holds {', '.join(f.name for f in folders)}",
            allowed="a folder that holds one folder for each class",
            next=f"give one part, and data.val_share holds some of it out: {folders[0]}",
        )
    found = {
        f.name: sorted(
            file
            for file in f.rglob("*")
            if file.suffix.lower() in suffixes and not file.name.startswith(".") and file.is_file()
        )
        for f in folders
    }
    found = {name: files for name, files in found.items() if files}
    if len(found) < 2:
        loose = sum(file.suffix.lower() in suffixes for file in folder.iterdir())
        raise UserError(
            f"a class is a folder of {noun}, and there are fewer than two",
            where="data.path",
            found=f"{folder}: {len(folders)} folders, {', '.join(found) or 'none'} with {noun}, "
            f"{loose} {noun} outside of any",
            allowed=f"a folder such as {folder.name}/cat/1{suffixes[0]}, "
            f"{folder.name}/dog/1{suffixes[0]}",
        )
    return found
