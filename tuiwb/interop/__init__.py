"""What other tools wrote, as a run directory: TensorBoard's event folders.

`opening` is the way in: it tells a stranger's folder from a run and converts it; `tensorboard`
reads event files, `tags` guesses what a tag is, `convert` writes the run. The doctor and the
workbench then read it like any other.

To add a format: a file that reads it into `log.Writer` objects, named in `opening`. May import:
run, client, doctor, spec, base, numpy; tensorboard in ``tensorboard.py`` alone. Never torch.
"""
