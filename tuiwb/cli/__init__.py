"""The command line: data on stdout, talk on stderr, an exit code that says how it ended.

``main.py`` is the entry point, ``program.py`` finds the commands in ``commands/``, one file per
family; the other files here are what commands share: options, output, following a run, the summary
at its end.
May import: client, spec, plots, typer, rich. Inside a command, not at the top of its file, come
imports that cost time: ``tuiwb --help`` loads neither torch nor textual nor numpy.

To add a command: a file in ``commands/`` (or a function in one that is there).
"""
