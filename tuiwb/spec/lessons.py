"""A lesson: runs of presets, sick and cured, laid over each other, and what they must show.

A lesson is one TOML file in ``presets/lessons/`` (or ``lessons/`` beside a user's own presets). Its
checks are a small vocabulary over what a run's folder holds, so that they are judged without torch.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from tuiwb.base.errors import UserError, nearest
from tuiwb.spec.knobs import Section, knob
from tuiwb.spec.presets import LESSONS, folders
from tuiwb.spec.resolve import Resolved, resolve
from tuiwb.spec.toml import read


class LessonAbout(Section):
    """The story of a lesson."""

    title: Annotated[str, knob("what it is called")]
    paper: Annotated[str, knob("where the symptom, or its cure, was described")]
    story: Annotated[str, knob("what goes wrong, why, and what helps")]
    look_at: Annotated[str, knob("what is worth watching")]
    measured: Annotated[str, knob("what this program reached, over which seeds")] = ""
    quick: Annotated[bool, knob("whether a quick check of all presets takes it in")] = False


class LessonRun(Section):
    """One of the runs."""

    label: Annotated[str, knob("what it is called in the plot and in the checks")]
    preset: Annotated[str, knob("the preset that it changes; empty: the lesson's")] = ""
    set: Annotated[tuple[str, ...], knob("knobs that differ: section.key=value")] = ()
    note: Annotated[str, knob("what is done to it, in words")] = ""


Pick = Literal["last", "lowest", "highest"]


class LessonSearch(Section):
    """A race of samplers for the best run: each of its trials is a run of the lesson's preset."""

    space: Annotated[tuple[str, ...], knob("what varies, as in tuiwb sweep: optim.lr=log:1e-4:1")]
    samplers: Annotated[tuple[str, ...], knob("grid, random, tpe: what chooses the trials")]
    trials: Annotated[int, knob("trials of each sampler", ge=1, le=10_000)]
    metric: Annotated[str, knob("what is compared: of the last evaluation of each trial")]
    pick: Annotated[Literal["lowest", "highest"], knob("which value of it is the best")]


class Bounded(Section):
    """What all checks of a number share. A number that is missing or NaN meets no bound."""

    run: Annotated[str, knob("label of the run that is looked at")]
    reason: Annotated[str, knob("what it shows when it is met")]
    at_least: Annotated[float | None, knob("met when the number is at least this")] = None
    at_most: Annotated[float | None, knob("met when the number is at most this")] = None


class MetricCheck(Bounded, kw_only=True, tag_field="check", tag="metric"):
    """A metric of the evaluations, or a column of the steps, of one run."""

    metric: Annotated[str, knob("such as val_accuracy or grad_norm")]
    pick: Annotated[Pick, knob("which of its values")] = "last"


class GapCheck(Bounded, kw_only=True, tag_field="check", tag="gap"):
    """How much larger a metric is in one run than in another: ``run`` minus ``over``."""

    metric: Annotated[str, knob("such as val_accuracy")]
    over: Annotated[str, knob("label of the run that it is compared with")]
    pick: Annotated[Pick, knob("which of its values, in both runs")] = "last"


class ReachCheck(Bounded, kw_only=True, tag_field="check", tag="reach"):
    """The step of the first evaluation at which a metric has reached a level; the bounds are in
    steps. A level that is never reached takes infinitely many."""

    metric: Annotated[str, knob("such as val_accuracy")]
    level: Annotated[float, knob("the level")]
    falling: Annotated[bool, knob("whether less is better")] = False


class LayerCheck(Bounded, kw_only=True, tag_field="check", tag="layer"):
    """A statistic of one layer in one sampled step, or how many times another layer's it is; or
    how far it went during the run."""

    column: Annotated[str, knob("column of the layers table: grad_norm, act_std, weight_rank, ...")]
    layer: Annotated[
        str,
        knob("first, last, greatest or least of the layers that have the statistic, or a name"),
    ]
    kind: Annotated[str, knob("only layers of this kind, such as ReLU; empty: all")] = ""
    over: Annotated[
        str, knob("the layer that it is divided by, in the same words; empty: none")
    ] = ""
    step: Annotated[
        Literal["first", "last", "drift"],
        knob("which sampled step; drift: how far it went, up or down, from the first to the last"),
    ] = "last"


class StateCheck(Section, kw_only=True, tag_field="check", tag="state"):
    """How a run ended."""

    run: Annotated[str, knob("label of the run that is looked at")]
    reason: Annotated[str, knob("what it shows when it is met")]
    state: Annotated[Literal["finished", "diverged", "stopped"], knob("the state it must end in")]


class FindingCheck(Section, kw_only=True, tag_field="check", tag="finding"):
    """Whether the doctor spoke."""

    run: Annotated[str, knob("label of the run that is looked at")]
    reason: Annotated[str, knob("what it shows when it is met")]
    symptom: Annotated[str, knob("the doctor's name for it")]
    present: Annotated[bool, knob("whether it must have been found, or must not")] = True


class EnsembleCheck(Bounded, kw_only=True, tag_field="check", tag="ensemble"):
    """How much better a metric is of the averaged answers of several finished runs, ``run`` and
    those ``beside`` it, than it is of them on the mean."""

    metric: Annotated[str, knob("such as val_accuracy")]
    beside: Annotated[tuple[str, ...], knob("labels of the other members")]


