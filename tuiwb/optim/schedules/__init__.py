"""The learning rate's shape over a run: one file each.

A file declares ``class Knobs(ScheduleKnobs)`` and offers ``factor(step, total, knobs) -> float``,
a pure function: the share of ``optim.lr`` in force at ``step`` (0-based) of ``total``, in (0, 1].
Warm-up is composed outside, in `tuiwb.optim.schedule`.

To add a schedule: one new file here; a contract test covers it at once. May import: spec.
"""
