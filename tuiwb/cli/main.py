"""The entry point: hands over to the commands, and turns every ending into an exit code.

Exit codes: 0 done, 1 a preset missed its target (verify), 2 wrong usage or spec, 3 diverged or
stopped by the doctor, 4 the worker failed, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tuiwb.base.errors import UserError
from tuiwb.cli import output

INTERRUPTED = 130


def execute(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; a person's mistake costs no traceback."""
    output.prepare()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except UserError as error:
        output.say(f"error: {error}")
        return error.exit_code
    except (output.PipeClosed, BrokenPipeError):
        # nobody reads on: point stdout elsewhere, or Python complains while it shuts down
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        output.say("interrupted")
        return INTERRUPTED
    return code


def _run(arguments: Sequence[str]) -> int:
    if not arguments and output.is_terminal():
        # the screen should stand at once, and typer would cost a tenth of a second
        from tuiwb.cli.screen import open_workbench
        from tuiwb.run.create import runs_dir

        return open_workbench(runs_dir())
    if len(arguments) == 2 and arguments[0] == "attach" and arguments[1][:1] not in ("", "-"):
        from tuiwb.cli.screen import attach
        from tuiwb.run.create import runs_dir

        return attach(runs_dir(), arguments[1])
    from tuiwb.cli.program import run

    return run(arguments)


def main() -> None:
    """What the ``tuiwb`` script calls."""
    sys.exit(execute(sys.argv[1:]))
