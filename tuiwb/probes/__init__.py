"""Read-only eyes on the model: gradients, activations, and what watching them costs.

A probe never changes weights, gradients, mode or random state: with probes on or off a run gives
the same bits. To add one: a file with a ``class Instrument``, a `tuiwb.probes.instrument.Probe`.
What is too dear for every sampled step is a study: see ``studies/``.
May import: base, torch.
"""
