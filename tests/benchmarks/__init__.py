"""Speed, measured as ratios interleaved in one run; no test asserts a wall-clock time."""
