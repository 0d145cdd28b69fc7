"""Codes, bounds, energies and games against scikit-learn, closed forms and brute force."""

from __future__ import annotations

from itertools import product
from math import log
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.contracts.making import build_model, knobs, module
from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.data.batches import generator
from tuiwb.data.dataset import Dataset, Part
from tuiwb.models.rbm import RBM
from tuiwb.spec import resolve
from tuiwb.tasks.adversarial import discriminator_loss, generator_loss, gradient_penalty
from tuiwb.tasks.energy import pseudo_likelihood
from tuiwb.tasks.layerwise import contrastive
from tuiwb.tasks.modes import Modes
from tuiwb.tasks.pca import PCA
from tuiwb.tasks.variational import cross_entropy, divergence


def _dataset(inputs: torch.Tensor, targets: torch.Tensor, classes: int) -> Dataset:
    part = Part(inputs, targets)
    signature = Signature("vector", tuple(inputs.shape[1:]), classes)
    return Dataset(signature, part, part, tuple(map(str, range(classes))), {}, "0" * 16)


def _machine(visible: int = 5, hidden: int = 4) -> RBM:
    torch.manual_seed(0)
    machine = RBM(visible, hidden, chains=3)
    with torch.no_grad():
        for parameter in machine.parameters():
            parameter.normal_(0, 0.7)
    return machine


def test_principal_components_are_scikit_learns() -> None:
    from sklearn.decomposition import PCA as Reference

    rows = torch.randn(60, 6, generator=generator(0)) @ torch.randn(6, 6, generator=generator(1))
    held = torch.randn(20, 6, generator=generator(2))
    ours = PCA(rows)
    for size in (1, 3, 5):
        theirs = Reference(size).fit(rows.double().numpy())
        np.testing.assert_allclose(ours.variances[:size], theirs.explained_variance_, rtol=1e-9)
        kept = theirs.inverse_transform(theirs.transform(held.double().numpy()))
        error = float(np.square(held.double().numpy() - kept).mean())
        assert ours.error(held, size) == pytest.approx(error, rel=1e-9)
        dots = np.abs((ours.components[:size].numpy() * theirs.components_).sum(1))
        np.testing.assert_allclose(dots, 1, rtol=1e-9)


def test_a_perfect_code_has_no_error_beside_pca() -> None:
    rows = torch.randn(30, 4, generator=generator(0))
    dataset = _dataset(rows, torch.arange(30) % 2, 2)
    loss = module("loss", "mse").build(knobs("loss", "mse"))
    task = module("task", "reconstruct").build(knobs("task", "reconstruct"), loss, dataset, False)

    class Through(torch.nn.Module):
        code = 2

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + 1

    metrics = task.evaluate(Through(), iter([(rows[:20], rows[:20]), (rows[20:], rows[20:])]))
    assert metrics["loss"] == metrics["mse"] == pytest.approx(1.0)
    assert metrics["ratio"] == pytest.approx(1 / PCA(rows).error(rows, 2))


def test_the_divergence_is_torchs() -> None:
    mean, log_variance = torch.randn(2, 7, 3, generator=generator(0))
    theirs = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (log_variance / 2).exp()),
        torch.distributions.Normal(0.0, 1.0),
    )
    torch.testing.assert_close(divergence(mean, log_variance), theirs)
    assert not divergence(torch.zeros(1, 3), torch.zeros(1, 3)).any()
    assert float(cross_entropy(torch.zeros(1, 8), torch.rand(1, 8))) == pytest.approx(8 * log(2))


def test_an_evaluation_of_the_bound_draws_nothing_from_the_global_generator() -> None:
    signature = Signature("vector", (6,), 2)
    inputs = torch.rand(8, 6, generator=generator(0))
    dataset = _dataset(inputs, torch.arange(8) % 2, 2)
    task = module("task", "variational").build(knobs("task", "variational"), None, dataset, False)
    model = build_model("vae", signature)
    before = torch.get_rng_state()
    first = task.evaluate(model, iter([(inputs, inputs)]))
    assert torch.equal(torch.get_rng_state(), before)
    assert first == task.evaluate(model, iter([(inputs, inputs)]))
    assert first["loss"] == pytest.approx(first["reconstruction"] + first["kl"])


