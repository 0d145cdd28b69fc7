"""A controller may end anywhere: the next one goes on, trains nothing twice and decides alike."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.search.synthetic import STEPS, Synthetic, asked, begin, bowl, conducted, controller
from tuiwb.base.errors import UserError
from tuiwb.run.journal import events
from tuiwb.search.ledger import Record, SweepReader, read_ledger
from tuiwb.search.places import SweepPaths
from tuiwb.search.runner import Seen


def trials(paths: SweepPaths) -> list[Record]:
    return list(read_ledger(paths).trials)


def told(record: Record) -> tuple[object, ...]:
    return record.number, record.settings, record.state, record.value, tuple(record.reports)


@pytest.mark.parametrize("sampler", ["grid", "random", "qmc", "tpe"])
def test_every_trial_is_trained_once_and_never_more_than_jobs(tmp_path: Path, sampler: str) -> None:
    paths, runner = begin(tmp_path, asked(sampler=sampler)), Synthetic()
    conducted(paths, runner)
    found = read_ledger(paths)
    assert found.state == "finished" and found.over == found.size == len(runner.begun)
    assert runner.most == 3
    assert {record.state for record in found.trials} == {"complete"}
    values = [record.value for record in found.trials]
    assert found.best is not None and found.best.value == min(v for v in values if v is not None)
    assert found.steps == STEPS * found.size
    assert SweepReader(paths).poll().best is not None


def test_while_nothing_can_be_begun_the_others_are_followed(tmp_path: Path) -> None:
    paths, runner = begin(tmp_path, asked(jobs=2)), Synthetic(slow=True)
    slow = controller(paths, runner)
    slow.take_up()
    assert not slow.beat() and not runner.begun
    while not runner.begun:
        slow.beat()
    number, looks = 1, runner.looks[1]
    runner.asked_whether = 0  # not ready at the next beat
    slow.beat()
    assert set(runner.begun) == {1} and runner.looks[number] == looks + 1
    slow.run(sleep=lambda seconds: None)
    assert {record.state for record in trials(paths)} == {"complete"} and runner.most == 2


@pytest.mark.parametrize("sampler", ["random", "qmc", "grid"])
def test_cut_off_after_any_event_it_ends_as_it_would_have(tmp_path: Path, sampler: str) -> None:
    sweep = asked(sampler=sampler, trials=6, jobs=2)
    whole = begin(tmp_path, sweep)
    conducted(whole, Synthetic())
    lines = whole.journal.read_bytes().splitlines(keepends=True)
    for cut in range(2, len(lines), 4):
        killed = begin(tmp_path, sweep)
        runner = Synthetic()
        first = controller(killed, runner)
        first.take_up()
        while len(killed.journal.read_bytes().splitlines()) < cut:
            first.beat()
        kept = killed.journal.read_bytes().splitlines(keepends=True)[:cut]
        killed.journal.write_bytes(b"".join(kept) + b'{"torn')
        # what is not in the journal was not asked for, so no run was made of it either
        known = sum(b'"asked"' in line for line in kept)
        for number in [n for n in runner.begun if n > known]:
            del runner.begun[number], runner.looks[number]
        conducted(killed, runner)
        assert list(map(told, trials(killed))) == list(map(told, trials(whole)))


def test_a_trial_that_was_asked_for_and_never_made_is_made(tmp_path: Path) -> None:
    paths, runner = begin(tmp_path, asked()), Synthetic()
    first = controller(paths, runner)
    first.take_up()
    first.beat()
    del runner.begun[2], runner.looks[2]  # killed between the journal and the folder
    conducted(paths, runner)
    assert set(runner.begun) == set(range(1, 13))


def test_a_worker_that_dies_is_resumed_and_not_for_ever(tmp_path: Path) -> None:
    dead = Seen("crashed", 3, 1.0, [(1, 2.0)], ("val_loss",), reason="killed")
    done = Seen("finished", STEPS, 2.0, [(1, 2.0), (8, 0.5)], ("val_loss",), 0.5)
    runner = Synthetic(script={1: [dead, dead, done], 2: [dead]})
    paths = begin(tmp_path, asked(trials=4))
    conducted(paths, runner)
    first, second, *_ = trials(paths)
    assert (first.state, first.value, first.resumed) == ("complete", 0.5, 1)
    assert second.state == "failed" and second.reason == "its worker was killed 3 times: killed"
    assert 1 < runner.resumed.count(2) < 6


DONE = Seen("finished", STEPS, 2.0, [(1, 2.0), (8, 0.5)], ("val_loss",), 0.5)
DEAD = Seen("crashed", 3, 1.0, [(1, 2.0)], ("val_loss",), reason="killed")
UNBEGUN = Seen("failed", reason="the worker ended before it began: killed by signal 9", signal=True)
ITS_OWN = Seen("failed", 3, 1.0, [(1, 2.0)], ("val_loss",), reason="out of memory")


@pytest.mark.parametrize("gone", [DEAD, UNBEGUN])
def test_who_goes_on_tries_those_again_whose_workers_were_killed(
    tmp_path: Path, gone: Seen
) -> None:
    """And not those whose own settings were at fault, unless that is asked for."""
    paths, runner = begin(tmp_path, asked()), Synthetic(script={2: [gone], 5: [ITS_OWN]})
    conducted(paths, runner)
    before = trials(paths)
    assert [(r.state, r.killed) for r in (before[1], before[4])] == [
        ("failed", True), ("failed", False)
    ]  # fmt: skip
    assert set(runner.resumed) == {2}
    runner.resumed.clear()
    runner.looks[2], runner.script[2] = 0, [gone, gone, DONE]
    conducted(paths, runner)
    after = trials(paths)
    assert (after[1].state, after[1].value, after[1].killed) == ("complete", 0.5, False)
    assert runner.resumed == [2]
    others = [record for record in before if record.number != 2]
    assert list(map(told, others)) == [told(record) for record in after if record.number != 2]
    runner.looks[5], runner.script[5] = 0, [ITS_OWN, ITS_OWN, DONE]
    conducted(paths, runner, retry_failed=True)
    assert {record.state for record in trials(paths)} == {"complete"}
    assert runner.resumed == [2, 5] and read_ledger(paths).state == "finished"


def test_one_that_fails_again_when_it_is_tried_again_has_failed(tmp_path: Path) -> None:
    paths, runner = (
        begin(tmp_path, asked()),
        Synthetic(script={5: [ITS_OWN]}, refused=frozenset({7})),
    )
    conducted(paths, runner)
    for times in (1, 2):
        conducted(paths, runner, retry_failed=True)
        assert [r.number for r in trials(paths) if r.state == "failed"] == [5, 7]
        assert runner.resumed == [5] * times


def test_those_that_are_gone_on_with_wait_for_room(tmp_path: Path) -> None:
    """A machine that went down has stopped all of a population, and they go on one by one."""
    paths = begin(tmp_path, asked(population=True, space=("optim.lr=log:1e-4:1",)))
    runner = Synthetic()
    first = controller(paths, runner)
    first.take_up()
    first.beat()
    assert runner.most == 12
    runner.live.clear()
    runner.most = 0
    runner.script = {number: [DEAD, DEAD, DONE] for number in runner.begun}
    conducted(paths, runner, jobs=2)
    assert sorted(runner.resumed) == list(range(1, 13)) and runner.most == 2
    assert {record.state for record in trials(paths)} == {"complete"}


def test_a_worker_that_comes_late_is_not_given_up(tmp_path: Path) -> None:
    """On a busy machine it is taken for dead, and is there by the time that it is to be resumed."""

    class Late(Synthetic):
        def resume(self, number: int) -> None:
            raise UserError("it is being trained: there is nothing to resume")

    dead = Seen("crashed", reason="before it began")
    there = Seen("training", 1, 1.0, [(1, 2.0)], ("val_loss",))
    done = Seen("finished", STEPS, 2.0, [(1, 2.0), (8, 0.5)], ("val_loss",), 0.5)
    runner = Late(script={1: [dead, dead, there, done], 2: [dead]})
    paths = begin(tmp_path, asked(trials=3))
    conducted(paths, runner)
    first, second, third = trials(paths)
    assert (first.state, first.value) == ("complete", 0.5)
    assert second.state == "failed" and "nothing to resume" in second.reason
    assert third.state == "complete"
    assert [record.resumed for record in (first, second, third)] == [0, 0, 0]


def test_a_life_counts_once_where_its_controller_was_killed_before_it_came(tmp_path: Path) -> None:
    class Cut(Synthetic):
        def resume(self, number: int) -> None:
            raise KeyboardInterrupt

    paths, runner = begin(tmp_path, asked()), Cut(script={2: [DEAD, DEAD, DONE]})
    with pytest.raises(KeyboardInterrupt):
        conducted(paths, runner)
    assert trials(paths)[1].resumed == 1, "it is to go on"
    begun, looks = runner.begun, runner.looks | {2: 0}
    whole = Synthetic(script={2: [DEAD, DEAD, DONE]}, begun=begun, looks=looks)
    conducted(paths, whole)
    wanted = sum(event["kind"] == "resumed" for event in events(paths.journal))
    assert wanted == 2 and [record.resumed for record in trials(paths)] == [0, 1, *[0] * 10]


@pytest.mark.parametrize("pruner", ["median", "asha", "hyperband"])
def test_a_pruner_stops_the_bad_and_spares_the_best(tmp_path: Path, pruner: str) -> None:
    sweep = asked(pruner=pruner, trials=30, jobs=2)
    paths, runner = begin(tmp_path, sweep), Synthetic()
    conducted(paths, runner)
    found = read_ledger(paths)
    pruned = [record for record in found.trials if record.state == "pruned"]
    assert pruned and {record.by for record in pruned} == {pruner}
    assert set(runner.stopped) >= {record.number for record in pruned}
    assert all(f"pruned by {pruner}" in runner.stopped[record.number] for record in pruned)
    assert all("worse than others" in record.reason for record in pruned)
    assert found.steps < STEPS * 30
    ends = {number: bowl(settings)[-1] for number, settings in runner.begun.items()}
    assert found.best is not None
    assert sorted(ends.values()).index(ends[found.best.number]) < 3


def test_what_the_doctor_gives_up_is_pruned_and_says_so(tmp_path: Path) -> None:
    lost = Seen("training", 4, 1.0, [], None, lost="the loss is not finite since step 3")
    over = Seen("stopped", 5, 1.0, [], None)
    runner = Synthetic(script={2: [lost, lost, over]})
    paths, said = begin(tmp_path, asked(trials=4)), list[str]()
    conducted(paths, runner, said)
    record = trials(paths)[1]
    assert (record.state, record.by) == ("pruned", "doctor")
    assert record.reason == "the loss is not finite since step 3"
    assert "not finite since step 3" in runner.stopped[2]
    assert any("trial 2: pruned by doctor at step 5" in line for line in said)


def test_a_run_that_its_own_doctor_stopped_is_pruned_by_the_doctor(tmp_path: Path) -> None:
    over = Seen("stopped", 9, 1.0, [], None, reason="the doctor found it", lost="it diverges")
    paths = begin(tmp_path, asked(trials=3))
    conducted(paths, Synthetic(script={2: [over]}))
    record = trials(paths)[1]
    assert (record.state, record.by, record.reason) == ("pruned", "doctor", "it diverges")


def test_a_run_that_a_signal_stopped_goes_on(tmp_path: Path) -> None:
    """A machine that is needed for others, or goes down, decides nothing."""
    ended = Seen("stopped", 3, 1.0, [(1, 2.0)], ("val_loss",), left=True)
    done = Seen("finished", STEPS, 2.0, [(1, 2.0), (8, 0.5)], ("val_loss",), 0.5)
    paths, runner = begin(tmp_path, asked()), Synthetic(script={2: [ended, ended, done]})
    conducted(paths, runner)
    assert runner.resumed == [2] and trials(paths)[1].state == "complete"


def test_a_disk_that_stops_a_trial_stops_the_sweep_until_there_is_room(tmp_path: Path) -> None:
    full = Seen("stopped", 3, 1.0, [(1, 2.0)], ("val_loss",), hindered="the disk took no more")
    paths, runner = begin(tmp_path, asked()), Synthetic(script={2: [full]})
    for _ in range(2):  # whoever goes on too early is told again
        with pytest.raises(UserError, match="the disk took no more") as error:
            conducted(paths, runner)
        assert "tuiwb sweep resume" in error.value.next
        assert read_ledger(paths).state == "failed" and trials(paths)[1].state == "running"
    runner.script.clear()
    conducted(paths, runner)
    assert [record.state for record in trials(paths)] == ["complete"] * 12
    assert runner.resumed.count(2) == 2


def test_a_result_that_is_no_number_is_no_result(tmp_path: Path) -> None:
    def some(settings: dict[str, str]) -> list[float]:
        return [math.nan] * 3 if float(settings["optim.lr"]) > 0.01 else bowl(settings)

    paths = begin(tmp_path, asked())
    conducted(paths, Synthetic(some))
    states = {float(r.values["optim.lr"]) > 0.01: set[str]() for r in trials(paths)}
    for record in trials(paths):
        states[float(record.values["optim.lr"]) > 0.01].add(record.state)
    assert states == {True: {"diverged"}, False: {"complete"}}


def test_trials_that_all_fail_end_it_with_their_common_cause(tmp_path: Path) -> None:
    failed = Seen("failed", reason="out of memory")
    runner = Synthetic(script={key: [failed] for key in range(1, 13)})
    paths = begin(tmp_path, asked())
    with pytest.raises(UserError) as error:
        conducted(paths, runner)
    assert "3 trials in a row have failed" in error.value.what
    assert error.value.found == "3 of 3: out of memory"
    found = read_ledger(paths)
    assert found.state == "failed" and len(found.trials) < 8
    assert found.error is not None and "out of memory" in found.error["found"]


def test_one_that_fails_now_and_then_is_passed_by(tmp_path: Path) -> None:
    failed = Seen("failed", reason="bad luck")
    runner = Synthetic(script={key: [failed] for key in (1, 2, 7, 8)}, refused=frozenset({4}))
    paths = begin(tmp_path, asked(jobs=1))
    conducted(paths, runner)
    states = [record.state for record in trials(paths)]
    assert states.count("failed") == 5 and states.count("complete") == 7
    assert trials(paths)[3].reason == "its knobs contradict each other"


def test_an_unknown_metric_is_said_at_the_first_evaluation(tmp_path: Path) -> None:
    paths, runner = begin(tmp_path, asked(metric="val_acuracy")), Synthetic()
    with pytest.raises(UserError) as error:
        conducted(paths, runner)
    assert error.value.nearest == "val_accuracy" and "val_loss" in error.value.allowed
    assert max(runner.looks.values()) == 1 and len(runner.begun) == 3
    assert set(runner.stopped) == set(runner.begun)


def test_halted_trials_are_gone_on_with(tmp_path: Path) -> None:
    paths, runner = begin(tmp_path, asked()), Synthetic()
    first = controller(paths, runner)
    first.take_up()
    for _ in range(4):
        first.beat()
    first.halt(stop=True)
    assert set(runner.stopped) == {1, 2, 3}
    assert read_ledger(paths).state == "halted"
    conducted(paths, runner)
    assert sorted(runner.resumed) == [1, 2, 3]
    assert {record.state for record in trials(paths)} == {"complete"}


def test_a_person_s_stop_decides_a_trial(tmp_path: Path) -> None:
    over = Seen("stopped", 3, 1.0, [(1, 2.0)], ("val_loss",), reason="ann@box asked it to stop")
    paths, runner = begin(tmp_path, asked()), Synthetic(script={2: [over]})
    conducted(paths, runner)
    record = trials(paths)[1]
    assert (record.state, record.value) == ("stopped", None) and runner.resumed == []


def test_a_full_disk_is_said_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, runner = begin(tmp_path, asked()), Synthetic()
    full = controller(paths, runner)
    write, left = full.journal.write, [20]

    def scarce(kind: str, step: int | None = None, **fields: object) -> dict[str, object]:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        return write(kind, step, **fields)

    monkeypatch.setattr(full.journal, "write", scarce)
    with pytest.raises(UserError, match="No space left") as error:
        full.run(sleep=lambda seconds: None)
    assert "tuiwb sweep resume" in error.value.next
    conducted(paths, runner)
    assert {record.state for record in trials(paths)} == {"complete"}
