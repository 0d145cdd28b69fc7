"""The training loop and what it stands on: build, device, seeds, evaluation, checkpoints.

It knows no screen, no command line and no run directory: it is handed a `Sink` for what it
measures, a `Controls` for what people ask of it, and a folder for checkpoints.
May import: tasks, probes, models, data, optim, spec (types), base, torch.
"""
