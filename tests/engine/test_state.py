"""What the presets leave out: every kind of state goes on bit for bit, forks take what fits."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.engine.recorder import Ask, AtSteps, MemorySink, Script, every_checkpoint, trained
from tests.engine.twice import check_goes_on
from tests.engine.twice import trained as from_state
from tuiwb.base.errors import UserError
from tuiwb.engine.build import build
from tuiwb.engine.checkpoint import load, newest_whole, steps_in
from tuiwb.engine.interfaces import StepRow, Stopped
from tuiwb.engine.loop import train
from tuiwb.engine.state import FORMAT
from tuiwb.spec import resolve
from tuiwb.spec.hot import with_settings
from tuiwb.spec.sections import Spec

SHORT = ("train.steps=7", "train.eval_every=2", "train.device=cpu")


@pytest.fixture(autouse=True, scope="module")
def none_is_skipped() -> Iterator[None]:
    with every_checkpoint():
        yield


@pytest.mark.parametrize(
    ("preset", "settings"),
    {
        "persistent chains": ("rbm-digits", ["task.chains=persistent", "task.judged=0"]),
        "stages": ("dbn-digits", ["task.pretrain=1", "model.size=xs"]),
        "penalty and critic steps": ("gan-ring", ["task.game=wgan-gp", "task.critic_steps=3"]),
        "minimax": ("gan-ring", ["task.game=minimax"]),
        "dropout": ("mlp-digits", ["regularize.dropout=0.5"]),
        "penalties": (
            "mlp-digits",
            ["regularize.l1=0.01", "regularize.weight_decay=0.1"],
        ),
        "augmentation": (
            "cnn-digits",
            [f"data.augment_{way}" for way in ("flip=0.5", "shift=2", "rotate=20", "zoom=0.2")],
        ),
        "running statistics": ("mlp-digits", ["model.norm=batch"]),
        "velocity": ("mlp-digits", ["optim.name=sgd", "optim.momentum=0.9", "optim.nesterov=true"]),
        "adagrad": ("mlp-digits", ["optim.name=adagrad"]),
        "rmsprop": ("mlp-digits", ["optim.name=rmsprop", "optim.momentum=0.5"]),
        "adam": ("mlp-digits", ["optim.name=adam"]),
        "adamw": ("mlp-digits", ["optim.name=adamw"]),
        "curvature": ("lbfgs-digits", ["optim.iterations=3", "optim.memory=2"]),
        "no line search": ("lbfgs-digits", ["optim.line_search=false", "optim.lr=0.1"]),
        "warm-up": ("mlp-digits", ["schedule.name=cosine", "schedule.warmup=4"]),
        "one cycle": ("mlp-digits", ["schedule.name=one-cycle"]),
        "clipping": ("mlp-digits", ["train.clip_norm=0.01"]),
        "half precision": ("mlp-digits", ["train.precision=bfloat16"]),
        "early stopping": ("mlp-digits", ["optim.lr=0.9", "train.patience=2"]),
        "a test at the end": ("mlp-digits", ["data.test=0.2"]),
        "epochs that end in a step": ("logreg-cancer", ["data.batch_size=300"]),
        "no watching": ("mlp-digits", ["probe.budget=0"]),
        "studies": ("logreg-cancer", ['probe.studies=["gradient-check"]']),
    }.values(),
)
def test_every_kind_of_state_goes_on(preset: str, settings: list[str], tmp_path: Path) -> None:
    check_goes_on(tmp_path, preset, [*SHORT, *settings])


def test_a_stop_condition_is_met_where_it_would_have_been(tmp_path: Path) -> None:
    _, sink, _ = trained(tmp_path / "first", "mlp-digits", *SHORT)
    losses = [figures["val_loss"] for _, figures, _ in sink.evaluations]
    assert losses[2] < losses[1], "the third evaluation is to be the first that meets it"
    level = (losses[2] + losses[1]) / 2
    straight = check_goes_on(
        tmp_path, "mlp-digits", [*SHORT, f"train.stop_when=val_loss < {level}"]
    )
    assert straight.session.step == 6 and "as asked" in straight.outcome.reason


@pytest.mark.parametrize(
    ("preset", "before", "change"),
    [
        ("mlp-digits", [], {"optim.lr": 0.1}),
        ("mlp-digits", [], {"optim.beta1": 0.5, "optim.beta2": 0.9, "optim.eps": 0.1}),
        ("mlp-digits", ["optim.name=sgd", "optim.momentum=0.9"], {"optim.momentum": 0.0}),
        ("mlp-digits", ["optim.name=sgd", "optim.momentum=0.0"], {"optim.momentum": 0.9}),
        ("mlp-digits", [], {"regularize.l1": 0.1, "regularize.weight_decay": 1.0}),
        ("mlp-digits", [], {"regularize.dropout": 0.5, "loss.label_smoothing": 0.2}),
        ("mlp-digits", ["optim.lr=0.5"], {"train.patience": 1, "train.eval_every": 1}),
        ("mlp-digits", ["optim.lr=0.5", "train.patience=9"], {"train.patience": 0}),
        ("cnn-digits", [], {"data.augment_flip": 0.5, "train.clip_norm": 0.01}),
        ("gan-ring", [], {"task.critic_lr": 3.0}),
    ],
)
def test_a_fork_with_hot_knobs_is_the_run_in_which_they_were_set(
    preset: str, before: list[str], change: dict[str, object], tmp_path: Path
) -> None:
    spec = resolve(preset, [*SHORT, *before]).spec
    asked = Ask("set", change)
    parent = from_state(spec, tmp_path / "parent", controls=AtSteps({4: asked}))
    assert asked.accepted == 4
    state = load(tmp_path / "parent" / "00000004")
    fork = from_state(with_settings(spec, change), tmp_path / "fork", state)
    assert fork.told(0) == parent.told(4) and parent.session.spec == fork.session.spec
    assert all(torch.equal(*pair) for pair in zip(parent.bits, fork.bits, strict=True))


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of a small run, the last at its end."""
    folder = tmp_path_factory.mktemp("parent")
    trained(folder, "mlp-digits", *SHORT, "optim.name=adam", "train.patience=9")
    return folder / "checkpoints"


