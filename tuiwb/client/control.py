"""A running loop in hand: what can be asked of it, checked before it is sent, and answered."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuiwb.base.errors import UserError, nearest
from tuiwb.client.commands import Asked, await_answer, ended
from tuiwb.client.settings import in_force, settings
from tuiwb.run.create import runs_dir
from tuiwb.run.facts import QUEUED
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView
from tuiwb.spec.declarations import COMMANDS, STUDIES
from tuiwb.spec.hot import hot_keys, read_settings, with_settings
from tuiwb.spec.toml import literal

SLOW = ("probe", "evaluate", "checkpoint", "picture")
LONG = 300.0
"""Seconds that a slow command may take at least: of a large model it takes minutes."""
OWN = ("note", "stop")
"""What a loop of the user's own can be told."""


class Control:
    """A run that can be steered. Each call waits for the answer and returns it as the journal has
    it: ``{"step": 812, "command": "set", "accepted": True, ...}``.

    A refusal, a run that is over and a value out of range raise `UserError`; a worker that gives no
    answer within ``timeout`` seconds raises `WorkerFailed`.
    """

    def __init__(self, path: Path, timeout: float = 30.0, by: str = "python") -> None:
        self.path = path
        self.timeout = timeout
        self._by = by
        self.view()  # what is no run is said at once

    def view(self) -> RunView:
        """The run as it is now."""
        with RunReader(self.path) as reader:
            return reader.poll(budget_s=None)

    def pause(self) -> dict[str, Any]:
        """Hold the loop at the next step; all other calls still work."""
        return self.ask("pause")

    def resume(self) -> dict[str, Any]:
        """Go on after a pause."""
        return self.ask("resume")

    def step(self, steps: int = 1) -> dict[str, Any]:
        """Take some steps while paused, and be paused again."""
        return self.ask("step", {"steps": steps})

    def set(self, values: Mapping[str, Any] | None = None, /, **by_name: Any) -> dict[str, Any]:
        """Change hot knobs: ``set({"optim.lr": 0.01})``, or ``set(lr=0.01)`` where only one hot
        knob has that name."""
        view = self.view()
        spec = in_force(view)
        wanted = {**(values or {}), **{_only(spec, name): v for name, v in by_name.items()}}
        texts = [f"{key}={value if isinstance(value, str) else literal(value)}"
                 for key, value in wanted.items()]  # fmt: skip
        return self.ask("set", settings_of(view, texts))

    def probe(self, study: str) -> dict[str, Any]:
        """Look into the whole model; the answer's ``figures`` are what was found."""
        STUDIES.path(study, "probe")
        return self.ask("probe", {"study": study})

    def evaluate(self) -> dict[str, Any]:
        """Evaluate now; the answer's ``metrics`` are the figures."""
        return self.ask("evaluate")

    def checkpoint(self) -> dict[str, Any]:
        """Keep a checkpoint; it is on disk when this returns, and the answer's step is its own."""
        return self.ask("checkpoint")

    def picture(self) -> dict[str, Any]:
        """Take the pictures of this step."""
        return self.ask("picture")

    def note(self, text: str) -> dict[str, Any]:
        """Write a line at this step."""
        return self.ask("note", {"text": text})

    def stop(self, when: str = "step") -> dict[str, Any]:
        """End with a checkpoint: after this ``step``, after this ``epoch``, or ``now``, which also
        breaks off an evaluation that is under way."""
        return self.ask("stop", {} if when == "step" else {"when": when})

    def ask(self, command: str, args: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Any command by its name; see the class for what comes back."""
        COMMANDS.path(command, f"what {self.path.name} is asked")
        answer = tell(self.view(), command, args, self._by, self.timeout)
        if not answer.get("accepted"):
            raise refused(self.path.name, answer)
        return answer


def tell(
    view: RunView, command: str, args: Mapping[str, Any] | None, by: str, timeout: float
) -> dict[str, Any]:
    """Send one command and wait for its answer, accepted or refused. Of a study the answer has the
    ``figures`` too."""
    if view.status.ended_now:
        raise ended(view)
    if view.status.state == QUEUED:
        from tuiwb.client import submit  # whose spec and consent steering can do without

        return submit.tell(view, command, by)
    if view.meta.get("watched") and command not in OWN:
        raise UserError(
            f"{view.id} is a loop of your own: it cannot be told to {command}",
            where=str(view.path),
            allowed=", ".join(OWN),
        )
    asked = Asked(view.path, command, args, by)
    longest = max(timeout, LONG) if command in SLOW else timeout
    answer = await_answer(view.path, asked.answer, longest)
    studies = [event for event in asked.told if event["kind"] == "study"]
    if command == "probe" and answer.get("accepted") and studies:
        answer = answer | {"figures": studies[-1].get("figures")}
    return answer


def refused(name: str, answer: Mapping[str, Any]) -> UserError:
    """A refusal, as who asked is told it."""
    return UserError(
        f"{name} refused to {answer.get('command')}",
        found=str(answer.get("reason") or ""),
        where=f"step {answer['step']}" if answer.get("step") is not None else "",
    )


def settings_of(view: RunView, texts: Sequence[str]) -> dict[str, Any]:
    """``["optim.lr=0.01"]`` as values, checked against the spec in force before anything is sent.

    A knob that the running loop cannot take is a `UserError` with the command line that can.
    """
    spec = in_force(view)
    if not texts:
        raise UserError(
            "set takes what to change",
            allowed=", ".join(hot_keys(spec)),
            next=f"tuiwb ctl {view.id} set optim.lr=0.001",
        )
    try:
        values = read_settings(spec, texts)
        with_settings(spec, values)
    except UserError as error:
        error.next = _exact(view, error.next)
        raise
    return values


def _exact(view: RunView, line: str) -> str:
    """A command line that says RUN and STEP, as it is to be typed for this run; what was set in
    it goes along into a run of its own."""
    known = view.path.parent == runs_dir()
    kept = "".join(
        f" -s {shlex.quote(f'{key}={_text(value)}')}"
        for key, value in settings(view.events).items()
    )
    line = line.replace("RUN/spec.toml", f"{shlex.quote(str(view.path / 'spec.toml'))}{kept}")
    name = view.id if known else shlex.quote(str(view.path))
    return line.replace(" RUN ", f" {name} ").replace(" STEP ", f" {view.status.step} ")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else literal(value)


def _only(spec: Any, name: str) -> str:
    """The key of the one hot knob of this name."""
    keys = hot_keys(spec)
    found = [key for key in keys if key.rpartition(".")[2] == name]
    if len(found) != 1:
        raise UserError(
            f"{'several hot knobs are' if found else 'no hot knob is'} called {name!r}",
            where="set",
            allowed=", ".join(found or keys),
            nearest=nearest(name, [key.rpartition(".")[2] for key in keys]) if not found else "",
            next=f'name it whole: set({{"{(found or keys)[0]}": ...}})',
        )
    return found[0]
