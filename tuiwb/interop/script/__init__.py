"""A run as a PyTorch script: the loop written out, as one would write it by hand.

`whole` puts it together from `parts` (data, model, optimiser, loss) and `loop` (what a step does).
Common optimisers, losses and schedules are written in torch's own words; for any other the script
calls ours, so that a new one needs no word here. Every text of the run's stands in it as a literal
of Python or in a comment. May import: run, spec, base.
"""
