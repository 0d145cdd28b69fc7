"""``info``: what this machine and this installation are."""

from __future__ import annotations

from typing import Any

import typer

import tuiwb
from tuiwb.base.format import size
from tuiwb.cli import output
from tuiwb.cli.options import Json, Runs, runs_folder

PLACE = 5
app = typer.Typer()

PACKAGES = ("msgspec", "numpy", "plotext", "psutil", "rich", "scikit-learn", "textual", "typer")


@app.command()
def info(json: Json = False, runs: Runs = None) -> None:
    """Print devices, memory and versions."""
    import platform

    facts = {
        "tuiwb": tuiwb.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "runs": str(runs_folder(runs)),
        "versions": {name: _version(name) for name in ("torch", *PACKAGES)},
        **machine(),
    }
    if json:
        output.emit_json(facts)
    else:
        output.emit("\n".join(f"{name:13} {words}" for name, words in _rows(facts)))


def machine() -> dict[str, Any]:
    """Devices and memory as torch sees them, asked of the worker: nothing here loads torch."""
    import json
    import subprocess

    from tuiwb.client.process import environment, worker_command

    asked = subprocess.run(
        [*worker_command(), "--info"],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        facts = json.loads(asked.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        reason = asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"]
        return {"torch_error": reason[-1]}
    assert isinstance(facts, dict)
    return facts


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("tuiwb", facts["tuiwb"]),
        ("python", f"{facts['python']} on {facts['platform']}"),
        ("runs", facts["runs"]),
    ]
    if "torch_error" in facts:
        rows.append(("torch", f"does not load: {facts['torch_error']}"))
    else:
        cuda = f"CUDA {facts['cuda']}" if facts["cuda"] else "built without CUDA"
        rows.append(("torch", f"{facts['torch']}, {cuda}"))
        rows += [(device["device"], _device(device, facts)) for device in facts["devices"]]
        rows.append(("memory", _memory(**facts["memory"])))
    return rows + [(name, facts["versions"][name]) for name in PACKAGES]


def _device(device: dict[str, Any], facts: dict[str, Any]) -> str:
    if device["device"] == "cpu":
        cpu = facts["cpu"]
        return f"{cpu['usable']} of {cpu['cores']} cores usable, {cpu['capability']}"
    if "memory_total" not in device:
        return "usable"
    memory = _memory(device["memory_total"], device["memory_free"])
    bfloat16 = "bfloat16" if device["bfloat16"] else "no bfloat16"
    return f"{device['name']}, {memory}, compute {device['capability']}, {bfloat16}"


def _memory(total: float, available: float) -> str:
    return f"{size(total)}, {size(available)} free"


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
