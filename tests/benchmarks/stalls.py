"""The workbench with a watch on its event loop: what a slow line does to it.

    python -m tests.benchmarks.stalls RUN REPORT

opens a run and writes to REPORT, line by line as it goes on, ``stall TIME SECONDS`` for every
wait of the event loop and ``wrote TIME BYTES`` for all that was handed to the terminal by then.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from textual.drivers.linux_driver import LinuxDriver

from tuiwb.cli.screen import open_workbench
from tuiwb.tui.app import Workbench

TICK = 0.01


def main() -> None:
    run, report = map(Path, sys.argv[1:])
    out = report.open("w", buffering=1)
    mounted, write = Workbench.on_mount, LinuxDriver.write
    written = 0

    async def watch() -> None:
        while True:
            due = time.monotonic() + TICK
            await asyncio.sleep(TICK)
            now = time.monotonic()
            out.write(f"stall {now} {now - due}\n")

    def on_mount(self: Workbench) -> None:
        mounted(self)
        self.run_worker(watch())

    def noted(self: LinuxDriver, data: str) -> None:
        nonlocal written
        written += len(data.encode())
        out.write(f"wrote {time.monotonic()} {written}\n")
        write(self, data)

    Workbench.on_mount = on_mount  # type: ignore[method-assign]
    LinuxDriver.write = noted  # type: ignore[method-assign]
    open_workbench(run.parent, run)


if __name__ == "__main__":
    main()
