"""What torch sees of this machine, for ``tuiwb info``."""

from __future__ import annotations

import json
import os
import platform
from typing import Any

import psutil
import torch

from tuiwb.engine.device import available, usable_cores


def facts() -> dict[str, Any]:
    """JSON-ready: versions, devices with their memory, CPU, memory."""
    devices = [
        {"device": name, **(_gpu(name) if name.startswith("cuda") else {})} for name in available()
    ]
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "devices": devices,
        "cpu": {
            "cores": os.cpu_count(),
            "usable": usable_cores(),
            "capability": torch.backends.cpu.get_cpu_capability(),
        },
        "memory": {
            "total": psutil.virtual_memory().total,
            "available": psutil.virtual_memory().available,
        },
    }


def _gpu(name: str) -> dict[str, Any]:
    properties = torch.cuda.get_device_properties(name)
    free, total = torch.cuda.mem_get_info(name)
    return {
        "name": properties.name,
        "memory_total": total,
        "memory_free": free,
        "capability": f"{properties.major}.{properties.minor}",
        "bfloat16": torch.cuda.is_bf16_supported(including_emulation=False),
    }


def print_facts() -> int:
    """One JSON object on standard output."""
    print(json.dumps(facts()))
    return 0
