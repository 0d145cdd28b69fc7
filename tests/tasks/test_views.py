"""What pictures show, held against what is known of the model that they are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.contracts.making import SIGNATURES, build_model, knobs, module, samples
from tuiwb.base.signature import Signature
from tuiwb.data.dataset import Dataset, Part
from tuiwb.engine.build import build, load_data
from tuiwb.spec import resolve
from tuiwb.tasks import looking, views
from tuiwb.tasks.picture import Picture


class Says(nn.Module):
    """Answers with a function of its inputs."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x: Tensor) -> Tensor:
        return self.answer(x)  # type: ignore[operator, no-any-return]


def _plane(targets: Tensor, points: Tensor, outputs: int) -> Dataset:
    part = Part(points, targets)
    classes = tuple("abc"[:outputs]) if targets.dtype == torch.int64 else ()
    return Dataset(Signature("vector", (2,), outputs), part, part, classes, {}, "0" * 16)


def _array(picture: Picture | None, key: str) -> np.ndarray:
    assert picture is not None
    return picture.plain()[key]


def test_a_confusion_matrix_counts_every_sample_once() -> None:
    from sklearn.metrics import confusion_matrix

    truth = torch.randint(3, (700,), generator=torch.Generator().manual_seed(0))
    guess = torch.randint(3, (700,), generator=torch.Generator().manual_seed(1))
    part = Part(nn.functional.one_hot(guess, 3).float(), truth)
    picture = views.confusion(Says(lambda x: x), part, ("a", "b", "c"), lambda y: y.argmax(-1))
    values = _array(picture, "values")
    assert np.array_equal(values, confusion_matrix(truth, guess))
    wrong = int((truth != guess).sum())
    assert picture.words.startswith(f"{wrong} of 700 wrong, most often ")


def test_a_perfect_model_is_told_in_words() -> None:
    truth = torch.arange(4) % 2
    part = Part(truth[:, None].float(), truth)
    picture = views.confusion(Says(lambda x: x), part, ("a", "b"), lambda y: y.squeeze(-1))
    assert picture.words == "all 4 right"


@pytest.mark.parametrize(
    ("name", "shape", "images"),
    [
        ("linear", (1, 8, 8), (3, 8, 8)),
        ("mlp", (3, 8, 8), (64, 8, 8, 3)),
        ("lenet5", (1, 28, 28), (6, 5, 5)),
        ("resnet", (3, 32, 32), (16, 3, 3, 3)),
        ("vit", (1, 8, 8), (64, 2, 2)),
    ],
)
def test_first_filters_are_the_first_weights(
    name: str, shape: tuple[int, ...], images: tuple[int, ...]
) -> None:
    signature = Signature("image", shape, 3)
    model = build_model(name, signature)
    shown = _array(views.first_filters(model, signature), "images")
    assert shown.shape == images
    assert shown.min() >= 0 and shown.max() <= 1
    weight = next(p for p in model.parameters() if p.ndim >= 2).detach()
    if name == "vit":
        weight = model.patches.weight.detach()
    flat = weight.reshape(len(weight), *shape) if weight.ndim == 2 else weight
    first = flat[0].permute(1, 2, 0).squeeze(-1).numpy()
    np.testing.assert_allclose(shown[0] - 0.5, first / np.abs(first).max() / 2, atol=1e-6)


def test_weights_that_are_no_picture_are_not_shown() -> None:
    vector = Signature("vector", (64,), 3)
    assert views.first_filters(build_model("mlp", vector), vector) is None
    deep = Signature("image", (7, 8, 8), 3)
    assert views.first_filters(build_model("cnn-small", deep), deep) is None


def test_a_boundary_has_its_first_row_at_the_top() -> None:
    points = torch.tensor([[-1.0, -2.0], [3.0, 4.0]])
    dataset = _plane(torch.tensor([0, 1]), points, 2)
    picture = views.boundary(Says(lambda x: x), dataset, lambda y: y[:, 1] / 10, lambda t: t)
    grid, (x0, x1, y0, y1) = _array(picture, "grid"), _array(picture, "extent")
    assert x0 < -1 < 3 < x1 and y0 < -2 < 4 < y1
    assert grid[0, 0] == pytest.approx(y1 / 10, rel=1e-3) and grid[0, 0] == grid[0, -1]
    assert grid[-1, 0] == pytest.approx(y0 / 10, rel=1e-3)
    assert np.array_equal(_array(picture, "points"), points.numpy())
    assert _array(picture, "labels").tolist() == [0, 1]


