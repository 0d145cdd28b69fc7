"""What a person may ask of a running loop, one file a command, found by its name.

A command is a module with ``obey(desk, command)``: it takes effect and calls ``command.accept``, or
it calls ``command.refuse`` with the reason; a `UserError` is a refusal too. It is called between
two steps, paused or not. The first line of its docstring is what ``tuiwb ctl`` says of it,
``TAKES`` what it is given. May import the engine and what the engine may.
"""
