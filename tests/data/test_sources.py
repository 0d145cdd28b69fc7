"""What is particular to single data sources, and their scaling and splits."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from tests.contracts.making import knobs, module
from tuiwb.base.errors import UserError
from tuiwb.data import plane
from tuiwb.data.dataset import Dataset, fingerprint
from tuiwb.data.scaling import scaled
from tuiwb.data.split import split
from tuiwb.spec import resolve


def _load(name: str, **values: object) -> Dataset:
    loaded = module("data", name).load(knobs("data", name, **values))
    assert isinstance(loaded, Dataset)
    return loaded


def test_the_split_is_scikit_learns() -> None:
    from sklearn.model_selection import train_test_split

    labels = np.arange(90) % 3
    train, val = split(90, 0.3, 5, labels)
    expected = train_test_split(np.arange(90), test_size=0.3, random_state=5, stratify=labels)
    assert np.array_equal(train, expected[0]) and np.array_equal(val, expected[1])


@pytest.mark.parametrize("how", ["standard", "minmax", "robust"])
def test_scaling_takes_its_figures_from_training_alone(how: str) -> None:
    random = np.random.default_rng(0)
    train, val = random.normal(5, 3, (50, 4)), random.normal(-9, 7, (20, 4))
    train[:, 3] = 2.5  # constant: nothing to divide by
    a, b = scaled(train, val, how)
    if how == "standard":
        assert np.allclose(a[:, :3].mean(0), 0) and np.allclose(a[:, :3].std(0), 1)
    elif how == "minmax":
        assert np.allclose(a[:, :3].min(0), 0) and np.allclose(a[:, :3].max(0), 1)
    else:
        low, middle, high = np.percentile(a[:, :3], (25, 50, 75), axis=0)
        assert np.allclose(middle, 0) and np.allclose(high - low, 1)
    assert np.isfinite(a).all() and np.isfinite(b).all()
    again, _ = scaled(train, val * 100, how)
    assert np.array_equal(a, again), "validation changed the training part"
    ratio = (b[0, 0] - b[1, 0]) / (val[0, 0] - val[1, 0])
    assert ratio == pytest.approx((a[0, 0] - a[1, 0]) / (train[0, 0] - train[1, 0]))


def test_digits_are_pictures_in_three_scales() -> None:
    assert _load("digits", scaling="none").train.inputs.max() == 16
    assert _load("digits", scaling="unit").train.inputs.max() == 1
    standard = _load("digits").train.inputs
    assert standard.shape == (1347, 1, 8, 8)
    assert abs(float(standard.mean())) < 1e-5 and abs(float(standard.std()) - 1) < 1e-3


def test_least_squares_is_the_best_that_a_linear_model_does() -> None:
    from sklearn.linear_model import LinearRegression

    data = _load("diabetes")
    assert data.train.targets is not None and data.val.targets is not None
    fit = LinearRegression().fit(data.train.inputs.numpy(), data.train.targets.numpy())
    error = np.square(fit.predict(data.val.inputs.numpy()) - data.val.targets.numpy()).mean()
    assert data.baselines["least squares"] == pytest.approx(error, rel=1e-4)
    assert data.baselines["least squares"] < data.baselines["training mean"]


def test_pydoc_is_one_text_cut_once() -> None:
    from pydoc_data.topics import topics

    data = _load("pydoc")
    text = "".join(
        data.vocabulary[i] for i in data.train.inputs.tolist() + data.val.inputs.tolist()
    )
    assert text == "\n".join(topics[name] for name in sorted(topics))
    base = data.baselines
    assert base["trigram"] < base["bigram"] < base["unigram"] < base["uniform guess"]


def test_a_context_longer_than_the_text_is_an_error_of_the_user() -> None:
    from tuiwb.data.text import characters

    with pytest.raises(UserError, match="shorter than one sample"):
        characters(knobs("data", "pydoc", context=64), "a short text")


@pytest.mark.parametrize("shape", ["circle", "xor", "gauss", "spiral", "moons"])
def test_shapes_stay_in_the_plane_and_are_balanced(shape: str) -> None:
    data = _load("playground", shape=shape, samples=1001)
    assert data.classes == ("orange", "blue")
    inputs = torch.cat((data.train.inputs, data.val.inputs))
    assert len(inputs) == 1001
    assert float(inputs.abs().max()) <= 6
    assert data.train.targets is not None
    assert 0.4 < float(data.train.targets.float().mean()) < 0.6


@pytest.mark.parametrize("shape", ["circle", "xor", "gauss", "spiral", "moons"])
def test_noise_makes_a_shape_harder(shape: str) -> None:
    """The nearest other point has the same label less often."""

    def agreement(noise: float) -> float:
        data = _load("playground", shape=shape, noise=noise, samples=400)
        assert data.train.targets is not None
        distance = torch.cdist(data.train.inputs, data.train.inputs).fill_diagonal_(torch.inf)
        labels = data.train.targets
        return float((labels[distance.argmin(1)] == labels).float().mean())

    assert agreement(0) > 0.9
    assert agreement(50) < agreement(0)


def test_playground_formulas() -> None:
    random = np.random.default_rng(0)
    points, labels = plane.circle(500, 0.0, random)
    radius = np.hypot(*points.T)
    assert (radius[labels == 1] < 2.5).all() and (radius[labels == 0] >= 3.5).all()
    points, labels = plane.xor(500, 0.0, random)
    assert (np.abs(points) >= 0.3).all() and np.array_equal(labels == 1, points.prod(1) >= 0)
    points, labels = plane.spiral(200, 0.0, random)
    assert np.hypot(*points[labels == 1].T) == pytest.approx(np.arange(100) / 100 * 5)
    # the two arms are each other turned by half a turn
    assert np.allclose(points[labels == 1], -points[labels == 0])
    points, labels = plane.gauss(20_000, 0.25, random)
    assert points[labels == 1].mean() == pytest.approx(2, abs=0.05)
    assert points[labels == 0].var(0) == pytest.approx([2.25, 2.25], rel=0.05)


def test_surfaces() -> None:
    assert plane.plane(np.array([[5.0, 5.0], [-5.0, 5.0]])).tolist() == [1.0, 0.0]
    tops = np.array([[-4, 2.5], [0, 2.5], [4, 2.5], [-4, -2.5], [0, -2.5], [4, -2.5]])
    assert plane.hills(tops).tolist() == [1, -1, 1, -1, 1, -1]
    assert plane.hills(tops + np.array([1.0, 0.0])) == pytest.approx(
        [0.5, -0.5, 0.5, -0.5, 0.5, -0.5]
    )
    assert plane.hills(np.array([[2.0, 0.0], [6.0, 6.0]])).tolist() == [0, 0]


def test_the_plane_is_linear_and_the_hills_are_not() -> None:
    flat, hilly = _load("playground-regression"), _load("playground-regression", shape="gauss")
    assert flat.baselines["least squares"] < 1e-9
    assert hilly.baselines["least squares"] > 0.9 * hilly.baselines["training mean"]


def test_features_come_in_the_order_named() -> None:
    points = np.array([[2.0, 3.0], [-1.0, 0.5]])
    columns = plane.features(points, "xy, siny,x2")
    assert columns == pytest.approx(np.array([[6, np.sin(3), 4], [-0.5, np.sin(0.5), 1]]))
    assert _load("playground", features="x,y,x2,y2,xy,sinx,siny").signature.shape == (7,)


@pytest.mark.parametrize("name", ["playground", "playground-regression"])
def test_features_are_checked_before_torch_is_loaded(name: str) -> None:
    for feature in plane.FEATURES:
        knobs("data", name, features=feature)
    with pytest.raises(ValueError, match="there is no feature 'z'") as caught:
        knobs("data", name, features="x,z")
    assert str(caught.value).endswith(", ".join(plane.FEATURES))
    with pytest.raises(ValueError, match="stands twice"):
        knobs("data", name, features="x,x")
    with pytest.raises(UserError, match=re.escape("there is no feature 'z'")):
        resolve("playground-2d", ["data.features=x,z"])


def test_fingerprints_see_types_shapes_values_and_texts() -> None:
    zeros = torch.zeros(4)
    marks = [
        fingerprint([zeros]),
        fingerprint([zeros.view(2, 2)]),
        fingerprint([zeros.double()]),
        fingerprint([torch.tensor([0.0, 0.0, 0.0, 1e-7])]),
        fingerprint([zeros], ["a"]),
        fingerprint([zeros], ["a", ""]),
    ]
    assert len(set(marks)) == len(marks)
    assert fingerprint([zeros, None]) == fingerprint([torch.zeros(4)])
