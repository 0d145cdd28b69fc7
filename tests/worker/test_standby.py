"""The warm standby as a process."""

from __future__ import annotations

import subprocess
import sys


def test_it_loads_nothing_for_a_client_that_has_gone() -> None:
    """A workbench that is closed as soon as it was opened leaves no core busy for seconds."""
    command = [sys.executable, "-X", "importtime", "-P", "-m", "tuiwb.worker", "--standby"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as standby:
        said, imported = standby.communicate("")
    assert standby.returncode == 0 and not said
    assert "tuiwb.worker.standby" in imported and "torch" not in imported
