"""The adapters against the real trainers: every step a row, evaluations, layers, an end."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tuiwb.api import open_run
from tuiwb.run.view import RunView

STEPS = 24


def data() -> torch.utils.data.TensorDataset:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(96, 8, generator=generator)
    return torch.utils.data.TensorDataset(x, (x.sum(1) > 0).long())


def held(view: RunView, steps: int) -> None:
    """What both trainers must leave behind."""
    table = view.table("steps").tail(10_000)
    assert table["step"].tolist() == list(range(1, steps + 1))
    assert np.isfinite(table["loss"]).all() and table["loss"][-5:].mean() < table["loss"][:5].mean()
    assert np.isfinite(table["grad_norm"]).any()
    assert np.allclose(table["lr"], 0.05)
    layers = view.table("layers").tail(1000)
    linear = [i for i, layer in enumerate(view.layers) if layer.kind == "Linear"]
    relu = [i for i, layer in enumerate(view.layers) if layer.kind == "ReLU"]
    assert len(linear) == 2 and len(relu) == 1
    assert np.isfinite(layers["grad_norm"][-1][linear]).all()
    assert np.isfinite(layers["update_ratio"][-1][linear]).all()
    seen = layers["act_zero"][:, relu]
    assert np.isfinite(seen).mean() > 0.5
    assert "val_loss" in view.metrics
    assert view.status.state == "finished"


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))


@pytest.mark.filterwarnings("ignore")
def test_lightning(tmp_path: Path) -> None:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    import lightning.pytorch as pl

    from tuiwb.watching.lightning import TuiwbCallback

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x)  # type: ignore[no-any-return]

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            x, y = batch
            return nn.functional.cross_entropy(self(x), y)

        def validation_step(self, batch: Any, index: int) -> None:
            x, y = batch
            self.log("val_loss", nn.functional.cross_entropy(self(x), y))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.05)

    loader = torch.utils.data.DataLoader(data(), batch_size=8, shuffle=True)
    callback = TuiwbCallback(runs=tmp_path, name="pl", budget=1.0)
    trainer = pl.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, callbacks=[callback],
    )  # fmt: skip
    trainer.fit(Module(), loader, torch.utils.data.DataLoader(data(), batch_size=32))
    held(open_run(tmp_path / "pl"), STEPS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_hugging_face_trainer(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import Trainer, TrainingArguments

        from tuiwb.watching.transformers import TuiwbCallback

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            logits = self.net(x)
            return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

    rows = [{"x": x, "labels": y} for x, y in data()]
    arguments = TrainingArguments(
        output_dir=str(tmp_path / "out"), max_steps=STEPS, per_device_train_batch_size=8,
        learning_rate=0.05, lr_scheduler_type="constant", optim="sgd", max_grad_norm=0.0,
        eval_strategy="steps", eval_steps=12, save_strategy="no", report_to=[], use_cpu=True,
        disable_tqdm=True, logging_strategy="no",
    )  # fmt: skip
    Trainer(
        model=Model(), args=arguments, train_dataset=rows, eval_dataset=rows[:32],
        callbacks=[TuiwbCallback(runs=tmp_path, name="hf", budget=1.0)],
    ).train()  # fmt: skip
    held(open_run(tmp_path / "hf"), STEPS)
