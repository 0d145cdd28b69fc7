"""What a script does in a step: batch, loss, backward, clip, penalties, update."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent

from tuiwb.interop.script.code import Imports
from tuiwb.interop.script.parts import optimizer
from tuiwb.spec.sections import Spec

DIRECT = {
    "classify": "criterion(model(inputs), targets)",
    "language": "criterion(model(inputs), targets)",
    "regress": "criterion(model(inputs), targets)",
    "sequence": "criterion(model(inputs), targets)",
    "reconstruct": "criterion(model(inputs), inputs.flatten(1))",
    "seq2seq": "criterion(model(inputs, targets), targets)",
}
"""Task -> its loss in a line; any other task is asked for its loss."""


def loop(spec: Spec, uses: Imports, half: bool) -> str:
    """Optimiser and loop; with ``half`` the forward pass runs in bfloat16."""
    direct = spec.task.name in DIRECT
    made = [
        optimizer(spec, uses, "optimizer = ", "model.parameters()")
        if direct
        else _optimizers(spec, uses)
    ]
    if _penalised(spec):
        made.append("matrices = [p for p in model.parameters() if p.ndim >= 2]  # biases are free")
    head = ["model.train()", "for step in range(STEPS):"]
    if _varies(spec):
        head.append("    lr = learning_rate(step)")
    body = _one_loss(spec, half) if direct else _turns(spec, half)
    report = [
        "if step % PRINT_EVERY == 0 or step == STEPS - 1:",
        '    print(f"step {step + 1:6d}  loss {loss.item():.6f}")',
        "if "
        + ("(step + 1) % EVAL_EVERY == 0 or " if spec.train.eval_every else "")
        + "step == STEPS - 1:",
        "    print(evaluate())",
    ]
    lines = [*head, indent("\n".join([*body, *report]), "    ")]
    return "\n".join([*made, "", *lines])


def _one_loss(spec: Spec, half: bool) -> Iterator[str]:
    """A step of one loss of all weights."""
    formula = DIRECT[spec.task.name]
    if getattr(spec.loss, "label_smoothing", 0.0) and "targets)" in formula:
        formula = formula.removesuffix(")") + ", LABEL_SMOOTHING)"
    if _varies(spec):
        yield 'optimizer.param_groups[0]["lr"] = lr'
    yield "inputs, targets = batches.at(step)"
    if spec.optim.needs_closure:
        yield from _searched(spec, half, formula)
        return
    yield from _backward(spec, half, formula)
    if spec.train.clip_norm:
        yield f"torch.nn.utils.clip_grad_norm_(model.parameters(), {spec.train.clip_norm!r})"
    yield from _penalties(spec)
    yield "optimizer.step()"
    yield "optimizer.zero_grad()"


def _turns(spec: Spec, half: bool) -> Iterator[str]:
    """A step in the task's turns, each a loss of its own of weights of its own."""
    rate = "lr" if _varies(spec) else "LEARNING_RATE"
    yield "number = step * sum(turn.times for turn in turns)"
    yield "for turn, optimizer in zip(turns, optimizers):"
    yield f'    optimizer.param_groups[0]["lr"] = {rate} * turn.lr'
    yield "    for _ in range(turn.times):"
    inside = ["batch = batches.at(number)", "number += 1"]
    if spec.optim.needs_closure:
        inside += _searched(spec, half, "")
    else:
        inside += _backward(spec, half, "")
        inside.append("# what went through another turn's weights on the way is not theirs")
        inside.append("mine = set(turn.parameters)")
        inside.append("for parameter in model.parameters():")
        inside.append("    parameter.grad = parameter.grad if parameter in mine else None")
        if spec.train.clip_norm:
            clip = f"torch.nn.utils.clip_grad_norm_(turn.parameters, {spec.train.clip_norm!r})"
            inside.append(clip)
        inside += _penalties(spec, f"{rate} * turn.lr")
        inside += ["optimizer.step()", "optimizer.zero_grad()"]
    yield indent("\n".join(inside), "        ")


