"""The bounds of a learning-rate range test: what a command offers, a form asks and a loop does."""

LOW, HIGH = 1e-5, 10.0
"""The rates tested, unless said otherwise."""
STEPS = 100
FEWEST, MOST = 20, 10_000
"""Steps of a test: with fewer the curve says nothing."""
LARGEST = 100.0
"""The largest rate that a spec may have."""
RUNS = 3
"""Short runs that follow the climb of the rate, each at a rate of its own."""
SHARE = 0.2
"""Of a test's steps, that each short run has."""
ENOUGH = 10
"""Steps below which a short run says nothing, and the climb has them all."""


def shares(steps: int) -> tuple[int, int]:
    """Steps of the climb and of each short run: no runs, and all steps for the climb, where they
    are too few."""
    run = int(SHARE * steps)
    return (steps - RUNS * run, run) if run >= ENOUGH else (steps, 0)
