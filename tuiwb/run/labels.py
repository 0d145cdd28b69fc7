"""What a person says of a run: its tags, in ``labels.json`` beside what the worker writes.

The worker never touches the file, and writing it never touches the worker's; a copy of the folder
has it too.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator, Sequence

from tuiwb.base.errors import UserError
from tuiwb.base.text import one_line, slug
from tuiwb.run.files import parse_object, read_small, replace
from tuiwb.run.layout import RunPaths

KEEP = "keep"
"""The tag of a run that `prune` passes by."""
MOST = 32
"""Tags of one run."""
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,39}")
_MAX = 1 << 16


def read_tags(paths: RunPaths) -> tuple[str, ...]:
    """The tags of a run, in the order of the alphabet; none where there is no such file, or one
    that is not ours to read. Never raises."""
    try:
        data = parse_object(read_small(paths.labels, _MAX)) or {}
    except OSError:
        return ()
    tags = data.get("tags")
    found = {t for t in tags if _is_tag(t)} if isinstance(tags, list) else set()
    return tuple(sorted(found)[:MOST])


def change_tags(paths: RunPaths, add: Sequence[str] = (), drop: Sequence[str] = ()) -> list[str]:
    """Add and drop tags; returns those that the run has now. Two at once lose nothing.

    Raises `UserError`: not a tag, too many, a tag to drop that the run has not, or a folder that
    cannot be written.
    """
    for tag in (*add, *drop):
        check_tag(tag)
    try:
        with _alone(paths):
            had = set(read_tags(paths))
            if missing := sorted(set(drop) - had - set(add)):
                raise UserError(
                    f"{one_line(paths.id, 120)} has no tag {missing[0]}",
                    where=str(paths.labels),
                    allowed=", ".join(sorted(had)) or "it has no tags",
                )
            now = sorted((had | set(add)) - set(drop))
            if len(now) > MOST:
                raise UserError(
                    f"{len(now)} tags are too many",
                    where=str(paths.labels),
                    allowed=f"up to {MOST} tags of one run",
                )
            if set(now) != had:
                replace(paths.labels, (json.dumps({"tags": now}) + "\n").encode())
                # listings go by when the journal changed: this counts as a change of the run
                with contextlib.suppress(OSError):
                    os.utime(paths.journal, follow_symlinks=False)
    except OSError as error:
        raise UserError(
            f"cannot write the tags of {one_line(paths.id, 120)}: {error.strerror}",
            where=str(paths.labels),
            next="the run's folder must be there and writable by you",
        ) from None
    return now


def check_tag(tag: str) -> None:
    """`UserError` unless ``tag`` can be one."""
    if not _is_tag(tag):
        raise UserError(
            f"not a tag: {one_line(tag, 60)!r}",
            found=repr(one_line(tag, 60)),
            allowed="up to 40 letters, digits, dots, dashes, underscores and slashes",
            nearest=slug(tag)[:40],
        )


def _is_tag(value: object) -> bool:
    return isinstance(value, str) and _TAG.fullmatch(value) is not None


@contextlib.contextmanager
def _alone(paths: RunPaths) -> Iterator[None]:
    """No other process changes the labels meanwhile, where the file system has locks."""
    fd = os.open(paths.root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
