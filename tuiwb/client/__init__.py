"""What the reading wing does with runs: launch, attach, follow, steer, list, describe.

The worker is started by its command line and never imported; everything else goes through the run
directory, so several clients may act on one run and agree.

To add something that clients can do: one file here, with functions that the command line and the
terminal both call. May import: run, doctor, spec, base. Never torch, textual, typer.
"""
