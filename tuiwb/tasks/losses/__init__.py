"""What is minimised: one file per loss.

A loss file declares ``class Knobs(LossKnobs)`` with the tasks it ``serves`` and whether it reads a
``single`` output for two classes, and offers ``build(knobs) -> loss``, where
``loss(outputs, targets)`` is the mean over samples (or tokens), in the unit its docstring names.
A loss whose training value is not what an evaluation should report (label smoothing) carries the
latter as ``loss.plain``.

To add a loss: one new file here. May import: spec, torch.
"""