def spec(*settings: str) -> Spec:
    return resolve("mlp-digits", [*SHORT, "optim.name=adam", "train.patience=9", *settings]).spec


@pytest.mark.parametrize(
    ("setting", "steps_of_adam"), [("optim.name=adamw", 3.0), ("optim.lr=0.5", 7.0)]
)
def test_an_optimiser_of_another_name_begins_anew(
    parent: Path, tmp_path: Path, setting: str, steps_of_adam: float
) -> None:
    fork = from_state(spec(setting), tmp_path, load(parent / "00000004"))
    (optimizer,) = fork.session.optimizers
    assert fork.session.step == 7 and [row.step for row in fork.sink.rows] == [5, 6, 7]
    assert {float(state["step"]) for state in optimizer.state.values()} == {steps_of_adam}


def test_branch_knobs_of_an_optimiser_have_it_begin_anew(tmp_path: Path) -> None:
    settings = [*SHORT, "optim.iterations=2", "optim.memory=3"]
    trained(tmp_path, "lbfgs-digits", *settings)
    longer = resolve("lbfgs-digits", [*settings, "optim.memory=2"]).spec
    fork = from_state(longer, tmp_path / "fork", load(tmp_path / "checkpoints" / "00000004"))
    (optimizer,) = fork.session.optimizers
    (state,) = optimizer.state.values()
    assert len(state["old_dirs"]) == 2


def test_another_batch_size_and_schedule_go_on_from_the_step(parent: Path, tmp_path: Path) -> None:
    other = spec("data.batch_size=16", "schedule.name=constant", "train.steps=9")
    fork = from_state(other, tmp_path, load(parent / "00000004"))
    assert [row.step for row in fork.sink.rows] == [5, 6, 7, 8, 9]
    assert [row.lr for row in fork.sink.rows] == 5 * [other.optim.lr]


