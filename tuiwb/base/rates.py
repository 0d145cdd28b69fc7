"""The bounds of a learning-rate range test: what a command offers, a form asks and a loop does."""

LOW, HIGH = 1e-6, 10.0
"""The rates tested, unless said otherwise."""
STEPS = 100
FEWEST, MOST = 20, 10_000
"""Steps of a test: with fewer the curve says nothing."""
LARGEST = 100.0
"""The largest rate that a spec may have."""
