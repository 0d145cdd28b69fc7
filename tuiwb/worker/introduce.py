"""What a worker tells of a run before its first step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuiwb.data.statistics import class_counts, input_statistics
from tuiwb.doctor.facts import facts, knobs
from tuiwb.doctor.window import Facts
from tuiwb.run import changed
from tuiwb.run.journal import Journal

if TYPE_CHECKING:
    from tuiwb.engine.build import Session
    from tuiwb.run.view import RunView


def introduce(session: Session, journal: Journal, before: RunView | None = None) -> Facts:
    """Journal what is being trained, on what, where; the facts that the doctor goes by.

    ``before`` is the run as the worker before left it: what is not as it was then is a warning.
    """
    dataset = session.dataset
    model = journal.write(
        "model",
        layers=[
            {
                "name": layer.name,
                "kind": layer.kind,
                "parameters": layer.parameters,
                "trainable": any(p.requires_grad for p in layer.module.parameters()),
            }
            for layer in session.layers
        ],
        parameters=sum(p.numel() for p in session.model.parameters()),
    )
    data = journal.write(
        "data",
        name=session.spec.data.name,
        train=len(dataset.train),
        val=len(dataset.val),
        **({} if dataset.test is None else {"test": len(dataset.test)}),
        classes=list(dataset.classes),
        class_counts=class_counts(dataset),
        vocabulary=dataset.signature.vocabulary,
        inputs=input_statistics(dataset),
        # in the unit of the loss, which the data's own may not be
        baselines=dict(session.task.baselines),
        fingerprint=dataset.fingerprint,
        notes=list(dataset.notes),
        steps_per_epoch=session.batches.steps_per_epoch,
        samples_per_step=session.batches.samples_per_step,
        unit="tokens" if dataset.context else "samples",
    )
    known = before.data.get("notes") if before is not None else ()
    for text in dataset.notes:
        if not isinstance(known, list) or text not in known:
            journal.write("note", text=text, by="data")
    device = journal.write(
        "device",
        device=session.device.name,
        hardware=session.device.hardware,
        precision="bfloat16" if session.device.autocast_to else "float32",
        threads=session.threads,
        **({"processes": session.ranks.world} if session.ranks.world > 1 else {}),
        **({"sharded": True} if session.ranks.sharded else {}),
    )
    if before is not None:
        told = [*changed.data(before.data, data), *changed.device(before.device, device)]
        for text in told:
            journal.write("warning", text=text)
    return facts(knobs(session.spec), model, data)
