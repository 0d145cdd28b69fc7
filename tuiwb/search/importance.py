"""How much each knob mattered: the share of the metric's variance that it explains.

fANOVA (Hutter, Hoos & Leyton-Brown 2014) or the mean decrease in impurity of a random forest, both
Optuna's, from the complete trials. They take a second and two hundred megabytes: what was found is
kept beside the sweep, and ``python -m tuiwb.search.importance FOLDER`` finds it in a process that
goes away.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuiwb.base.errors import UserError
from tuiwb.run.files import parse_object, read_small, replace
from tuiwb.search import space
from tuiwb.search.conduct import preset_of
from tuiwb.search.ledger import Record, SweepView, read_ledger
from tuiwb.search.places import SweepPaths
from tuiwb.search.samplers import distribution, load_optuna

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

LEAST = 4
"""Complete trials below which nothing is said."""
METHODS = ("fanova", "mdi")


def importance(view: SweepView, method: str = "fanova") -> dict[str, float]:
    """Knob -> its share, the greatest first; none before there are `LEAST` complete trials."""
    complete = _complete(view)
    if len(complete) < LEAST:
        return {}
    kept = known(view.paths)
    if kept.get("trials") == len(complete) and kept.get("method") == method:
        return shares(kept)
    found = _found(view, complete, method)
    with contextlib.suppress(OSError):
        fields = {"method": method, "trials": len(complete), "shares": found}
        replace(view.paths.importance, json.dumps(fields).encode())
    return found


def known(paths: SweepPaths) -> dict[str, Any]:
    """What was found last, and from how many trials."""
    try:
        return parse_object(read_small(paths.importance, 1 << 16)) or {}
    except OSError:
        return {}


def shares(kept: Mapping[str, Any]) -> dict[str, float]:
    """The shares of what `known` gave, the greatest first."""
    found = kept.get("shares")
    pairs = found.items() if isinstance(found, dict) else ()
    numbers = {str(k): float(v) for k, v in pairs if isinstance(v, int | float)}
    return dict(sorted(numbers.items(), key=lambda pair: -pair[1]))


def _complete(view: SweepView) -> list[Record]:
    return [r for r in view.trials if r.state == "complete" and math.isfinite(r.value or 0.0)]


def _found(view: SweepView, complete: list[Record], method: str) -> dict[str, float]:
    optuna = load_optuna()
    asked = preset_of(view.paths, view.sweep)
    over = space.parse(asked.space, asked.preset, asked.set, str(view.paths.sweep))
    study = optuna.create_study(direction="minimize" if asked.falling else "maximize")
    kinds = {axis.key: _numeric(axis) for axis in over.axes}
    for record in complete:
        study.add_trial(
            optuna.create_trial(
                params={
                    axis.key: _value(axis, record.values[axis.key], kinds[axis.key])
                    for axis in over.axes
                },
                distributions=kinds,
                value=record.value,
            )
        )
    kind = {
        "fanova": optuna.importance.FanovaImportanceEvaluator,
        "mdi": optuna.importance.MeanDecreaseImpurityImportanceEvaluator,
    }[method]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = optuna.importance.get_param_importances(study, evaluator=kind(seed=0))
    except (RuntimeError, ValueError):
        return {}  # all trials have the same value: nothing mattered
    return {key: float(value) for key, value in found.items()}


def _numeric(axis: space.Axis) -> BaseDistribution:
    """Choices that are numbers are points of a range: a tree may cut between them."""
    from optuna.distributions import FloatDistribution

    if axis.choices and len(values := _numbers(axis.choices)) == len(axis.choices) > 1:
        return FloatDistribution(min(values), max(values))
    return distribution(axis)


def _value(axis: space.Axis, value: space.Value, kind: BaseDistribution) -> space.Value:
    from optuna.distributions import CategoricalDistribution

    if isinstance(kind, CategoricalDistribution):
        return value
    number = float(value)  # a grid's values are texts
    return round(number) if axis.whole else number


def _numbers(texts: tuple[str, ...]) -> list[float]:
    found = []
    for text in texts:
        with contextlib.suppress(ValueError):
            found.append(float(text))
    return found


if __name__ == "__main__":
    try:
        importance(read_ledger(SweepPaths(Path(sys.argv[1]))))
    except UserError as problem:
        sys.exit(str(problem))
