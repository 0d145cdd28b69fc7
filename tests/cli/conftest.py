"""The program as a person starts it: a process of its own, judged by its streams and its status."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tuiwb.cli.main import execute

ROOT = Path(__file__).resolve().parents[2]
Tuiwb = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tuiwb(tmp_path: Path) -> Tuiwb:
    """Run ``tuiwb ARGUMENTS`` in an empty folder, without a terminal."""

    def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tuiwb", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
        )

    return call


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Tuiwb:
    """The same inside this process: faster, for what needs no streams or environment of its own."""

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        code = execute([str(argument) for argument in arguments])
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return call
