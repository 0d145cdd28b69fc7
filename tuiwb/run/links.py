"""A run directory whose parts are links leads somewhere else: nobody writes by way of one."""

from __future__ import annotations

import os

from tuiwb.base.errors import UserError
from tuiwb.base.text import one_line
from tuiwb.run.layout import RunPaths


def refuse_links(paths: RunPaths) -> None:
    """`UserError` where a file or folder of the run is a link."""
    parts = (
        paths.spec, paths.meta, paths.journal, paths.tables, paths.pictures, paths.checkpoints,
        paths.inbox, paths.lock, paths.log, paths.ballast,
    )  # fmt: skip
    for part in parts:
        if part.is_symlink():
            raise UserError(
                f"{part.name} of this run is a link",
                where=str(part),
                found=f"it leads to {one_line(os.readlink(part), 300)}",
                allowed="files and folders of the run's own: what is trained writes into them",
                next="copy the whole run: cp -rL RUN COPY, if you trust what it leads to",
            )
