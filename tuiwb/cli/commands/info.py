"""``info``: what this machine and this installation are."""

from __future__ import annotations

import json as json_module
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import typer

import tuiwb
from tuiwb.base.format import size
from tuiwb.cli import output
from tuiwb.cli.options import Json, Runs, runs_folder

PLACE = 5
app = typer.Typer()

PACKAGES = ("torch", "textual", "rich", "typer", "plotext", "numpy", "scikit-learn", "msgspec")

# torch is asked in a process of its own: the command line never loads it
_ASK_TORCH = """
import json, torch
gpus = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
print(json.dumps({
    "version": torch.__version__,
    "cuda": torch.version.cuda,
    "mps": torch.backends.mps.is_available(),
    "threads": torch.get_num_threads(),
    "gpus": [
        {"device": f"cuda:{i}", "name": g.name, "memory_bytes": g.total_memory,
         "free_bytes": torch.cuda.mem_get_info(i)[0]}
        for i, g in enumerate(gpus)
    ],
}))
"""


@app.command()
def info(json: Json = False, runs: Runs = None) -> None:
    """Print devices, memory and versions."""
    facts = _facts()
    facts["runs"] = str(runs_folder(runs))
    if json:
        output.emit_json(facts)
        return
    rows = [
        ("tuiwb", facts["tuiwb"]),
        ("python", f"{facts['python']} on {facts['platform']}"),
        ("torch", _torch_words(facts["torch"])),
        ("device", facts["device"]),
        *((gpu["device"], _gpu_words(gpu)) for gpu in facts["torch"].get("gpus", ())),
        ("cpu", f"{facts['cpus']} usable"),
        ("memory", f"{size(facts['memory_bytes'])}, {size(facts['free_bytes'])} free"),
        ("runs", facts["runs"]),
        *((name, found) for name, found in facts["versions"].items() if name != "torch"),
    ]
    output.emit("\n".join(f"{name:13} {words}" for name, words in rows))


def _facts() -> dict[str, Any]:
    import psutil

    memory = psutil.virtual_memory()
    torch = _torch()
    gpus = torch.get("gpus") or []
    return {
        "tuiwb": tuiwb.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": gpus[0]["device"] if gpus else "mps" if torch.get("mps") else "cpu",
        "torch": torch,
        "cpus": len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity")
        else psutil.cpu_count(),
        "memory_bytes": memory.total,
        "free_bytes": memory.available,
        "versions": {name: _version(name) for name in PACKAGES},
    }  # fmt: skip


def _torch() -> dict[str, Any]:
    asked = subprocess.run(
        [sys.executable, "-c", _ASK_TORCH], capture_output=True, text=True, check=False
    )
    try:
        facts = json_module.loads(asked.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        reason = asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"]
        return {"error": reason[-1]}
    assert isinstance(facts, dict)
    return facts


def _torch_words(torch: dict[str, Any]) -> str:
    if "error" in torch:
        return f"does not load: {torch['error']}"
    cuda = f"CUDA {torch['cuda']}" if torch["cuda"] else "built without CUDA"
    return f"{torch['version']}, {cuda}, {torch['threads']} threads"


def _gpu_words(gpu: dict[str, Any]) -> str:
    return f"{gpu['name']}, {size(gpu['memory_bytes'])}, {size(gpu['free_bytes'])} free"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
