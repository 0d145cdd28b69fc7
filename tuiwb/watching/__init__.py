"""Any training loop of the user's own, watched: `tuiwb.watch`, and the adapters for trainers.

The same run directory, instruments and doctor as a worker's, written from inside the user's
process. What goes wrong here warns once and steps aside: it never stops a training.
To add an adapter: a file that turns a trainer's callbacks into `Run.step` and `Run.evaluate`.
May import: worker, engine, probes, doctor, run, base, torch.
"""
