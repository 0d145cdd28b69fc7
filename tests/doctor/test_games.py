"""Symptoms of a game of two networks."""

from __future__ import annotations

import numpy as np

from tests.doctor.asking import ask, with_spec
from tuiwb.doctor.games import game


def test_a_generator_on_its_way_has_not_collapsed() -> None:
    found = np.array([0, 0, 1, 1, 2, 2, 2, 3, 4, 5, 6, 8])
    assert ask("mode-collapse", game(0.7, 1.0, found, found / 10)) is None
    for upto in range(1, 13):
        seen = game(0.7, 1.0, found[:upto], found[:upto] / 10, steps=50 * upto)
        assert ask("mode-collapse", seen) is None


def test_modes_that_were_found_and_lost_again_are_a_collapse() -> None:
    lost = np.array([4, 8, 8, 8, 8, 8, 8, 8, 3, 3, 2, 3])
    assert ask("mode-collapse", game(0.7, 1.0, lost, 0.9)) is not None


def test_a_sure_discriminator_that_still_teaches_does_not_overpower() -> None:
    assert ask("overpowering-discriminator", game(1.0, 30.0, 0, 0.0)) is None
    gone = np.maximum(np.exp(-np.arange(600) / 20.0), 1e-9)
    found = ask("overpowering-discriminator", game(1.0, gone, 0, 0.0))
    assert found is not None and found.remedy.change["task.game"] == "wgan-gp"
    critic = with_spec(game(1.0, gone, 0, 0.0), {"task.game": "wgan-gp"})
    assert ask("overpowering-discriminator", critic) is None  # a critic knows no level
