"""The script from its first line to its last."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tuiwb.interop.script import parts
from tuiwb.interop.script.code import Imports, comment, literal
from tuiwb.interop.script.loop import loop
from tuiwb.run.in_force import settings
from tuiwb.run.view import RunView
from tuiwb.spec.sections import Spec

EVAL_BATCH = 256
"""Samples in one forward pass of an evaluation, at least."""


def script(run: RunView, spec: Spec) -> str:
    """The script that trains what ``run`` trained under ``spec``, from its seed on."""
    uses = Imports()
    uses.module("torch")
    half = _half(run, spec)
    body = [
        "\n".join(_constants(spec)),
        "\n".join(_device(run, spec)),
        parts.data(spec, uses),
        parts.model(spec, uses),
        parts.loss(spec, uses),
        parts.learning_rate(spec, uses),
        _evaluate(spec, uses, half),
        loop(spec, uses, half),
    ]
    head = [*_about(run, spec), "", uses.text()]
    text = "\n\n".join(["\n".join(head), *(part for part in body if part)])
    return _spaced(text) + "\n"


def _about(run: RunView, spec: Spec) -> Iterator[str]:
    """Where it comes from, and what of the run is not in it."""
    yield comment(f"{spec.about.title or run.preset}, trained as in the run {run.id}.")
    yield comment(
        "Written by tuiwb export. Data, model and initial weights are tuiwb's (pip install tuiwb); "
        "the training is all here. On a CPU the losses are the run's, up to rounding."
    )
    for setting in settings(run.events):
        sets = ", ".join(f"{key} = {value}" for key, value in setting.args.items())
        yield comment(f"Not repeated: at step {setting.step} it was set that {sets}.")
    parent = run.meta.get("parent")
    if isinstance(parent, dict):
        yield comment(
            f"The run went on from step {parent.get('step')} of {parent.get('run')}; this begins "
            "from the seed."
        )
    train = spec.train
    for name, given in (("patience", train.patience), ("stop_when", train.stop_when)):
        if given:
            yield comment(f"Left out: train.{name} = {given}, which may end a run early.")


def _constants(spec: Spec) -> Iterator[str]:
    train = spec.train
    yield f"SEED = {train.seed}"
    yield f"STEPS = {train.steps}"
    yield f"BATCH_SIZE = {spec.data.batch_size}"
    yield f"LEARNING_RATE = {literal(spec.optim.lr)}"
    if smoothing := getattr(spec.loss, "label_smoothing", 0.0):
        yield f"LABEL_SMOOTHING = {smoothing!r}"
    if train.eval_every:
        yield f"EVAL_EVERY = {train.eval_every}"
    yield "PRINT_EVERY = 10"


def _device(run: RunView, spec: Spec) -> Iterator[str]:
    asked = spec.train.device
    if asked == "auto":
        yield 'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")'
    else:
        yield f"device = torch.device({literal(asked)})"
    threads = run.device.get("threads")
    if run.device.get("device") != "cpu" and run.device:
        yield 'torch.set_float32_matmul_precision("high")'
    elif isinstance(threads, int) and not isinstance(threads, bool) and 0 < threads < 10_000:
        yield f"torch.set_num_threads({threads})  # more are slower with so small a network"


def _evaluate(spec: Spec, uses: Imports, half: bool) -> str:
    evaluation = uses.name("tuiwb.data.batches", "evaluation")
    rows = math.ceil(spec.data.batch_size / spec.train.accumulate)
    if not getattr(spec.data, "context", 0):
        rows = max(EVAL_BATCH, rows)
    with_ = "with torch.no_grad():"
    if half:
        with_ = "with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):"
    return f'''def evaluate():
    """The figures of the whole validation part, in a line."""
    model.eval()
    {with_}
        figures = task.evaluate(model, {evaluation}(dataset.val, {rows}, dataset.context))
    model.train()
    return "  ".join(f"val_{{name}} {{value:.4f}}" for name, value in figures.items())'''


def _half(run: RunView, spec: Spec) -> bool:
    """Whether its forward pass ran in bfloat16."""
    return "bfloat16" in (spec.train.precision, run.device.get("precision"))


def _spaced(text: str) -> str:
    """Two empty lines around functions, one elsewhere."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("def ") or (line and not line.startswith(" ") and _in_function(lines)):
            while lines and not lines[-1]:
                lines.pop()
            lines += ["", ""]
        elif not line and lines[-2:] == ["", ""]:
            continue
        lines.append(line)
    return "\n".join(lines).strip("\n")


def _in_function(lines: list[str]) -> bool:
    """Whether the last line with something on it is of a function at the top."""
    for line in reversed(lines):
        if line and not line.startswith((" ", ")")):
            return line.startswith("def ")
    return False
