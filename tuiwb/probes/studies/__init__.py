"""Studies: an expensive look at the whole model, on demand (``probe.studies``).

One file is one study: ``def study(subject: Subject) -> dict[str, float]``, figures under names of
their own, which stand beside the metrics of an evaluation. A study sees the model and one batch as
a `tuiwb.probes.subject.Subject` and works on copies alone: weights, gradients, mode and random
state are afterwards what they were. May import: base, torch.
"""
