"""Images on terminals that show pixels: the kitty graphics protocol, sixel, and who shows which.

Nothing of it is written to a terminal that did not say that it understands it.

- `answers.py` what is asked of a terminal, and its answers picked out of what is typed
- `means.py` what this terminal can do: protocol, size of a cell, how much may be sent
- `kitty.py`, `sixel.py` one protocol each; `png.py` the file format that kitty takes
- `imaging.py` when it is asked, and who hears of it
- `easel.py` which images stand on the terminal, and what brings it to those that should

Under each image the same picture stands in half blocks, so that taking an image away shows that.
May import: numpy and `plots`, but for `answers.py`, `means.py` and
`imaging.py`, which the first screen loads.
"""
