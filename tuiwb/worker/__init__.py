"""The process that trains: it wires the engine to the run directory.

Inbox to controls, sink to tables and journal, signals and failures to last words, the heartbeat,
the doctor's rounds, `describe`, and the warm standby that waits with torch imported.
``python -m tuiwb.worker RUN`` is how it is started, and the only way: nobody imports it.
May import: engine, doctor, run, spec, base. Never textual, rich, typer or plotext.
"""
