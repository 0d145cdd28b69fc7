"""The same spec on newly drawn data: what Playground calls "regenerate"."""

from __future__ import annotations

from tuiwb.spec.resolve import Resolved, from_toml
from tuiwb.spec.toml import to_toml

SEED = "data.split_seed"


def redrawn(resolved: Resolved) -> Resolved:
    """``resolved`` with the next seed of its data: other points where they are generated, another
    split where they are not."""
    key = f"{SEED}={resolved.get(SEED) + 1}"
    again = from_toml(to_toml(resolved), resolved.preset, [key])
    return Resolved(again.spec, resolved.preset, again.origins, resolved.path)
