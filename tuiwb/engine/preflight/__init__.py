"""Pre-flight: what can be known of a spec within half a minute, before anything is trained.

One file is one check: ``def check(trial: Trial) -> Result``, with ``TITLE`` (what holds where it
passes) and ``PLACE`` (its turn, cheapest first). A check works on copies of the model. It passes,
fails, or does not apply, and then it says why: a guess is worse than no answer. `run.preflight`
asks them all.
May import: what the engine may.
"""
