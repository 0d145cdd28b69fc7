"""Tests of the workbench, on recorded runs and a clock that stands still."""
