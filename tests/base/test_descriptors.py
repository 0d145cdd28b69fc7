"""More files may be open where they are asked for, never fewer, and never more than may be."""

from __future__ import annotations

import resource
import subprocess
import sys

ASK = """
import resource
from tuiwb.base.descriptors import allow
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 128))
for count in (10, 100, 10_000, 20):
    allow(count)
    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_it_is_raised_as_far_as_it_may() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 128
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True)
    assert done.stdout.split() == ["64", "100", "128", "128"], done.stderr
