"""Runs as a tree: children stand under the run that they forked from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tuiwb.run.kept import RunSummary

DEEPEST = 6
"""Generations that are told apart by how far they are set in."""
_BRANCH, _LAST, _ON, _NONE = "├─", "└─", "│ ", "  "
_ASCII = {_BRANCH: "|-", _LAST: "`-", _ON: "| ", _NONE: "  "}


class Twig(NamedTuple):
    """A run in its place: ``stem`` is drawn before its name; ``above`` says whether its parent
    stands above it, and where it does not, `origin` names the parent."""

    run: RunSummary
    stem: str = ""
    above: bool = False

    def ascii_stem(self) -> str:
        """The stem for a terminal without line drawing."""
        stem = self.stem
        for glyph, plain in _ASCII.items():
            stem = stem.replace(glyph, plain)
        return stem


class Family:
    """Who is whose parent, among some runs: by the id that a rename leaves as it is, else by name.
    A copy of a run's folder has the same id; then the name decides."""

    def __init__(self, runs: Iterable[RunSummary]) -> None:
        self._by_uid: dict[str, list[RunSummary]] = {}
        self._by_name: dict[str, RunSummary] = {}
        for run in runs:
            self._by_name[run.id] = run
            if run.uid:
                self._by_uid.setdefault(run.uid, []).append(run)

    def parent(self, run: RunSummary) -> RunSummary | None:
        """The run that this one forked from, where it is among them."""
        if not run.parent and not run.parent_uid:
            return None
        named = self._by_name.get(run.parent)
        if run.parent_uid:
            same = self._by_uid.get(run.parent_uid, [])
            found = named if named in same else next(iter(same), None)
        else:
            found = named
        return None if found is run else found


def tree(runs: Sequence[RunSummary]) -> list[Twig]:
    """The runs in the order given, newest first, but for children, which stand under their parent;
    a family stands where its newest member would."""
    above: dict[str, RunSummary] = {}
    for run, parent in _pairs(runs, runs):
        if not _descends(parent, run, above):
            above[run.name] = parent
    if not above:
        return [Twig(run) for run in runs]
    children: dict[str, list[RunSummary]] = {}
    for run in runs:
        if (mother := above.get(run.name)) is not None:
            children.setdefault(mother.name, []).append(run)
    twigs: list[Twig] = []
    done: set[str] = set()
    for run in runs:
        name = run.raw or run.id
        if name not in above and name not in children:
            twigs.append(Twig(run))
            continue
        while name in above:
            run = above[name]
            name = run.name
        if name not in done:
            done.add(name)
            twigs += _family(run, children)
    return twigs


def _family(root: RunSummary, children: Mapping[str, Sequence[RunSummary]]) -> Iterator[Twig]:
    """A run and all that comes from it, from top to bottom."""
    waiting = [(root, "", "", False)]
    while waiting:
        run, stem, under, above = waiting.pop()
        yield Twig(run, stem, above)
        mine = children.get(run.name, ())
        for child in reversed(mine):
            last = child is mine[-1]
            inner = under if len(under) >= 2 * DEEPEST else under + (_NONE if last else _ON)
            waiting.append((child, under + (_LAST if last else _BRANCH), inner, True))


def _pairs(
    runs: Iterable[RunSummary], among: Iterable[RunSummary]
) -> Iterator[tuple[RunSummary, RunSummary]]:
    """Child and parent, for those of ``runs`` whose parent is ``among`` these."""
    children = [run for run in runs if run.parent or run.parent_uid]
    if children:
        uids, names = {run.parent_uid for run in children}, {run.parent for run in children}
        family = Family(run for run in among if run.uid in uids or run.id in names)
        for run in children:
            if (parent := family.parent(run)) is not None:
                yield run, parent


def parents(runs: Iterable[RunSummary], among: Iterable[RunSummary]) -> dict[str, RunSummary]:
    """Child's folder -> parent, for those of ``runs`` whose parent is ``among`` these."""
    return {run.name: parent for run, parent in _pairs(runs, among)}


def origin(twig: Twig, parent: RunSummary | None = None) -> str:
    """Where a child comes from, in words: ``at 500`` under its parent, else ``NAME at 500``;
    ``parent`` is its parent as it is called now, where it is known."""
    run = twig.run
    at = "" if run.parent_step is None else f"at {run.parent_step}"
    if twig.above:
        return at
    name = parent.id if parent is not None else run.parent
    return f"{name} {at}".strip() if name else ""


def _descends(run: RunSummary, ancestor: RunSummary, above: Mapping[str, RunSummary]) -> bool:
    """Whether ``run`` is ``ancestor`` or comes from it. A file can claim so, a tree not."""
    node: RunSummary | None = run
    while node is not None:
        if node is ancestor:
            return True
        node = above.get(node.name)
    return False
