"""Taking the task's pictures at evaluations, within the budget of watching."""

from __future__ import annotations

import time
from collections.abc import Mapping

import torch

from tuiwb.engine.build import Session
from tuiwb.engine.interfaces import Sink


class Pictures:
    """Decides when pictures may be taken: together they cost at most ``share`` of the time.

    The first and the last are always taken; ``share`` 0 takes none. The random state and the
    model's mode are put back, so that training goes on as if nobody had looked.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._began = time.perf_counter()
        self._spent = 0.0
        self._last = 0.0
        self._taken = -1

    def retune(self, share: float) -> None:
        """Another share of the time from now on."""
        self._share = share

    def state_dict(self) -> dict[str, float]:
        """What a checkpoint keeps: what pictures have cost of how much time."""
        return {
            "elapsed": time.perf_counter() - self._began,
            "spent": self._spent,
            "last": self._last,
            "taken": self._taken,
        }

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Go on with the account of `state_dict`; what it lacks begins anew."""
        self._began = time.perf_counter() - float(state.get("elapsed", 0.0))
        self._spent = float(state.get("spent", 0.0))
        self._last = float(state.get("last", 0.0))
        self._taken = int(state.get("taken", -1))

    def take(self, session: Session, sink: Sink, *, last: bool = False) -> None:
        """All pictures that the task offers, now, if they are due; the ``last`` ones always are."""
        offer = getattr(session.task, "pictures", None)
        if offer is None or not self._share or session.step == self._taken:
            return
        last = last or session.step >= session.spec.train.steps
        elapsed = time.perf_counter() - self._began
        if self._spent and not last and self._spent + self._last > self._share * elapsed:
            return
        asked = time.perf_counter()
        self.now(session, sink)
        self._last = time.perf_counter() - asked
        self._spent += self._last

    def now(self, session: Session, sink: Sink) -> list[str]:
        """All pictures that the task offers, due or not, on nobody's account; their names."""
        offer = getattr(session.task, "pictures", None)
        if offer is None:
            return []
        names, self._taken = [], session.step
        training = session.model.training
        devices = [session.device.device] if session.device.is_cuda else []
        session.model.eval()
        try:
            with torch.no_grad(), torch.random.fork_rng(devices):
                torch.manual_seed(session.spec.train.seed)
                for picture in offer(session.model, session.dataset):
                    sink.picture(session.step, picture)
                    names.append(picture.name)
        finally:
            session.model.train(training)
        return names
