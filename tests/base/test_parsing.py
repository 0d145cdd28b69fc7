"""Several threads may parse at a time."""

from __future__ import annotations

import gc
import time
from concurrent.futures import ThreadPoolExecutor

from tuiwb.base.parsing import literal, parse


def test_threads_that_parse_at_a_time_do_not_meet() -> None:
    text = str([("a", (n,), {"b": [n]}) for n in range(600)])

    def another(*_: object) -> None:
        time.sleep(0)  # lets other threads go on in the middle of a tree

    before = gc.get_threshold()
    gc.callbacks.append(another)
    gc.set_threshold(50)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda n: literal(text) if n % 2 else parse(text), range(8)))
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(another)
    assert len(found) == 8 and len(found[1]) == 600