class TrialsCheck(Bounded, kw_only=True, tag_field="check", tag="trials"):
    """The best trial of a sampler, ``run``, or its median trial; or how much larger that is than
    ``over``'s."""

    metric: Annotated[str, knob("such as val_accuracy, of the last evaluation of each trial")]
    pick: Annotated[Literal["lowest", "highest", "median"], knob("which of its values")]
    over: Annotated[str, knob("the sampler that it is compared with; empty: none")] = ""


Check = (
    TrialsCheck
    | EnsembleCheck
    | MetricCheck
    | GapCheck
    | ReachCheck
    | LayerCheck
    | StateCheck
    | FindingCheck
)


class Lesson(Section):
    """A whole lesson."""

    about: LessonAbout
    overlay: tuple[str, ...]
    """Columns that are drawn for all runs in one plot each: of the evaluations or the steps, or
    ``layers.COLUMN``, the first sampled step layer by layer, or ``layers.COLUMN@LAYER`` (first,
    last or a name), one layer over the sampled steps. Of a search, ``highest.METRIC`` or
    ``lowest.METRIC`` is the best so far, sampler by sampler and trial by trial."""
    asserts: tuple[Check, ...]
    runs: tuple[LessonRun, ...] = ()
    search: LessonSearch | None = None
    """Trials, more runs that a search chooses one by one."""
    preset: str = ""
    """The preset of all runs that name none of their own."""
    set: tuple[str, ...] = ()
    """What all runs have in common; a run's own settings beat it."""

    def __post_init__(self) -> None:
        labels = list(self.labels)
        if len(labels) < 1 or len(set(labels)) < len(labels):
            raise ValueError(f"runs need labels of their own: {', '.join(labels) or 'no run'}")
        if self.search is not None and not self.preset:
            raise ValueError("a search needs the lesson's preset")
        for run in self.runs:
            if not (run.preset or self.preset):
                raise ValueError(f"run {run.label!r} names no preset, nor does the lesson")
        for check in self.asserts:
            named, there = [check.run], labels
            if isinstance(check, TrialsCheck):
                there = list(self.search.samplers) if self.search is not None else []
                named += [check.over] if check.over else []
            elif isinstance(check, GapCheck):
                named.append(check.over)
            elif isinstance(check, EnsembleCheck):
                named += check.beside
            for label in named:
                if label not in there:
                    raise ValueError(f"there is no run {label!r}; there are {', '.join(there)}")
            if isinstance(check, Bounded) and (check.at_least is None) == (check.at_most is None):
                raise ValueError(f"one bound, at_least or at_most, is wanted: {check.reason}")

    @property
    def labels(self) -> tuple[str, ...]:
        """What all runs are called, those of a search last, in the order in which they begin."""
        search = self.search
        arms = () if search is None else search.samplers
        trials = 0 if search is None else search.trials
        tried = (trial_label(arm, number) for arm in arms for number in range(1, trials + 1))
        return (*(run.label for run in self.runs), *tried)

    @property
    def names(self) -> tuple[str, ...]:
        """What it trains, in short: its runs, and of a search its samplers."""
        search = self.search
        samplers = () if search is None else search.samplers
        trials = 0 if search is None else search.trials
        return (*(run.label for run in self.runs), *(f"{arm} x {trials}" for arm in samplers))


def trial_label(arm: str, number: int) -> str:
    """What the ``number``-th trial of a sampler (from 1) is called."""
    return f"{arm} #{number}"


def arm_of(label: str) -> str:
    """The sampler that a trial's label names; empty where it is none of a trial."""
    return label.rpartition(" #")[0]


def paths() -> dict[str, Path]:
    """Name -> file of every lesson; a user's own hides one of ours with the same name."""
    return {f.stem: f for folder in folders() for f in sorted((folder / LESSONS).glob("*.toml"))}


def lesson(name: str) -> Lesson:
    """A lesson by its name or by a path to its file. A mistake in it is a `UserError`."""
    known = paths()
    path = known.get(name) or Path(name).expanduser()
    if path.suffix != ".toml" or not path.is_file():
        raise UserError(
            f"unknown lesson {name!r}",
            found=repr(name),
            allowed=", ".join(sorted(known)),
            nearest=nearest(name, known),
            next="tuiwb lesson lists them with what they show",
        )
    try:
        return msgspec.convert(read(path), Lesson)
    except msgspec.ValidationError as error:
        raise UserError(
            f"{path.name} is not a lesson: {error}",
            where=str(path),
            allowed="[about], [[runs]], overlay and [[asserts]], as in our own lessons",
        ) from None


def lessons() -> Iterator[tuple[str, Lesson]]:
    """All lessons with their names, in alphabetical order; one that does not parse is left out."""
    for name in sorted(paths()):
        try:
            yield name, lesson(name)
        except UserError:
            continue


def resolve_run(name: str, lesson: Lesson, run: LessonRun, overrides: Iterable[str]) -> Resolved:
    """One run of lesson ``name`` as a whole spec; ``overrides`` beat the lesson's own."""
    settings = [*lesson.set, *run.set, *overrides]
    return resolve(run.preset or lesson.preset, settings, origin=f"lesson {name}, run {run.label}")
