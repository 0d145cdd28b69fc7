"""One question to a worker that is started for it: text in, one JSON object out."""

from __future__ import annotations

import subprocess
from typing import Any

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.base.text import clean
from tuiwb.client.process import Command, environment, worker_command
from tuiwb.run.files import parse_object

_PATIENCE = 300.0  # seconds; data that an answer needs may have to be read first


def ask(life: str, text: str, noun: str, command: Command | None = None) -> dict[str, Any]:
    """The worker's answer to ``text`` in one of its lives (``--describe``, ...); ``noun`` is what
    it gives. Raises the worker's `UserError`, or `WorkerFailed` where it broke."""
    try:
        asked = subprocess.run(
            [*(command or worker_command()), life],
            input=text.encode("utf-8", "backslashreplace"),
            capture_output=True,
            env=environment(),
            timeout=_PATIENCE,
            check=False,
        )
    except OSError as error:
        raise WorkerFailed(f"cannot start the worker: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise WorkerFailed(f"the worker gave no {noun}", found="no answer in 5 min") from None
    answer = parse_object(asked.stdout.strip().rpartition(b"\n")[2]) or {}
    if isinstance(facts := answer.get("ok"), dict):
        return facts
    if isinstance(told := answer.get("error"), dict):
        raise UserError.from_dict(told)
    lines = asked.stderr.decode("utf-8", "replace").strip().splitlines()
    raise WorkerFailed(
        f"the worker gave no {noun}: exit code {asked.returncode}",
        found=clean(lines[-1], 400) if lines else "",
        next="tuiwb info shows whether torch and the device are in order",
    )
