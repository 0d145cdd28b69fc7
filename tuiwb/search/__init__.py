"""Search: many runs of one preset, each with knobs of its own, and what the best of them has.

A `space` says which knobs vary and over what, a sampler (``samplers.py``) asks for the next trial
and is told what came of the last one, and a `race` starts each trial as an ordinary run: its folder
is like any other, so it can be attached to, shown and compared while the search goes on.

To add a sampler: a line in ``samplers.SAMPLERS``. May import: client, run, spec, base and, alone in
the house, optuna. Never torch, textual or typer.
"""
