"""``python -m tuiwb.worker RUN``, or one of its other lives (`main`); torch is imported late."""

from __future__ import annotations

import os
import sys

from tuiwb.base.errors import UserError


def main(arguments: list[str]) -> int:
    """Dispatch one of the worker's eleven lives; returns the exit status."""
    # Before torch is imported: its thread pools take their size from here. One thread is the
    # right start for every small net, and the engine raises it for large ones.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("MKL_NUM_THREADS", "1")
    match arguments:
        case ["--standby"]:
            from tuiwb.worker.standby import stand_by

            return stand_by()
        case ["--describe"]:
            from tuiwb.worker.standby import describe_once

            return describe_once(sys.stdin.read())
        case ["--ensemble"]:
            from tuiwb.worker.together import ensemble_once

            return ensemble_once(sys.stdin.read())
        case ["--preflight"]:
            from tuiwb.worker.preflight import preflight_once

            return preflight_once(sys.stdin.read())
        case ["--lr-find"]:
            from tuiwb.worker.range_test import range_test_once

            return range_test_once(sys.stdin.read())
        case ["--weights"]:
            from tuiwb.worker.weights import weights_once

            return weights_once(sys.stdin.read())
        case ["--info"]:
            from tuiwb.worker.facts import print_facts

            return print_facts()
        case ["--population", _, *_]:
            from tuiwb.worker.leaving import hold

            hold()
            from tuiwb.worker.population import train_together

            return train_together(arguments[1:])
        case ["--rank", path]:
            from tuiwb.worker.leaving import hold

            hold()
            from tuiwb.worker.rank import train_rank

            return train_rank(path)
        case ["--machine", number, path] if number.isdecimal():
            from tuiwb.worker.leaving import hold

            hold()
            from tuiwb.worker.work import join

            return join(path, int(number))
        case [path] if not path.startswith("-"):
            from tuiwb.worker.leaving import hold

            hold()
            from tuiwb.worker.work import work

            return work(path)
    print(
        "usage: python -m tuiwb.worker "
        "RUN | --population RUN... | --machine N RUN | --rank RUN | --standby | --describe | "
        "--ensemble | --preflight | --lr-find | --weights | --info",
        file=sys.stderr,
    )
    return UserError.exit_code


if __name__ == "__main__":
    # the modules of torch that close late may print; the status is what counts
    sys.exit(main(sys.argv[1:]))
