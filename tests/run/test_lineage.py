"""Runs as a tree."""

from __future__ import annotations

import random

from tuiwb.run.kept import RunSummary
from tuiwb.run.lineage import DEEPEST, origin, parents, tree


def run(name: str, parent: str = "", step: int | None = 5, **more: object) -> RunSummary:
    uid = str(more.pop("uid", f"uid-{name}"))
    of = str(more.pop("parent_uid", f"uid-{parent}" if parent else ""))
    return RunSummary(
        name, "finished", uid=uid, parent=parent, parent_uid=of,
        parent_step=step if parent else None,
    )  # fmt: skip


def drawn(runs: list[RunSummary]) -> list[str]:
    return [twig.stem + twig.run.id for twig in tree(runs)]


def test_children_stand_under_their_parent_and_a_family_where_its_newest_is() -> None:
    runs = [run("d", "b"), run("c"), run("e", "a"), run("b", "a"), run("z"), run("a")]
    assert drawn(runs) == ["a", "├─e", "└─b", "  └─d", "c", "z"]
    assert [twig.ascii_stem() for twig in tree(runs)][:4] == ["", "|-", "`-", "  `-"]


def test_runs_without_a_family_stay_as_they_are() -> None:
    runs = [run("b"), run("a"), run("orphan", "gone")]
    assert drawn(runs) == ["b", "a", "orphan"]


def test_a_child_names_a_parent_that_is_not_above_it() -> None:
    child, mother = run("child", "was-called-so", 500, parent_uid="uid-mother"), run("mother")
    (alone,) = tree([child])
    assert origin(alone) == "was-called-so at 500"
    assert origin(alone, parents([child], [child, mother])["child"]) == "mother at 500"
    under = tree([child, mother])[1]
    assert under.above and origin(under) == "at 500"
    assert origin(tree([mother])[0]) == ""


def test_a_parent_is_known_by_its_uid_also_under_a_new_name_and_beside_a_copy() -> None:
    child = run("child", "old", parent_uid="u")
    assert drawn([child, run("new", uid="u"), run("old", uid="other")]) == ["new", "└─child", "old"]
    copies = [run("copy", uid="u"), child, run("old", uid="u")]
    assert drawn(copies) == ["copy", "old", "└─child"]
    without = run("child", "old", parent_uid="")
    assert drawn([without, run("old")]) == ["old", "└─child"]


def test_what_claims_to_come_from_itself_is_no_tree() -> None:
    assert drawn([run("a", "a")]) == ["a"]
    assert sorted(drawn([run("a", "b"), run("b", "a")])) == ["b", "└─a"]
    ring = [run(f"r{n}", f"r{(n + 1) % 9}") for n in range(9)]
    assert len(drawn(ring)) == 9


def test_a_long_line_of_forks_is_set_in_only_so_far() -> None:
    line = [run("r0"), *(run(f"r{n}", f"r{n - 1}") for n in range(1, 3000))]
    stems = [twig.stem for twig in tree(line[::-1])]
    assert len(stems) == 3000 and max(map(len, stems)) == 2 * DEEPEST + 2


def test_every_run_stands_in_the_tree_once() -> None:
    dice = random.Random(5)
    for _ in range(50):
        names = [f"r{n}" for n in range(dice.randrange(1, 30))]
        runs = [run(n, dice.choice([*names, "", "", "gone"])) for n in names]
        dice.shuffle(runs)
        twigs = tree(runs)
        assert sorted(t.run.id for t in twigs) == sorted(names)
        for place, twig in enumerate(twigs):
            before = [t.run.id for t in twigs[:place]]
            assert twig.above == (twig.stem != "")
            assert not twig.above or twig.run.parent in before
