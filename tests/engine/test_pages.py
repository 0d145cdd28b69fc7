"""What a step frees is there for the next one, without a page fault."""

from __future__ import annotations

import platform
import subprocess
import sys

FAULTS = """
import resource, sys
import numpy as np
from tuiwb.engine.pages import keep_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

print(sys.argv[1] == "kept" and keep_memory())
x = np.ones(1 << 20)
for step in range(25):
    if step == 5:
        before = faults()
    [x + 1, x + 2, x + 3]
print(faults() - before)
"""


def faults(how: str) -> tuple[bool, int]:
    """Whether memory was kept, and the page faults of twenty steps of 24 MB."""
    line = [sys.executable, "-c", FAULTS, how]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    kept, count = done.stdout.split()
    return kept == "True", int(count)


def test_memory_is_kept_where_it_can_be() -> None:
    kept, few = faults("kept")
    assert kept is (platform.libc_ver()[0] == "glibc")
    if kept:
        assert few < faults("left")[1] / 10
