"""Many runs from one warm process: what imports cost is paid once, not once a run."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from tuiwb.client.process import Command
from tuiwb.client.standby import WARM_UP, Standby


class Warm(Standby):
    """A standby for a row of runs: ``with Warm() as warm: launch(..., standby=warm)``.

    It forks a worker a run. Where that is not sound (an accelerator is there), the process becomes
    the worker and the next one warms up while this one trains. Unlike the standby of a person, who
    must not wait, it waits until it is warm: a cold start would take as long.
    """

    def __init__(self, command: Command | None = None) -> None:
        super().__init__(command, forks=True)

    def __enter__(self) -> Warm:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def prepare(self) -> None:
        """Wait until there is a warm process, or it is known that there will be none."""
        self.start()
        self.wait_ready(WARM_UP)

    def hand_over(self, *paths: Path) -> bool:
        """Make a warm process the worker; false where there is none to be had."""
        taken = super().hand_over(*paths)
        self.start()
        return taken
