"""What a script trains: data, model, optimiser, loss, learning rate, evaluation."""

from __future__ import annotations

from typing import Any

import msgspec

from tuiwb.interop.script.code import Imports, call, literal
from tuiwb.spec.declarations import SHELVES
from tuiwb.spec.knobs import Section
from tuiwb.spec.own import is_own
from tuiwb.spec.sections import Spec

OPTIMIZERS = {
    "sgd": ("SGD", ("momentum={momentum}", "nesterov={nesterov}", "fused=True")),
    "adam": ("Adam", ("betas=({beta1}, {beta2})", "eps={eps}", "fused=True")),
    "adamw": (
        "AdamW",
        ("betas=({beta1}, {beta2})", "eps={eps}", "weight_decay=0.0", "fused=True"),
    ),
    "adagrad": ("Adagrad", ("initial_accumulator_value={initial}", "eps={eps}", "fused=True")),
    "rmsprop": ("RMSprop", ("alpha={alpha}", "momentum={momentum}", "eps={eps}", "foreach=True")),
}
"""Optimiser -> torch's class, and what it is given beside the parameters and the learning rate."""
LOSSES = {
    "mse": "F.mse_loss(outputs, targets)",
    "bce": "F.binary_cross_entropy_with_logits(outputs.squeeze(-1), targets.to(outputs.dtype))",
    "huber": "F.huber_loss(outputs, targets, delta={delta})",
}
"""Loss -> what it is in torch."""
SCHEDULES = {
    "constant": "1.0",
    "cosine": "{final} + (1 - {final}) * (1 + math.cos(math.pi * at / total)) / 2",
}
"""Schedule -> share of the peak at step ``at`` of ``total`` after the warm-up."""


def data(spec: Spec, uses: Imports) -> str:
    """The samples, and their batches."""
    source = uses.component("data", spec.data.name)
    made = knobs(spec.data, f"{source}.Knobs", "data = ")
    load = f"{source}.load(data)"
    if spec.data.test:
        load = f"{uses.name('tuiwb.data.aside', 'with_test')}({source}.load, data)"
    batches = uses.name("tuiwb.data.batches", "Batches")
    lines = [
        made,
        f"dataset = {load}.to(device)",
        "# batch number n is a pure function of the seed and of n",
        call(
            "batches = ",
            batches,
            ("dataset.train", "BATCH_SIZE", "SEED", "context=dataset.context"),
        ),
    ]
    if any(getattr(spec.data, name) for name in _augments(spec)):
        augment = uses.name("tuiwb.data.augment", "augment_of")
        lines.append(f"batches.augment = {augment}(data, SEED)")
    return "\n".join(lines)


def model(spec: Spec, uses: Imports) -> str:
    """The network, as the seed makes it."""
    lines = ["torch.manual_seed(SEED)"]
    signature = "dataset.signature"
    if getattr(spec.loss, "single", False) and spec.task.name == "classify":
        replace = uses.name("dataclasses", "replace")
        signature = f"{replace}(dataset.signature, outputs=1)"  # of two classes
    if is_own(spec.model.name):
        own = uses.name("tuiwb.models", "own")
        own_knobs = uses.name("tuiwb.spec.own", "own_knobs")
        given = {k: v for k, v in msgspec.structs.asdict(spec.model).items() if k != "name"}
        name = literal(spec.model.name)
        lines.append(f"given = {literal(given)}")
        lines.append(f"knobs = {own_knobs}({name}, given)(name={name}, **given)")
        lines.append(f"model = {own}.build(knobs, {signature})")
    else:
        file = uses.component("models", spec.model.name)
        lines.append(knobs(spec.model, f"{file}.Knobs", "knobs = "))
        lines.append(f"model = {file}.build(knobs, {signature}, {spec.regularize.dropout!r})")
    init = uses.component("optim.initializers", spec.init.name)
    lines.append(knobs(spec.init, f"{init}.Knobs", "init = "))
    lines.append(f"{init}.initialise(model, init, torch.Generator().manual_seed(SEED))")
    if not is_own(spec.model.name) and _sees(spec.model.name):
        lines.append("model.see(dataset.train.inputs)")
    lines.append("model.to(device)  # drawn on the CPU: the same weights on every device")
    return "\n".join(lines)


