"""The list of runs as lines of text: the live ones first, then the newest, children under parents.

What is said of all of them is made ready once, off the event loop; a line is made when it is seen.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tuiwb.base.format import ago, number, si
from tuiwb.base.text import one_line
from tuiwb.tui import palette
from tuiwb.tui.courses import Course, spark
from tuiwb.tui.palette import AMBER, BLUE, DIM, FAINT, GREEN, PLAIN, STRONG
from tuiwb.tui.widgets.lines import Line, both_ends, length, pad, short, sides, wide, wrap
from tuiwb.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from tuiwb.client.select import Wanted
    from tuiwb.run.kept import Kept, RunSummary
    from tuiwb.run.lineage import Twig

NO_RUNS = "no runs yet. Choose a preset, press enter, turn its knobs, and ctrl+r trains it here."
NONE_LIKE = "no run is as asked: words, state:crashed, tag:keep; escape shows all again"
MARKED = "●"
_ROOM = 8  # cells that a note needs to be worth showing
_NAME = 16  # cells of a name that are worth more than how far its run is
_CURVE = 4, 16  # cells of a curve of the loss, at least and at most
_PROGRESS, _LOSS = 11, 8  # cells of how far a run is, and of its loss
_SAMPLE = 5000  # rows that are asked how wide names are


@dataclass
class Shelf:
    """Runs in the order in which they stand, as twigs, of which the first ``live`` are live; all
    that were found, by the names of their folders."""

    twigs: Sequence[Twig] = ()
    live: int = 0
    keys: Sequence[Hashable] = ()
    parents: Mapping[str, RunSummary] = field(default_factory=dict)
    found: Mapping[str, Kept] = field(default_factory=dict)
    sweeps: Mapping[str, RunSummary] = field(default_factory=dict)


def shelf(
    runs: Sequence[RunSummary],
    wanted: Wanted,
    sweeps: Sequence[RunSummary] = (),
    found: Mapping[str, Kept] | None = None,
) -> Shelf:
    """Put the runs that are asked for in order, with ``sweeps`` in the place of their trials unless
    some are asked for. Takes a while where they are very many. ``found`` are all by their folders'
    names, where they are at hand."""
    from tuiwb.run.kept import kept
    from tuiwb.run.lineage import parents, tree
    from tuiwb.tui.sweeps import SweepKey, gathered

    asked = wanted.of(runs) if wanted else gathered(runs, sweeps) if sweeps else runs
    every = kept(asked)
    live = tree([run for run in every if run.live])
    rest = tree([run for run in every if not run.live] if live else every)
    twigs = live.before(rest) if live else rest
    lines = {line.id: line for line in sweeps}
    own = {id(line): SweepKey(line.id) for line in sweeps}
    keys: list[Hashable] = [own.get(id(run)) or run.name for run in twigs.kept]
    if live and rest:
        keys.insert(len(live), None)
    found = {run.name: run for run in kept(runs)} if found is None else found
    return Shelf(twigs, len(live), keys, parents(asked, runs), found, lines)


def rows(
    shelf: Shelf,
    width: int,
    now: float,
    marked: Collection[str] = (),
    courses: Mapping[str, Course] = MappingProxyType({}),
) -> Rows:
    """The shelf's rows for a pane of this width; those ``marked`` have a sign, and those of which
    the ``courses`` are known a curve of their loss."""
    twigs, gap = shelf.twigs, shelf.live if len(shelf.keys) > len(shelf.twigs) else -1
    widest = max((len(t.stem) + wide(t.run.id) for t in twigs[:_SAMPLE]), default=0)
    room = width - 14 - _PROGRESS - _LOSS  # so that a long name takes nothing from the others
    names = min(max(8, widest), room if room >= _NAME else max(8, width - 14 - _LOSS))

    def made(place: int) -> Line:
        if place == gap:
            return []
        twig = twigs[place - 1 if 0 <= gap < place else place]
        parent = shelf.parents.get(twig.run.name)
        name = twig.run.name
        return line(twig, names, width, now, parent, name in marked, courses.get(name, ()))

    return Rows(shelf.keys, made)


def line(
    twig: Twig,
    names: int,
    width: int,
    now: float,
    parent: RunSummary | None = None,
    marked: bool = False,
    course: Course = (),
) -> Line:
    """One run: how it is, what it is called, how far it has come; then what there is room for."""
    from tuiwb.run.lineage import origin

    run, look = twig.run, palette.state(twig.run.state)
    name = both_ends(one_line(run.id), max(4, names - len(twig.stem)))
    out: Line = [
        (look.glyph, look.style),
        (MARKED, AMBER) if marked else (" ", PLAIN),
        (twig.stem, FAINT),
        (f"{name} ", STRONG if look.live else PLAIN),
        (f" {one_line(run.state, 10):9}", look.style),
    ]
    room = width - 1 - length(out)
    if room >= _PROGRESS + _LOSS:
        out.append((f" {_progress(run):>{_PROGRESS - 1}}", DIM))
        room -= _PROGRESS
    if run.loss is not None and room >= _LOSS:
        curve = spark(course, min(_CURVE[1], room - _LOSS - 1))
        words = room - (len(curve) + 1 if len(curve) >= _CURVE[0] else 0) >= _LOSS + len("loss ")
        out.append(("  loss " if words else "  ", FAINT))
        if len(curve) >= _CURVE[0]:
            out.append((f"{curve} ", GREEN if look.live else DIM))
        out.append((f"{number(run.loss, 3):6}", GREEN if look.live else PLAIN))
    since = now - run.started if run.started is not None else 0.0
    right: Line = [(f"  {ago(since)} ", FAINT)] if since > 0 else []
    room = width - 1 - length(out) - length(right)
    from_ = origin(twig, parent)
    for text, style in (
        (f"  from {from_}" if from_ and not twig.above else "", FAINT),
        ("".join(f" #{tag}" for tag in run.tags), BLUE),
        (f"  {one_line(run.note)}" if run.note else "", DIM),
    ):
        if not text or room < _ROOM:
            continue
        text = short(text, room)
        out.append((text, style))
        room -= wide(text)
    return pad(sides(out, right, width - 1) if right else out, width - 1)


def story(
    run: RunSummary, width: int, parent: RunSummary | None = None, course: Course = ()
) -> list[Line]:
    """What is known of the run under the cursor."""
    lines: list[Line] = [[(f" {text}", PLAIN)] for text in wrap(one_line(run.words), width - 2)]
    if curve := spark(course, min(len(course), width - 20)):
        lines.append([(f" {'loss':10}", DIM), (curve, BLUE)])
        if run.loss is not None:
            lines[-1].append((f"  {number(run.loss, 4)}", STRONG))
    if run.parent:
        at = f" at step {run.parent_step}" if run.parent_step is not None else ""
        name = parent.id if parent is not None else f"{run.parent} (not here)"
        lines += _field("from", f"{name}{at}", width)
    if run.tags:
        lines += _field("tags", " ".join(run.tags), width)
    if run.note:
        lines += _field("note", run.note, width)
    lines += _field("preset", run.preset or "-", width)
    return [*lines, *_field("folder", str(run.path), width)]


def _field(name: str, text: str, width: int) -> list[Line]:
    first, *rest = wrap(one_line(text), width - 12)
    return [[(f" {name:10}", DIM), (first, PLAIN)], *([(" " * 11 + r, PLAIN)] for r in rest)]


def _progress(run: RunSummary) -> str:
    step = si(run.step or 0, 4)
    far = f"{step}/{si(run.steps, 4)}" if run.steps else step
    return f"{far} trials" if run.sweep and run.sweep == run.id else far
