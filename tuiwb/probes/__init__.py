"""Read-only eyes on the model: gradients, activations, and what watching them costs.

A probe never changes weights, gradients, mode or random state: with probes on or off a run gives
the same bits. To add one: a file with a ``class Instrument``, a `tuiwb.probes.instrument.Probe`.
May import: base, torch.
"""