def loss(spec: Spec, uses: Imports) -> str:
    """``criterion``, and the task, which evaluates by it."""
    if spec.loss.name == "cross-entropy":
        uses.name("torch.nn", "functional as F")
        smooth = bool(getattr(spec.loss, "label_smoothing", 0.0))
        outputs = "outputs, targets"
        if spec.task.name != "classify":
            outputs = "outputs.flatten(0, -2), targets.flatten()"
        more = ", label_smoothing=0.0" if smooth else ""
        given = ", label_smoothing=label_smoothing" if smooth else ""
        made = f"def criterion(outputs, targets{more}):\n"
        made += f"    return F.cross_entropy({outputs}{given})\n\n"
    elif spec.loss.name in LOSSES:
        uses.name("torch.nn", "functional as F")
        formula = LOSSES[spec.loss.name].format(**_plain(spec.loss))
        made = f"def criterion(outputs, targets):\n    return {formula}\n\n"
    else:
        file = uses.component("tasks.losses", spec.loss.name)
        made = call("criterion = ", f"{file}.build", (knobs(spec.loss, f"{file}.Knobs"),))
    task = uses.component("tasks", spec.task.name)
    single = str(getattr(spec.loss, "single", False))
    asked = knobs(spec.task, f"{task}.Knobs")
    return f"{made}\n" + call("task = ", f"{task}.build", (asked, "criterion", "dataset", single))


def optimizer(spec: Spec, uses: Imports, left: str, parameters: str) -> str:
    """The optimiser over ``parameters``."""
    if spec.optim.name in OPTIMIZERS:
        name, given = OPTIMIZERS[spec.optim.name]
        values = _plain(spec.optim)
        arguments = [text.format(**values) for text in given]
        return call(left, f"torch.optim.{name}", (parameters, "lr=LEARNING_RATE", *arguments))
    file = uses.component("optim.optimizers", spec.optim.name)
    return call(left, f"{file}.build", (parameters, knobs(spec.optim, f"{file}.Knobs")))


def learning_rate(spec: Spec, uses: Imports) -> str:
    """``learning_rate(step)``; nothing where it is the same throughout."""
    schedule, warmup = spec.schedule, spec.schedule.warmup
    if schedule.name == "constant" and not warmup:
        return ""
    lines = ["def learning_rate(step):", '    """Of a step, counted from 0."""']
    if schedule.name in SCHEDULES:
        formula = SCHEDULES[schedule.name].format(**_plain(schedule))
        if "math." in formula:
            uses.module("math")
    else:
        file = uses.component("optim.schedules", schedule.name)
        lines.insert(0, knobs(schedule, f"{file}.Knobs", "schedule = ") + "\n\n")
        formula = f"{file}.factor(at, total, schedule)"
    at = f"max(step - {warmup}, 0)" if warmup else "step"
    if "at" in formula.replace("math", ""):
        lines.append(f"    at, total = {at}, STEPS" + (f" - {warmup}" if warmup else ""))
    rate = f"LEARNING_RATE * ({formula})" if " " in formula else f"LEARNING_RATE * {formula}"
    if warmup:
        lines.append(f"    warm = min((step + 1) / {warmup + 1}, 1.0)")
        rate += " * warm"
    lines.append(f"    return {rate}")
    return "\n".join(lines)


def knobs(section: Section, name: str, left: str = "") -> str:
    """``name(...)`` with what differs from what it would be anyway."""
    given = []
    for field in msgspec.structs.fields(type(section)):
        value = getattr(section, field.name)
        if field.default_factory is not msgspec.NODEFAULT:
            default: Any = field.default_factory()
        else:
            default = field.default
        if value != default:
            given.append(f"{field.name}={literal(value)}")
    return call(left, name, given)


def _plain(section: Section) -> dict[str, str]:
    return {k: literal(v) for k, v in msgspec.structs.asdict(section).items()}


def _sees(name: str) -> bool:
    """Whether the architecture looks at training inputs before the first step."""
    return "def see(" in SHELVES["model"].path(name).read_text("utf-8")


def _augments(spec: Spec) -> list[str]:
    return [name for name in type(spec.data).__struct_fields__ if name.startswith("augment_")]