def _searched(spec: Spec, half: bool, formula: str) -> Iterator[str]:
    """A step of an optimiser that looks at the loss more than once."""
    penalty, penalties = spec.regularize, []
    if penalty.l1:
        penalties.append(f"{penalty.l1!r} * sum(w.abs().sum() for w in matrices)")
    if penalty.l2:
        penalties.append(f"{penalty.l2 / 2!r} * sum(w.square().sum() for w in matrices)")
    yield ""
    yield "def closure():"
    yield "    optimizer.zero_grad()"
    yield indent("\n".join(_backward(spec, half, formula)), "    ")
    for text in penalties:
        yield f"    penalty = {text}"
        yield "    penalty.backward()"
        yield "    loss = loss + penalty"
    yield "    return loss"
    yield ""
    yield "with torch.no_grad():"
    yield f"    loss = {formula}" if formula else "    loss, _ = turn.loss(model, batch, step)"
    if penalty.weight_decay:
        rate = "lr" if _varies(spec) else "LEARNING_RATE"
        yield "    for weight in matrices:"
        yield f"        weight.mul_(1 - {rate} * {penalty.weight_decay!r})"
    yield "optimizer.step(closure)"


def _backward(spec: Spec, half: bool, formula: str) -> Iterator[str]:
    """From ``inputs, targets`` (or ``batch``) to ``loss`` and gradients."""
    pieces = spec.train.accumulate
    if pieces == 1:
        line = f"loss = {formula}" if formula else "loss, _ = turn.loss(model, batch, step)"
        yield from _forward(line, half)
        yield "loss.backward()"
        return
    if formula:
        formula = formula.replace("inputs", "rows").replace("targets", "answers")
        yield "loss = 0.0"
        yield f"pieces = inputs.tensor_split({pieces}), targets.tensor_split({pieces})"
        yield "for rows, answers in zip(*pieces):"
        line, share = f"part = {formula}", "len(rows) / len(inputs)"
    else:
        yield "loss = 0.0"
        yield f"for piece in zip(*(tensor.tensor_split({pieces}) for tensor in batch)):"
        line = "part, _ = turn.loss(model, piece, step)"
        share = "len(piece[0]) / len(batch[0])"
    yield indent("\n".join(_forward(line, half)), "    ")
    yield f"    part = part * ({share})"
    yield "    part.backward()"
    yield "    loss = loss + part.detach()"


def _forward(line: str, half: bool) -> Iterator[str]:
    if not half:
        yield line
        return
    yield "with torch.autocast(device.type, torch.bfloat16):"
    yield f"    {line}"


def _penalties(spec: Spec, rate: str = "") -> Iterator[str]:
    """L1 and L2 through the gradient, after clipping; weight decay past it."""
    penalty = spec.regularize
    if not _penalised(spec):
        return
    yield "with torch.no_grad():"
    yield "    for weight in matrices:"
    yield "        if weight.grad is not None:"
    if penalty.l1:
        yield f"            weight.grad.add_(weight.sign(), alpha={penalty.l1!r})"
    if penalty.l2:
        yield f"            weight.grad.add_(weight, alpha={penalty.l2!r})"
    if penalty.weight_decay:
        rate = rate or ("lr" if _varies(spec) else "LEARNING_RATE")
        yield f"            weight.mul_(1 - {rate} * {penalty.weight_decay!r})"


def _optimizers(spec: Spec, uses: Imports) -> str:
    turns = uses.name("tuiwb.tasks.task", "turns_of")
    made = optimizer(spec, uses, "", "list(turn.parameters)")
    return (
        "# who is trained by which loss, and how often in a step\n"
        f"turns = {turns}(task, model)\n"
        f"optimizers = [\n{indent(made, '    ')}\n    for turn in turns\n]"
    )


def _penalised(spec: Spec) -> bool:
    penalty = spec.regularize
    return bool(penalty.l1 or penalty.l2 or penalty.weight_decay)


def _varies(spec: Spec) -> bool:
    return spec.schedule.name != "constant" or spec.schedule.warmup > 0