@pytest.mark.parametrize(
    ("settings", "named", "found"),
    [
        (["model.hidden=[5]"], "weight", "shape"),
        (["model.norm=batch"], "", "nothing in the checkpoint"),
    ],
)
def test_a_model_that_does_not_fit_is_named_and_nothing_has_changed(
    parent: Path, tmp_path: Path, settings: list[str], named: str, found: str
) -> None:
    state = load(parent / "00000004")
    with pytest.raises(UserError, match="another model") as caught:
        from_state(spec(*settings), tmp_path, state)
    own = build(spec(*settings)).model.state_dict()
    differ = [
        name
        for name, value in own.items()
        if name not in state["model"] or state["model"][name].shape != value.shape
    ]
    assert caught.value.where == differ[0] and named in differ[0]
    assert found in caught.value.found


def test_a_finished_run_stays_finished_unless_it_is_to_go_further(
    parent: Path, tmp_path: Path
) -> None:
    again = from_state(spec(), tmp_path / "again", load(parent / "00000007"))
    assert again.outcome.state == "finished" and again.outcome.reason == "all steps done"
    assert again.sink.rows == [] and again.sink.evaluations == [] and again.outcome.metrics
    further = from_state(spec("train.steps=8"), tmp_path / "further", load(parent / "00000007"))
    assert [row.step for row in further.sink.rows] == [8]


def test_an_evaluation_that_was_owed_is_made_up_for(tmp_path: Path) -> None:
    class Stops(MemorySink):
        def steps(self, rows: Sequence[StepRow]) -> None:
            super().steps(rows)
            if rows[-1].step >= 4:
                raise Stopped("enough")

    straight = from_state(spec(), tmp_path / "straight")
    sink = Stops()
    assert train(build(spec()), sink, Script(), tmp_path / "cut").state == "stopped"
    assert [step for step, *_ in sink.evaluations] == [2]
    found = newest_whole(tmp_path / "cut")
    assert found is not None
    rest = from_state(spec(), tmp_path / "rest", found[1])
    assert found[0] == 4 and rest.told(0) == straight.told(4) | {
        "evaluations": straight.sink.evaluations[1:]
    }


def test_the_first_format_loads(parent: Path, tmp_path: Path) -> None:
    state = load(parent / "00000004")
    first = ("step", "spec", "model", "optimizers", "early_stopping")
    old = {key: state[key] for key in first}
    old["random"] = {"torch": state["random"]["torch"], "cuda": []}
    straight = from_state(spec(), tmp_path / "straight")
    assert from_state(spec(), tmp_path / "old", old).told(0) == straight.told(4)


def test_what_a_state_lacks_is_said(parent: Path, tmp_path: Path) -> None:
    state = load(parent / "00000004")
    del state["optimizers"]
    with pytest.raises(UserError, match="does not hold") as caught:
        from_state(spec(), tmp_path, state)
    assert "optimizers" in caught.value.found
    newer = load(parent / "00000004") | {"format": FORMAT + 1}
    with pytest.raises(UserError, match="newer version"):
        from_state(spec(), tmp_path, newer)


def test_random_states_of_python_and_numpy_go_on(parent: Path, tmp_path: Path) -> None:
    """A module of the user's own may draw from them."""
    from_state(spec(), tmp_path, load(parent / "00000007"))
    drawn = random.random(), np.random.rand()
    from_state(spec(), tmp_path, load(parent / "00000007"))
    assert (random.random(), np.random.rand()) == drawn
    random.seed(1)
    assert random.random() != drawn[0]


def test_the_newest_whole_one_is_taken(parent: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(parent, folder)
    assert steps_in(folder) == [2, 4, 6, 7] and steps_in(tmp_path / "none") == []
    (folder / "00000007" / "state.pt").write_bytes(b"torn")
    (folder / "00000006" / "sha256").unlink()
    said: list[str] = []
    found = newest_whole(folder, warn=said.append)
    assert found is not None and found[0] == found[1]["step"] == 4
    assert len(said) == 2 and "step 7" in said[0] and "step 6" in said[1]
    before = newest_whole(folder, at=3)
    assert before is not None and before[0] == 2
    assert newest_whole(folder, at=1) is None
