"""Optimisers: one file each.

A file declares ``class Knobs(OptimKnobs)`` and offers
``options(knobs) -> dict``, the settings of a parameter group (so that a hot knob is applied to a
running optimiser by ``group.update(options(knobs))``), and
``build(params, knobs, fused) -> torch.optim.Optimizer``. Penalties on weights are not the
optimiser's business here: `tuiwb.optim.regularizers` does them alike for all.

To add an optimiser: one new file here; a contract test covers it at once. May import: spec, torch.
"""
