"""The data of full size that a preset names fits it: two steps on small copies in its layout."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

import pytest

from tests.contracts.examples import given
from tests.engine.recorder import trained
from tuiwb.spec import presets, resolve
from tuiwb.spec.toml import read

SHORT = (
    "data.full=true", "data.batch_size=8", "train.steps=2", "train.eval_every=0",
    "train.patience=0", "train.device=cpu", "train.threads=1", "schedule.warmup=0",
    "probe.budget=0",
)  # fmt: skip
FULL = [
    info.name
    for info in presets()
    if read(info.path).get("data", {}).get("full", {}).get("name", "").startswith("hub-")
]


@pytest.fixture(autouse=True)
def no_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuiwb.engine.loop.Loop.checkpoint", lambda *args, **more: None)


@pytest.mark.parametrize("name", FULL)
def test_trains_on_it(name: str, tmp_path: Path) -> None:
    source = resolve(name, ["data.full=true"]).spec.data.name
    own = ["task.pretrain=1"] if name == "dbn-digits" else []
    outcome, sink, _ = trained(tmp_path, name, *SHORT, *own, f"data.path={given(source)['path']}")
    assert outcome.state == "finished"
    assert len(sink.losses) == 2 and all(isfinite(loss) for loss in sink.losses)
    assert isfinite(outcome.metrics["val_loss"])


def test_every_preset_whose_paper_used_data_of_the_hub_names_it() -> None:
    assert {"ae-digits", "vae-digits", "rbm-digits", "dbn-digits", "dcgan-glyphs", "word-lm",
            "word2vec-sgns", "mini-bert", "gpt-char", "char-rnn", "lenet5", "resnet20",
            "m5-speech"} <= set(FULL)  # fmt: skip
