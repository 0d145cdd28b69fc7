"""Runs for the reading wing: where they are, which there are, which one is meant."""

from __future__ import annotations

from tuiwb.run.create import runs_dir
from tuiwb.run.listing import RunSummary, find, list_runs

__all__ = ["RunSummary", "find", "list_runs", "runs_dir"]
