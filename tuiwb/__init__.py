"""tuiwb: a training workbench in the terminal.

The run directory is the whole interface: the training wing writes it, the reading wing reads it,
and neither imports the other. Each folder's ``__init__`` says what lives there.
"""

from __future__ import annotations

__version__ = "0.1.0"
