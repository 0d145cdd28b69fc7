"""The same loops under other people's instruments, each where its package is installed.

Equal telemetry: the loss and the learning rate of every step; and, every so many steps, what the
tool tells of each layer: histograms of weights and gradients (wandb, TensorBoard), or the norms of
its gradients (Lightning). All run on the plain loop's optimiser, which is not fused. wandb is
offline; nothing leaves the machine.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from tests.benchmarks.loops import Hand
from tuiwb.engine.build import Session
from tuiwb.optim.schedule import learning_rate

Step = Callable[[], "float | None"]
"""Takes a step; returns the seconds it took, where it knows better than who calls it."""


def wandb(session: Session, steps: int, every: int, folder: Path) -> Step:
    """``wandb.watch(model, log="all")``, its log_freq set to ``every``."""
    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "0"}
    import wandb

    run = wandb.init(project="overhead", dir=str(folder), reinit="finish_previous")
    run.watch(session.model, log="all", log_freq=every)

    def log(step: int, loss: float, lr: float) -> None:
        run.log({"loss": loss, "lr": lr})

    step = Hand(session, fused=False, log=log)

    def take() -> None:
        step()
        if step.step == steps:
            run.finish()

    return take


def tensorboard(session: Session, steps: int, every: int, folder: Path) -> Step:
    """Scalars, and histograms of every parameter and its gradient."""
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder))

    def log(step: int, loss: float, lr: float) -> None:
        writer.add_scalar("loss", loss, step)
        writer.add_scalar("lr", lr, step)
        if step % every == 0:
            for name, parameter in session.model.named_parameters():
                writer.add_histogram(f"weights/{name}", parameter, step)
                if parameter.grad is not None:
                    writer.add_histogram(f"gradients/{name}", parameter.grad, step)
        if step == steps - 1:
            writer.close()

    return Hand(session, fused=False, log=log)


def lightning(session: Session, steps: int, every: int, folder: Path) -> Step:
    """A Lightning module whose ``on_before_optimizer_step`` logs ``grad_norm``, to TensorBoard.

    The trainer runs in a thread of its own, which waits for its turn where it asks for a batch; the
    seconds of a step are those from getting a batch to asking for the next one.
    """
    import lightning.pytorch as pl
    from lightning.pytorch.loggers import TensorBoardLogger
    from lightning.pytorch.utilities import grad_norm

    spec, inner = session.spec, session.optimizers[0]
    for group in inner.param_groups:
        group["fused"] = False
    turn, done = threading.Semaphore(0), threading.Semaphore(0)
    taken: list[float] = []

    class Batches(torch.utils.data.IterableDataset[Any]):
        def __len__(self) -> int:
            return steps

        def __iter__(self) -> Iterator[Any]:
            for step in range(steps):
                turn.acquire()
                began = time.perf_counter()
                yield session.batches.at(step)
                taken.append(time.perf_counter() - began)
                done.release()

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = session.model

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            lr = learning_rate(index, spec.train.steps, spec.schedule, spec.optim.lr)
            for group in inner.param_groups:
                group["lr"] = lr
            loss, _ = session.task.loss(self.net, batch)
            self.log_dict({"loss": loss, "lr": lr})
            return loss

        def on_before_optimizer_step(self, optimizer: Any) -> None:
            if self.trainer.global_step % every == 0:
                self.log_dict(grad_norm(self.net, norm_type=2))

        def configure_optimizers(self) -> Any:
            return inner

    def fit() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer = pl.Trainer(
                accelerator="cpu", devices=1, max_steps=steps, log_every_n_steps=1,
                logger=TensorBoardLogger(str(folder)), enable_checkpointing=False,
                enable_progress_bar=False, enable_model_summary=False, barebones=False,
                gradient_clip_val=spec.train.clip_norm or None,
            )  # fmt: skip
            loader = torch.utils.data.DataLoader(Batches(), batch_size=None)
            try:
                trainer.fit(Module(), loader)
            finally:
                done.release()  # the last step, or whatever ended the fit

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    thread = threading.Thread(target=fit, daemon=True)
    thread.start()

    def step() -> float:
        before = len(taken)
        turn.release()
        done.acquire()
        if len(taken) == before and thread.is_alive():
            thread.join()  # the last batch: nothing asks for another one
        return taken[-1]

    return step


RIVALS: dict[str, tuple[str, Callable[[Session, int, int, Path], Step]]] = {
    "wandb.watch, all": ("wandb", wandb),
    "TensorBoard": ("tensorboard", tensorboard),
    "Lightning": ("lightning", lightning),
}
"""Name in the table -> package, loop."""


def there() -> dict[str, str]:
    """The rivals that can run here, each with its package's version."""
    return {
        name: importlib.metadata.version(package)
        for name, (package, _) in RIVALS.items()
        if importlib.util.find_spec(package) is not None
    }
