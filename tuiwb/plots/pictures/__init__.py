"""How each kind of picture is painted: one file a kind, found by its name.

A picture is a mapping of NumPy arrays that came out of somebody's file (`tasks.picture` says what
the kinds hold). Each file here offers ``draw(arrays, width, height, look) -> Drawn``: it asks
`arrays.Arrays` for what it needs, which refuses in words what is not of the right shape, and never
raises anything else for any content or size. `show.paint` puts the title above it.

May import: base, numpy, and the rest of plots. A new kind is one new file here, its goldens and
its line in the tests' gallery.
"""