@pytest.mark.parametrize("task", ["variational", "energy", "layerwise"])
def test_inputs_that_are_no_probabilities_are_refused(task: str) -> None:
    dataset = _dataset(torch.randn(8, 3, generator=generator(0)), torch.arange(8) % 2, 2)
    with pytest.raises(UserError) as caught:
        module("task", task).build(knobs("task", task), None, dataset, False)
    assert caught.value.where == "data.scaling"


def _reference(machine: RBM) -> Any:
    from sklearn.neural_network import BernoulliRBM

    theirs = BernoulliRBM(n_components=machine.hidden.out_features)
    theirs.components_ = machine.hidden.weight.detach().double().numpy()
    theirs.intercept_hidden_ = machine.hidden.bias.detach().double().numpy()
    theirs.intercept_visible_ = machine.visible.bias.detach().double().numpy()
    return theirs


def test_features_and_free_energy_are_scikit_learns() -> None:
    machine = _machine()
    theirs = _reference(machine)
    rows = torch.rand(9, 5, generator=generator(0))
    np.testing.assert_allclose(
        machine(rows).detach(), theirs.transform(rows.double().numpy()), rtol=1e-5
    )
    np.testing.assert_allclose(
        machine.free_energy(rows).detach(), theirs._free_energy(rows.double().numpy()), rtol=1e-5
    )


def test_the_update_is_scikit_learns_up_to_the_samples() -> None:
    """Positive phase minus negative phase, as `BernoulliRBM._fit` writes it down."""
    machine = _machine()
    data = torch.bernoulli(torch.full((6, 5), 0.5), generator=generator(0))
    made = torch.bernoulli(torch.full((6, 5), 0.5), generator=generator(1))
    (machine.free_energy(data).mean() - machine.free_energy(made).mean()).backward()
    on_data, on_made = machine.features(data), machine.features(made)
    update = (on_data.T @ data - on_made.T @ made) / 6
    assert machine.hidden.weight.grad is not None and machine.visible.bias.grad is not None
    torch.testing.assert_close(-machine.hidden.weight.grad, update.detach())
    torch.testing.assert_close(-machine.visible.bias.grad, (data - made).mean(0))


def test_the_pseudo_likelihood_by_brute_force() -> None:
    machine = _machine()
    rows = torch.tensor(list(product((0.0, 1.0), repeat=5)))
    weights = (-machine.free_energy(rows).detach()).exp()
    chance = {tuple(row.tolist()): float(w) for row, w in zip(rows, weights, strict=True)}
    ours = pseudo_likelihood(machine, rows).tolist()
    for row, found in zip(rows.tolist(), ours, strict=True):
        total = 0.0
        for bit in range(5):
            other = list(row)
            other[bit] = 1 - other[bit]
            total += log(chance[tuple(row)] / (chance[tuple(row)] + chance[tuple(other)]))
        assert found == pytest.approx(total, rel=1e-4)


def test_gibbs_sampling_reaches_the_machines_own_distribution() -> None:
    machine = _machine(3, 2)
    rows = torch.tensor(list(product((0.0, 1.0), repeat=3)))
    wanted = (-machine.free_energy(rows)).softmax(0)
    torch.manual_seed(0)
    with torch.no_grad():
        seen, _ = machine.gibbs(torch.zeros(20_000, 2), 50)
    numbers = (seen @ torch.tensor([4.0, 2.0, 1.0])).long()
    shares = torch.bincount(numbers, minlength=8) / len(seen)
    assert float((shares - wanted.detach()).abs().max()) < 0.02


def test_persistent_chains_go_on_where_they_were() -> None:
    inputs = torch.rand(8, 5, generator=generator(0))
    dataset = _dataset(inputs, torch.arange(8) % 2, 2)
    made = knobs("task", "energy", chains="persistent")
    task = module("task", "energy").build(made, None, dataset, False)
    machine = _machine()
    before = machine.chains.clone()
    task.loss(machine, (inputs, inputs))
    assert not torch.equal(machine.chains, before)
    assert "chains" in machine.state_dict()


