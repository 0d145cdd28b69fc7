"""The ranks of a run come together: one process group, and the same run before all of them."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Mapping, Sequence
from datetime import timedelta

import torch
import torch.distributed as dist

from tuiwb import __version__
from tuiwb.base.errors import UserError
from tuiwb.engine.device import choose
from tuiwb.engine.shared import Many
from tuiwb.run.files import read_small
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import MAX_SMALL, read_spec
from tuiwb.spec.sections import Train

PATIENCE = timedelta(minutes=30)
"""For which a rank waits for the others within a step."""

Papers = Mapping[str, str]
"""What must be the same on all ranks, by name, and the rank's ``host``."""


def meet(paths: RunPaths, planned: int) -> Many:
    """Join the other ranks, whom torch's launcher has told where; ``planned`` of them there were
    when the run began.

    Raises `UserError`, on all of them, where they do not see the same run by the same versions.
    """
    mine = papers(paths)
    local, neighbours = int(os.environ["LOCAL_RANK"]), int(os.environ["LOCAL_WORLD_SIZE"])
    device = choose(_train(paths), local).device
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backend = "nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=PATIENCE)
    ranks = Many(planned, local, neighbours)
    compare(ranks.gathered(mine))
    return ranks


def part() -> None:
    """Leave the process group once nobody needs this rank any more."""
    if dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()


def papers(paths: RunPaths) -> Papers:
    """What this rank trains, and by what."""
    try:
        spec = hashlib.sha256(read_small(paths.spec, MAX_SMALL)).hexdigest()[:12]
    except OSError as error:
        spec = f"none: {error.strerror}"
    return {
        "host": socket.gethostname(),
        "spec": spec,
        "tuiwb": __version__,
        "torch": torch.__version__,
    }


def compare(all_papers: Sequence[Papers]) -> None:
    """Raise a `UserError` that names the first rank that differs from rank 0, and in what."""
    first = all_papers[0]
    for rank, other in enumerate(all_papers):
        for name in (name for name in first if name != "host"):
            if other[name] == first[name]:
                continue
            advice = {
                "spec": "the folder of runs must be the same one for all of them: --runs on a disk "
                "that they share",
            }
            raise UserError(
                f"rank {rank} has another {name} than rank 0: they would not train the same",
                where=f"rank {rank} on {other['host']}",
                found=f"{name} {other[name]}",
                allowed=f"{name} {first[name]}, as rank 0 on {first['host']} has it",
                next=advice.get(name, f"install the same version of {name} on {other['host']}"),
            )


def _train(paths: RunPaths) -> Train:
    return read_spec(paths).spec.train