def test_each_hidden_unit_has_its_own_map() -> None:
    points = torch.rand(9, 2) * 4 - 2
    dataset = _plane(torch.arange(9) % 2, points, 2)
    model = build_model("mlp", dataset.signature, hidden=(12, 5, 3), activation="tanh")
    with torch.no_grad():
        picture = views.boundary(model, dataset, lambda y: y[:, 0], lambda t: t)
    maps = _array(picture, "neurons")
    assert maps.shape == (8 + 5, views.SIDE // 3, views.SIDE // 3)
    assert np.abs(maps).max() <= 1
    assert _array(picture, "names")[8] == "layer 2, unit 1"
    extent = _array(picture, "extent")
    # a unit of the first layer: tanh of a plane
    low, high = torch.tensor(extent[[0, 2]]), torch.tensor(extent[[1, 3]])
    grid = views.places(low, high, views.SIDE).view(views.SIDE, views.SIDE, 2)[1::3, 1::3]
    unit = model.hidden1(grid.reshape(-1, 2))[:, 0].view(maps.shape[1:]).detach()
    ratio = maps[0] / unit.numpy()
    np.testing.assert_allclose(ratio, np.full_like(ratio, ratio.mean()), rtol=1e-3)
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("preset", ["playground-2d", "reg-2d"])
@pytest.mark.parametrize("scaling", ["none", "standard", "robust"])
def test_a_boundary_is_drawn_over_the_coordinates_whatever_features_are_read(
    preset: str, scaling: str
) -> None:
    """A model that answers with a feature shows that feature of the place, scaled as the data."""
    asked = [f"data.scaling={scaling}", "data.features=x2,siny,xy"]
    dataset = load_data(resolve(preset, asked).spec)
    plain = load_data(resolve(preset, ["data.scaling=none", "data.features=x,y"]).spec)
    assert dataset.val.points is not None and dataset.plane is not None
    torch.testing.assert_close(dataset.val.points, plain.val.inputs)
    torch.testing.assert_close(dataset.plane.inputs(dataset.val.points), dataset.val.inputs)
    picture = views.boundary(
        Says(lambda x: x), dataset, lambda y: y[:, 1] / 20, lambda t: t.flatten().long()
    )
    assert picture is not None and picture.arrays["axes"] == ["x", "y"]
    np.testing.assert_allclose(_array(picture, "points"), plain.val.inputs[: views.POINTS])
    x0, x1, y0, y1 = _array(picture, "extent")
    grid = _array(picture, "grid")
    down = torch.linspace(float(y0), float(y1), views.SIDE).flip(0)
    column = torch.stack((torch.full_like(down, float(x0)), down), dim=1)
    wanted = dataset.plane.inputs(column)[:, 1] / 20
    np.testing.assert_allclose(grid[:, 0], wanted, atol=1e-4)
    assert x0 < -4 < 4 < x1


def test_a_table_of_two_numbers_is_a_plane_in_its_own_units(tmp_path: Path) -> None:
    rows = ["petal length,petal width,kind"]
    random = np.random.default_rng(0)
    for number in range(60):
        kind = number % 2
        across, up = 2 + 3 * kind + random.random(), 0.2 + kind + random.random() / 2
        rows.append(f"{across:.3f},{'' if number == 7 else f'{up:.3f}'},{'ab'[kind]}")
    (tmp_path / "mine.csv").write_text("\n".join(rows))
    asked = [
        "data.name=csv", f"data.path={tmp_path / 'mine.csv'}", "data.test=0.2", "loss.name=squared"
    ]  # fmt: skip
    session = build(resolve("playground-2d", [*asked, "train.device=cpu"]).spec)
    session.model.eval()
    with torch.no_grad():
        pictures = {p.name: p for p in session.task.pictures(session.model, session.dataset)}
    assert "confusion matrix" in pictures
    drawn = pictures["decision boundary"]
    assert drawn.arrays["axes"] == ["petal length", "petal width"]
    x0, x1, y0, y1 = _array(drawn, "extent")
    assert 1 < x0 < 3 and 5 < x1 < 7 and 0 < y0 < 0.5 and 1.2 < y1 < 2
    points = _array(drawn, "points")
    assert np.isfinite(points).all()
    assert session.dataset.plane is not None and session.dataset.val.points is not None
    known = session.dataset.val.points.isfinite().all(1)
    torch.testing.assert_close(
        session.dataset.plane.inputs(session.dataset.val.points[known]),
        session.dataset.val.inputs[known],
    )
    assert len(_array(drawn, "labels")) == len(points) == int(known.sum())


def test_a_boundary_wants_a_plane() -> None:
    dataset = _plane(torch.tensor([0, 1]), torch.rand(2, 2), 2)
    wide = replace(dataset, signature=Signature("vector", (3,), 2))
    assert views.boundary(Says(lambda x: x), wide, lambda y: y[:, 0], lambda t: t) is None


def test_a_painting_is_put_together_from_both_parts() -> None:
    from tuiwb.data.painting import paint

    dataset = module("data", "painting").load(knobs("data", "painting", side=16))

    def perfect(x: Tensor) -> Tensor:
        return torch.from_numpy(paint(*x.double().numpy().T)).float()

    images = _array(views.painted(Says(perfect), dataset), "images")
    assert images.shape == (2, 16, 16, 3)
    np.testing.assert_allclose(images[0], images[1], atol=1e-5)
    assert images[0, 0].mean(0)[2] > images[0, -1].mean(0)[0]  # a blue sky above dark hills


@pytest.mark.parametrize(
    ("preset", "names"),
    [
        ("softmax-digits", ["confusion matrix", "first filters", "saliency"]),
        ("playground-2d", ["confusion matrix", "decision boundary"]),
        ("logreg-cancer", ["confusion matrix"]),
        ("reg-2d", ["decision boundary"]),
        ("image-regression", ["painting"]),
        ("perceptron-blobs", ["decision boundary"]),
        ("linreg-diabetes", []),
    ],
)
def test_every_task_shows_what_its_data_allows(preset: str, names: list[str]) -> None:
    session = build(resolve(preset, ["train.device=cpu"]).spec)
    session.model.eval()
    with torch.no_grad():
        shown = list(session.task.pictures(session.model, session.dataset))
    assert [picture.name for picture in shown] == names
    for picture in shown:
        for array in picture.plain().values():
            assert array.dtype.kind in "fiU"
            assert array.dtype.kind != "f" or np.isfinite(array).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_saliency_is_where_the_answer_hangs(channels: int) -> None:
    """Of a model that reads one pixel, that pixel; and nothing of the model is moved by looking."""
    inputs = torch.rand(4, channels, 5, 6, generator=torch.Generator().manual_seed(0))
    part = Part(inputs, torch.zeros(4, dtype=torch.int64))
    signature = Signature("image", (channels, 5, 6), 2)
    dataset = Dataset(signature, part, part, ("a", "b"), {}, "0" * 16)
    reads = nn.Linear(1, 2)
    model = Says(lambda x: reads(x[:, -1, 3, 4, None]))
    model.add_module("reads", reads)
    with torch.no_grad():
        shown = _array(views.saliency(model, dataset), "images")
    assert len(shown) == 8
    strength = shown[4:] if channels == 1 else shown[4:].max(-1)
    lit = np.zeros((5, 6))
    lit[3, 4] = 1
    assert np.array_equal(strength, np.stack([lit] * 4))
    assert reads.weight.grad is None and inputs.grad is None
    assert views.saliency(Says(lambda x: x.flatten(1).round().detach()), dataset) is None


@pytest.mark.parametrize("name", ["gpt", "vit"])
def test_attention_of_modules_sums_to_one_and_keeps_the_order_of_time(name: str) -> None:
    signature = SIGNATURES["tokens" if name == "gpt" else "image"]
    model = build_model(name, signature).eval()
    inputs, _ = samples(signature, 2)
    with torch.no_grad():
        seen = looking.self_attention(model, inputs)
    assert len(seen) == 2
    for weights in seen.values():
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
        later = weights.triu(1)
        assert bool((later == 0).all()) is (name == "gpt")
    assert not [m for m in model.modules() if m._forward_hooks]


def test_attention_seen_from_outside_is_what_a_model_says_of_itself() -> None:
    model = build_model("encoder", SIGNATURES["tokens"]).eval()
    inputs, _ = samples(SIGNATURES["tokens"], 2)
    with torch.no_grad():
        said = model.attention_weights(inputs)  # type: ignore[operator]
        seen = looking.self_attention(model, inputs)
    assert seen.keys() <= said.keys()
    for block, weights in seen.items():
        torch.testing.assert_close(weights, said[block])


def test_a_transformer_s_pictures_name_its_patches_and_characters() -> None:
    for preset, first in (("vit-tiny", "class"), ("gpt-char", None)):
        session = build(resolve(preset, ["train.device=cpu"]).spec)
        session.model.eval()
        with torch.no_grad():
            shown = list(session.task.pictures(session.model, session.dataset))
        matrices = [p for p in shown if p.name.startswith("attention")]
        assert matrices
        for picture in matrices:
            values, rows = picture.plain()["values"], picture.plain()["rows"]
            assert values.shape == (len(rows), len(rows))
            assert first is None or rows[0] == first
