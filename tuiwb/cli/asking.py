"""What ``ctl`` is typed with, as the arguments of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuiwb.base.errors import UserError, nearest

if TYPE_CHECKING:
    from tuiwb.run.view import RunView

WHEN = ("step", "epoch", "now")


def known(command: str) -> None:
    """`UserError` with the nearest name where there is no such command."""
    from tuiwb.spec.declarations import COMMANDS

    if command not in COMMANDS.names():
        raise UserError(
            f"a run cannot be told to {command!r}",
            found=repr(command),
            allowed=", ".join(COMMANDS.names()),
            nearest=nearest(command, COMMANDS.names()),
            next="tuiwb ctl RUN lists what it can be told",
        )


def plain(run: str, command: str, given: list[str], after: str | None = None) -> dict[str, Any]:
    """The arguments of a command that needs nothing of the run; what does not fit is said. Those of
    ``set`` are read against the run's spec, later."""
    if after is not None:
        if command != "stop":
            raise UserError(
                f"{command} takes no --after",
                found=f"--after {after}",
                next=f"tuiwb ctl {run} stop --after {after}",
            )
        return {} if after == "step" else {"when": after}
    match command:
        case "set":
            return {}
        case "probe":
            return _study(run, given)
        case "note":
            return _note(run, given)
        case "step" if given:
            return _steps(given)
    if given:
        next = f"tuiwb ctl {run} step {given[0]} takes steps of a paused run"
        if "=" in given[0]:
            next = f"tuiwb ctl {run} set {' '.join(given)} changes knobs"
        if command == "stop" and given[0] in WHEN:
            next = f"tuiwb ctl {run} stop --after {given[0]}"
        raise UserError(f"{command} takes nothing more", found=" ".join(given), next=next)
    return {}


def _steps(given: list[str]) -> dict[str, Any]:
    if len(given) > 1 or not given[0].isdecimal() or int(given[0]) < 1:
        raise UserError(
            "step takes one whole number",
            found=" ".join(given),
            allowed="a number of steps >= 1",
        )
    return {"steps": int(given[0])}


def _study(run: str, given: list[str]) -> dict[str, Any]:
    """The study's name, which must be one."""
    from tuiwb.spec.declarations import STUDIES

    if len(given) != 1:
        raise UserError(
            "probe takes the name of one study",
            found=" ".join(given) or "none",
            allowed=", ".join(STUDIES.names()),
            next=f"tuiwb ctl {run} probe {STUDIES.names()[0]}",
        )
    STUDIES.path(given[0], "ctl probe")
    return {"study": given[0]}


def _note(run: str, given: list[str]) -> dict[str, Any]:
    text = " ".join(" ".join(given).split())
    if not text:
        raise UserError("note takes what to write", next=f'tuiwb ctl {run} note "lower it next"')
    return {"text": text}


def told(view: RunView) -> list[tuple[str, str, str]]:
    """What a run can be told: command, what it is given, what it does."""
    from tuiwb.client.control import OWN
    from tuiwb.spec.declarations import COMMANDS, command_words

    names = OWN if view.meta.get("watched") else COMMANDS.names()
    return [(name, *command_words(name)) for name in names]


def listing(view: RunView) -> str:
    """`told` as text, with the knobs that can be set now and what they are."""
    rows = [(f"{name} {takes}".strip(), words) for name, takes, words in told(view)]
    wide = max(len(left) for left, _ in rows)
    lines = [f"{view.id}  {view.status.words or view.status.state}", ""]
    lines += [f"  {left:{wide}}  {words}" for left, words in rows]
    knobs = hot(view)
    if knobs:
        wide = max(map(len, knobs))
        lines += ["", "set takes:"]
        lines += [f"  {key:{wide}}  {value}" for key, value in knobs.items()]
    return "\n".join(lines)


def hot(view: RunView) -> dict[str, str]:
    """The hot knobs of a run and their values now; none where it has no spec."""
    from tuiwb.client.settings import in_force
    from tuiwb.spec.hot import hot_keys, value_of
    from tuiwb.spec.toml import literal

    try:
        spec = in_force(view)
    except UserError:
        return {}
    return {key: literal(value_of(spec, key)) for key in hot_keys(spec)}
