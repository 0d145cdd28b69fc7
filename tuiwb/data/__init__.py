"""Where samples come from: one file per source.

A source file declares ``class Knobs(DataKnobs)`` (or TabularKnobs, TextKnobs) with what it
``gives`` and which tasks it ``serves``, and offers ``load(knobs) -> Dataset``
(`tuiwb.data.dataset`): split, scaled, with baselines and a fingerprint of its content. Batches of
it are `tuiwb.data.batches`. To add a source: one new file here; a contract test covers it at once.

May import: base, spec, probes, torch, numpy, scikit-learn. Never models, optim or a screen.
"""
