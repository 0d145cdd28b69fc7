"""Many variants of one small model as one batched program, each a run of its own.

``stack.py`` holds the weights of all members, one tensor a parameter with the member first, and the
members' own models look into it. ``forward.py`` has two ways of a forward pass for all, layer by
layer (``layers.py``) or mapped by torch, and ``trial.py`` finds the one that gives what each member
alone would give, or says why there is none. ``update.py`` moves the weights by torch's own
optimiser. ``member.py`` is the ordinary loop of a run, asked for all but its steps, and ``loop.py``
makes the steps for all.

To make a kind of layer fast: one function in ``layers.py``. May import the engine and what it may.
"""
