"""A race: several samplers on one space with equally many trials each, every trial a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.client.lessons import metric
from tuiwb.client.trials import settled
from tuiwb.search import space
from tuiwb.search.samplers import Sampler, Trial
from tuiwb.spec import resolve
from tuiwb.spec.lessons import Lesson, trial_label


@dataclass
class Arm:
    """One sampler and the runs of its trials.

    Before it asks for the next trial it looks at those that were training, and tells the sampler
    what has become of them: nobody else has to keep account. With one run at a time each trial
    knows of all before it.
    """

    sampler: Sampler
    metric: str
    launch: Callable[[Trial], Path]
    """Starts the run of a trial; its folder."""
    _training: dict[Path, Trial] = field(default_factory=dict)

    def start(self) -> Path:
        """Start the run of the next trial."""
        for path, trial in list(self._training.items()):
            view = settled(path)
            if view is not None:
                del self._training[path]
                # the weights of a run that diverged are no result
                over = view.status.state == "finished"
                self.sampler.tell(trial, metric(view, self.metric) if over else None)
        trial = self.sampler.ask()
        path = self.launch(trial)
        self._training[path] = trial
        return path


Launch = Callable[[str, Sequence[str]], Path]
"""Starts a run: where its settings come from, in words, and all of its settings."""


def starts(
    name: str, lesson: Lesson, overrides: Sequence[str], launch: Launch
) -> list[Callable[[], Path]]:
    """What starts each trial of a lesson's search, in the order of the lesson's labels.

    The space is checked now: a mistake costs no training. The samplers' seed is ``train.seed``.
    """
    search = lesson.search
    assert search is not None, "only a lesson with a [search]"
    settings = [*lesson.set, *overrides]
    seed = resolve(lesson.preset, settings, origin=f"lesson {name}").spec.train.seed
    where = f"lesson {name}, [search] space"
    over = space.parse(search.space, lesson.preset, settings, where)
    begin: list[Callable[[], Path]] = []
    for arm in search.samplers:
        sampler = Sampler(arm, over, search.trials, seed, falling=search.pick == "lowest")
        if sampler.size < search.trials:
            raise UserError(
                f"lesson {name}: its samplers have no equal budget",
                where=where,
                found=f"a grid of {sampler.size} points",
                allowed=f"{search.trials} trials for each sampler",
            )

        def train(trial: Trial, arm: str = arm) -> Path:
            label = trial_label(arm, trial.number + 1)
            return launch(f"lesson {name}, run {label}", [*settings, *trial.settings])

        runner = Arm(sampler, search.metric, train)
        begin += [runner.start] * search.trials
    return begin
