"""Where the launchers of a run meet: torch's own rendezvous, and in words who has not come."""

from __future__ import annotations

import contextlib
import socket

from torch.distributed.elastic.rendezvous import (
    RendezvousConnectionError,
    RendezvousError,
    RendezvousParameters,
)
from torch.distributed.elastic.rendezvous.c10d_rendezvous_backend import create_backend
from torch.distributed.elastic.rendezvous.dynamic_rendezvous import create_handler

from tuiwb.base.errors import UserError
from tuiwb.base.format import duration
from tuiwb.run.world import World

HERE = "127.0.0.1:0"
"""Where the launcher of one machine meets nobody but itself: any port that is free."""


class Rendezvous:
    """The meeting of machine number ``node`` with the others of ``world``, for the run of this
    name. `UserError` where the place is taken, or cannot be reached."""

    def __init__(self, run: str, world: World, node: int) -> None:
        self.world = world
        self._keys = [f"tuiwb/{run}/machine/{number}" for number in range(world.most)]
        params = RendezvousParameters(
            backend="c10d",
            endpoint=world.meet or HERE,
            run_id=run,
            min_nodes=world.least,
            max_nodes=world.most,
            local_addr=None if world.meet else "127.0.0.1",
            is_host=str(node == 0),
            join_timeout=world.wait,
            read_timeout=world.wait,
        )
        try:
            backend, self._store = create_backend(params)
            self._store.set(self._keys[node], socket.gethostname())
        except RendezvousConnectionError as error:
            raise self._no_place(str(error.__cause__ or error), node) from None
        self.handler = create_handler(self._store, backend, params)

    def nobody_came(self) -> UserError:
        """Who is still waited for, now that nobody waits any more."""
        there, missing = [], []
        for number, key in enumerate(self._keys):
            if self._store.check([key]):
                there.append(
                    f"machine {number} ({self._store.get(key).decode('utf-8', 'replace')})"
                )
            else:
                missing.append(f"machine {number}")
        return UserError(
            f"{', '.join(missing) or 'a machine'} did not come within {duration(self.world.wait)}",
            where=self.world.meet,
            found=f"{len(there)} of {self.world.most}: {', '.join(there)}",
            allowed=f"at least {self.world.least}",
            next="start the same command there with its own --node-rank; a firewall may be between",
        )

    def close(self) -> None:
        """Nobody is to join any more."""
        with contextlib.suppress(RendezvousError):
            self.handler.shutdown()

    def _no_place(self, found: str, node: int) -> UserError:
        found = found.splitlines()[0][:300]
        if "EADDRINUSE" in found or "in use" in found:
            return UserError(
                f"the port of {self.world.meet} is taken",
                where="--rdzv",
                found="another process listens there: an earlier run, perhaps, that is not over",
                next="choose another port, the same on all machines",
            )
        return UserError(
            f"machine {node} cannot reach {self.world.meet}",
            where="--rdzv",
            found=found,
            next="is the first machine there, by this name, and its port open?",
        )
