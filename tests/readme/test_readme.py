"""README is true: its commands, keys and options are the program's, its lines are what CI runs."""

from __future__ import annotations

import logging
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.cli.recorded import record
from tests.readme.reference import README, commands, rewritten
from tuiwb.api import open_run
from tuiwb.run.view import RunView
from tuiwb.spec import presets

ROOT = README.parent
TEXT = README.read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]
ONE_LINERS = [line for line in LINES if line.startswith("python3 -m venv")]


def test_tables_are_the_program_s() -> None:
    assert rewritten(TEXT) == TEXT, "run: python -m tests.readme.reference"


def test_two_lines_do_all_their_set_up() -> None:
    run, test = ONE_LINERS
    assert run.endswith("&& .venv/bin/tuiwb run mlp-digits")
    assert test.endswith("&& .venv/bin/python -m pytest")
    for line in ONE_LINERS:
        assert "-c constraints.txt" in line


def test_ci_runs_the_same_test_line_as_it_stands() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert ONE_LINERS[1] in [line.strip() for line in script.splitlines()]


LAST = [shlex.split(line.rpartition("&& ")[2], comments=True) for line in LINES]
TYPED = [words[1:] for words in LAST if words and words[0] in ("tuiwb", ".venv/bin/tuiwb")]


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_every_command_line_in_it_is_one_that_the_program_takes(words: list[str]) -> None:
    if not words:
        return  # the workbench
    known = commands()
    assert words[0] in known
    options = {name for param in known[words[0]].params for name in param.opts}
    assert {word for word in words if word.startswith("-")} <= options
    if words[0] == "run":
        assert words[1] in {info.name for info in presets()}


EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def example(word: str) -> str:
    """The one example that holds this word."""
    (found,) = (text for text in EXAMPLES if word in text)
    return str(found)


def test_the_example_that_reads_a_run_runs(own_world: Path) -> None:
    record(own_world / "runs")
    names: dict[str, Any] = {}
    exec(example("open_run"), names)
    assert len(names["curve"].x) == 100


@pytest.mark.slow
def test_the_example_that_steers_a_run_runs(own_world: Path) -> None:
    from tests.scenarios.helpers import LONG, new_run, until, worker

    paths = new_run(own_world / "runs", "mlp-digits", *LONG)
    with worker(paths):
        until("it trains", lambda: open_run(paths.root).status.state == "training")
        names: dict[str, Any] = {}
        exec(example("tuiwb.control"), names)
        until("its end", lambda: open_run(paths.root).status.state == "stopped")
    asked = [e["command"] for e in open_run(paths.root).events if e["kind"] == "command"]
    assert asked == ["pause", "set", "evaluate", "checkpoint", "note", "resume", "stop"]
    assert (paths.checkpoints / f"{names['step']:08d}").is_dir()


def watched(name: str, steps: int) -> RunView:
    """The run that an example has left, which has seen every step and the layers."""
    view = open_run(name)
    table = view.table("steps").tail(1000)
    assert table["step"].tolist() == list(range(1, steps + 1))
    assert np.isfinite(table["loss"]).all()
    assert np.isfinite(view.table("layers").tail(1)["grad_norm"]).any()
    assert view.status.state == "finished"
    return view


def test_the_example_of_a_plain_loop_runs() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    names: dict[str, Any] = {
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), 0.05),
        "batches": [(torch.randn(4, 8), torch.randint(2, (4,))) for _ in range(12)],
        "loss_function": torch.nn.functional.cross_entropy,
    }
    exec(example("tuiwb.watch("), names)
    assert watched("mine", 12).metrics == {"val_loss": 0.25, "val_accuracy": 0.9}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_example_of_lightning_runs() -> None:
    import lightning.pytorch as pl

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Quiet:
        """The example's trainer, on the CPU and without a word on disk or screen."""

        @staticmethod
        def Trainer(**given: Any) -> pl.Trainer:
            return pl.Trainer(
                **given, accelerator="cpu", logger=False, enable_checkpointing=False,
                enable_progress_bar=False, enable_model_summary=False,
            )  # fmt: skip

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(8, 2)

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            return torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), 0.05)

    data = torch.utils.data.TensorDataset(torch.randn(24, 8), torch.randint(2, (24,)))
    batches = torch.utils.data.DataLoader(data, batch_size=4)
    exec(example("lightning.Trainer"), {"lightning": Quiet, "module": Module(), "batches": batches})
    watched("lit", 12)


@pytest.mark.filterwarnings("ignore")
def test_the_example_of_the_hugging_face_trainer_runs(tmp_path: Path) -> None:
    from transformers import Trainer, TrainingArguments

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(8, 2)

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"loss": torch.nn.functional.cross_entropy(self.net(x), labels)}

    arguments = TrainingArguments(
        output_dir=str(tmp_path), per_device_train_batch_size=4, num_train_epochs=2,
        report_to=[], save_strategy="no", disable_tqdm=True, use_cpu=True, logging_strategy="no",
    )  # fmt: skip
    samples = [{"x": torch.randn(8), "labels": torch.tensor(n % 2)} for n in range(24)]
    names = {"Trainer": Trainer, "network": Network(), "arguments": arguments, "samples": samples}
    exec(example("train_dataset"), names)
    watched("hf", 12)


def test_every_extra_is_told() -> None:
    about = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    section = TEXT.partition("## Extras")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", section)) == set(about["optional-dependencies"])


def test_the_command_lines_were_found() -> None:
    assert [] in TYPED
    assert len(TYPED) > 5
