"""A question to a worker that is started for it, whose answer comes in parts that are told as they
come: text in, JSON objects out, the whole in the last."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.base.text import clean
from tuiwb.client.process import Command, environment, worker_command
from tuiwb.run.files import parse_object

Tell = Callable[[Mapping[str, Any]], None]


class Question:
    """One question. `run` waits for the answer; `cancel` ends it from another thread."""

    def __init__(self, life: str, text: str, part: str, command: Command | None = None) -> None:
        """``life`` is the worker's (``--preflight``, ...), ``part`` the key of a line that holds
        a part of the answer."""
        self._text, self._part = text, part
        self._command = [*(command or worker_command()), life]
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False

    def run(self, tell: Tell = lambda row: None) -> dict[str, Any]:
        """The whole answer; ``tell`` hears of each part.

        Raises the worker's `UserError` (a spec that cannot be built), `WorkerFailed` where it
        broke or was cancelled.
        """
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
            )
        except OSError as error:
            raise WorkerFailed(f"cannot start the worker: {error.strerror}") from None
        self._process = process
        with process:
            if self._cancelled:
                process.kill()
            assert process.stdin and process.stdout and process.stderr
            with suppress(OSError):
                process.stdin.write(self._text.encode("utf-8", "backslashreplace"))
                process.stdin.close()
            facts = self._heard(process.stdout, tell)
            said = process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        if facts is not None:
            return facts
        raise WorkerFailed(
            f"the worker gave no answer: exit code {process.returncode}",
            found="cancelled" if self._cancelled else clean(said[-1], 400) if said else "",
            next="tuiwb info shows whether torch and the device are in order",
        )

    def _heard(self, lines: Any, tell: Tell) -> dict[str, Any] | None:
        facts = None
        for line in lines:
            answer = parse_object(line.strip()) or {}
            if isinstance(row := answer.get(self._part), dict):
                tell(row)
            elif isinstance(told := answer.get("error"), dict):
                raise UserError.from_dict(told)
            elif isinstance(found := answer.get("ok"), dict):
                facts = found
        return facts

    def cancel(self) -> None:
        """End it; `run` then raises."""
        self._cancelled = True
        if self._process is not None:
            self._process.kill()
