"""Runs as a tree: children stand under the run that they forked from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, overload

from tuiwb.run.kept import Kept, RunSummary, kept

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
        return None if found is None or found.name == run.name else found


class Twigs(Sequence[Twig]):
    """Runs in their places; those with a stem, or with their parent above them, are few."""

    def __init__(self, kept: Sequence[Kept], set_in: Mapping[int, tuple[str, bool]]) -> None:
        self.kept, self.set_in = kept, set_in

    def __len__(self) -> int:
        return len(self.kept)

    @overload
    def __getitem__(self, place: int) -> Twig: ...

    @overload
    def __getitem__(self, place: slice) -> list[Twig]: ...

    def __getitem__(self, place: int | slice) -> Twig | list[Twig]:
        places = range(len(self.kept))[place]
        if isinstance(places, range):
            return [self[number] for number in places]
        return Twig(self.kept[places].full(), *self.set_in.get(places, ("", False)))

    def before(self, others: Twigs) -> Twigs:
        """These, and then the others."""
        more = {place + len(self): one for place, one in others.set_in.items()}
        return Twigs([*self.kept, *others.kept], {**self.set_in, **more})


def tree(runs: Sequence[Kept]) -> Twigs:
    """The runs in the order given, newest first, but for children, which stand under their parent;
    a family stands where its newest member would."""
    runs = kept(runs)
    above: dict[str, RunSummary] = {}
    for run, parent in _pairs(runs, runs):
        if not _descends(parent, run, above):
            above[run.name] = parent
    if not above:
        return Twigs(runs, {})
    children: dict[str, list[Kept]] = {}
    for one in runs:
        if (mother := above.get(one.name)) is not None:
            children.setdefault(mother.name, []).append(one)
    placed: list[Kept] = []
    set_in: dict[int, tuple[str, bool]] = {}
    done: set[str] = set()
    for one in runs:
        name = one.name
        if name not in above and name not in children:
            placed.append(one)
            continue
        root = one
        while name in above:
            root = above[name]
            name = root.name
        if name not in done:
            done.add(name)
            for member, stem, is_under in _family(root, children):
                if stem or is_under:
                    set_in[len(placed)] = stem, is_under
                placed.append(member)
    return Twigs(placed, set_in)


def _family(root: Kept, children: Mapping[str, Sequence[Kept]]) -> Iterator[tuple[Kept, str, bool]]:
    """A run and all that comes from it, from top to bottom: each with its stem, and whether its
    parent stands above it."""
    waiting = [(root, "", "", False)]
    while waiting:
        run, stem, under, above = waiting.pop()
        yield run, stem, above
        mine = children.get(run.name, ())
        for child in reversed(mine):
            last = child is mine[-1]
            inner = under if len(under) >= 2 * DEEPEST else under + (_NONE if last else _ON)
            waiting.append((child, under + (_LAST if last else _BRANCH), inner, True))


def _pairs(runs: Sequence[Kept], among: Sequence[Kept]) -> Iterator[tuple[RunSummary, RunSummary]]:
    """Child and parent, for those of ``runs`` whose parent is ``among`` these."""
    children = [one.full() for one in kept(runs) if one.forked]
    if children:
        uids, names = {run.parent_uid for run in children}, {run.parent for run in children}
        family = Family(
            run for one in kept(among) if (run := one.full()).uid in uids or run.id in names
        )
        for run in children:
            if (parent := family.parent(run)) is not None:
                yield run, parent


def parents(runs: Sequence[Kept], among: Sequence[Kept]) -> dict[str, RunSummary]:
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
        if node.name == ancestor.name:
            return True
        node = above.get(node.name)
    return False
