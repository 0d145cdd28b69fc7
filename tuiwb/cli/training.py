"""From a run that has been started to its end, for every command that starts one."""

from __future__ import annotations

import shlex
from pathlib import Path

from tuiwb.cli import output


def attend(path: Path, detach: bool, json: bool, interval: float, new: bool = True) -> int:
    """Progress while a run trains, then summary and plots, or with ``detach`` only its name;
    returns the exit code. A ``new`` run that its worker refuses leaves nothing behind."""
    if detach:
        _print_started(path, json)
        return 0
    from tuiwb.cli import figures, summary
    from tuiwb.cli.following import Detached, Interrupted, wait

    code = None
    try:
        view = wait(path, interval, new)
    except Detached:
        _print_started(path, json)
        output.say(f"training goes on; tuiwb attach {shlex.quote(path.name)} shows it")
        return 130
    except Interrupted as interruption:
        view, code = interruption.view, 130
    code = summary.exit_code(view) if code is None else code
    if json:
        output.emit_json(summary.as_dict(view))
        if code:
            output.say(summary.in_words(view))
    else:
        summary.print_words(view, figures.AT_THE_END)
    return code


def _print_started(path: Path, json: bool) -> None:
    if json:
        output.emit_json({"run": path.name, "path": path})
    else:
        output.emit(f"{path.name}  {path}")