def test_a_layer_that_rests_has_no_gradient() -> None:
    signature = Signature("vector", (5,), 2)
    model: Any = build_model("dbn", signature, hidden=(4, 3))
    torch.manual_seed(0)
    contrastive(model, torch.rand(6, 5), 1).backward()
    assert model.machines[1].hidden.weight.grad.abs().sum() > 0
    assert model.machines[0].hidden.weight.grad is None and model.output.weight.grad is None


def test_the_games_losses_are_the_papers() -> None:
    real, made = torch.randn(2, 9, 1, generator=generator(0))
    entropy = F.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(9, 1), torch.zeros(9, 1)
    classic = entropy(real, ones) + entropy(made, zeros)
    for game in ("minimax", "non-saturating"):
        torch.testing.assert_close(discriminator_loss(game, real, made), classic)
    torch.testing.assert_close(generator_loss("non-saturating", made), entropy(made, ones))
    torch.testing.assert_close(generator_loss("minimax", made), -entropy(made, zeros))
    torch.testing.assert_close(
        discriminator_loss("least-squares", real, made),
        (F.mse_loss(real, ones) + F.mse_loss(made, zeros)) / 2,
    )
    torch.testing.assert_close(generator_loss("least-squares", made), F.mse_loss(made, ones) / 2)
    torch.testing.assert_close(discriminator_loss("wgan-gp", real, made), made.mean() - real.mean())
    torch.testing.assert_close(generator_loss("wgan-gp", made), -made.mean())


def test_a_sure_discriminator_silences_minimax_alone() -> None:
    sure = torch.full((1, 1), -30.0, requires_grad=True)
    (silent,) = torch.autograd.grad(generator_loss("minimax", sure), sure)
    (loud,) = torch.autograd.grad(generator_loss("non-saturating", sure), sure)
    assert abs(float(silent)) < 1e-12 and float(loud) == pytest.approx(-1)


def test_the_penalty_of_a_linear_critic_is_known() -> None:
    critic = torch.nn.Linear(2, 1)
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([[3.0, 4.0]]))
    penalty = gradient_penalty(critic, torch.randn(5, 2), torch.randn(5, 2))
    assert float(penalty.detach()) == pytest.approx(16, rel=1e-4)
    penalty.backward()
    assert critic.weight.grad is not None and critic.weight.grad.abs().sum() > 0


def test_modes_are_counted_as_they_lie() -> None:
    middles = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    labels = torch.arange(3000) % 3
    data = middles[labels] + 0.05 * torch.randn(3000, 2, generator=generator(0))
    modes = Modes(_dataset(data, labels, 3), reach=4.25)
    real = modes.judge(data)
    assert real["modes"] == 3 and real["quality"] > 0.999
    assert real["spread"] == pytest.approx(1, abs=0.01)
    collapsed = modes.judge(middles[:1].expand(500, 2))
    assert collapsed["modes"] == 1 and collapsed["quality"] == 1 and collapsed["spread"] < 0.05
    assert modes.judge(torch.full((500, 2), 9.0)) == {"modes": 0, "quality": 0, "spread": 0}
    half = torch.cat((data[:500], torch.full((500, 2), 9.0)))
    assert modes.judge(half)["quality"] == pytest.approx(0.5, abs=0.01)


def test_each_turn_moves_its_own_network() -> None:
    inputs = torch.randn(8, 2, generator=generator(0))
    dataset = _dataset(inputs, torch.arange(8) % 2, 2)
    task = module("task", "adversarial").build(
        knobs("task", "adversarial", critic_steps=3), None, dataset, False
    )
    model: Any = build_model("gan", Signature("vector", (2,), 2))
    first, second = task.turns(model)
    assert first.times == 3 and second.times == 1
    assert set(first.parameters) == set(model.discriminator.parameters())
    assert set(second.parameters) == set(model.generator.parameters())
    first.loss(model, (inputs, inputs), 0)[0].backward()
    assert all(p.grad is None for p in model.generator.parameters())


def test_the_tasks_need_architectures_of_their_own() -> None:
    with pytest.raises(UserError, match="does not train the architecture"):
        resolve("ae-digits", ["model.name=mlp"])
    with pytest.raises(UserError, match="is not trained by the task"):
        resolve("mlp-digits", ["model.name=autoencoder"])
    with pytest.raises(UserError, match="brings its own loss"):
        resolve("vae-digits", ["loss.name=mse"])
