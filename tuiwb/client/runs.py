"""Runs for the reading wing: where they are, which there are, which one is meant."""

from __future__ import annotations

from tuiwb.run.create import runs_dir
from tuiwb.run.find import find
from tuiwb.run.kept import RunSummary
from tuiwb.run.listing import Listing, list_runs

__all__ = ["Listing", "RunSummary", "find", "list_runs", "runs_dir"]
