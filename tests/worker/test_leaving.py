"""Signals, each in a process of its own: where it stands when one comes, and how it then ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from tuiwb.worker.leaving import GRACE, SIGNALS, Leave, Leaving

BEGIN = """
import ctypes, os, sys, threading, time
from tuiwb.worker import leaving as module
from tuiwb.worker.leaving import Leave, Leaving, hold
module.GRACE = 1.0
leaving = Leaving()
leaving.at_once = lambda name, reason: print("at once", name, reason, flush=True)
def ready():
    print("ready", flush=True)
"""
STANDS = {
    "in a loop that looks": """
with leaving.listening():
    ready()
    while leaving.asked is None:
        time.sleep(0.01)
    leaving.answered = True
    time.sleep(1.5)  # a checkpoint that takes longer than the grace
    print("left", leaving.asked)
""",
    "where there is nothing to keep": """
try:
    with leaving.listening():
        leaving.nothing_to_keep()
        ready()
        time.sleep(600)
except Leave as leave:
    print("left", leave)
""",
    "where a library takes it for its own": """
module.AGAIN, module.GRACE = 0.2, 30.0
def swallow():
    try:
        time.sleep(600)
    except BaseException:
        pass
try:
    with leaving.listening():
        leaving.nothing_to_keep()
        ready()
        swallow()
        swallow()
        time.sleep(600)
except Leave as leave:
    print("left", leave)
""",
    "still starting": """
hold()
ready()
os.kill(os.getpid(), int(sys.argv[1]))
time.sleep(0.1)
try:
    with leaving.listening():
        leaving.nothing_to_keep()
        print("too far")
except Leave as leave:
    print("left", leave)
""",
    "in a step that sleeps": """
with leaving.listening():
    leaving.nothing_to_keep()
    leaving.keep()
    ready()
    time.sleep(600)
""",
    "in a library that does not come back": """
mutex = ctypes.create_string_buffer(64)
lock = ctypes.CDLL(None).pthread_mutex_lock
with leaving.listening():
    ready()
    lock(mutex)
    lock(mutex)
""",
    "in a last checkpoint that nobody asked for": """
until = time.monotonic() + 4
leaving.busy = lambda: time.monotonic() < until
with leaving.listening():
    ready()
    while leaving.asked is None:
        time.sleep(0.01)
    time.sleep(2)
    leaving.answered = True
    print("left", leaving.asked)
""",
}
HUNG = ("in a step that sleeps", "in a library that does not come back")


@pytest.mark.parametrize(
    ("number", "places"),
    [
        (signal.SIGTERM, list(STANDS)),
        (signal.SIGUSR1, ["where there is nothing to keep"]),
        (signal.SIGINT, ["in a loop that looks"]),
    ],
)
def test_wherever_it_stands_it_ends_with_zero(number: signal.Signals, places: list[str]) -> None:
    processes = {
        place: subprocess.Popen(
            [sys.executable, "-c", BEGIN + STANDS[place], str(int(number))],
            stdout=subprocess.PIPE,
            text=True,
        )
        for place in places
    }
    for place, process in processes.items():
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", place
        process.send_signal(number)
    for place, process in processes.items():
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 0, place
        if place in HUNG:
            assert told.startswith(f"at once {number.name} what was under way"), (place, told)
        else:
            assert told == f"left {number.name}\n", (place, told)


def test_there_is_time_before_the_kill() -> None:
    assert GRACE < 5


def test_a_hang_up_is_ignored_and_everything_is_put_back() -> None:
    def mine(number: int, frame: object) -> None:
        raise AssertionError

    before = {n: signal.signal(n, mine) for n in (*SIGNALS, signal.SIGHUP)}
    threads = threading.active_count()
    try:
        leaving = Leaving()
        with leaving.listening():
            os.kill(os.getpid(), signal.SIGHUP)
            assert leaving.asked is None
            signal.raise_signal(signal.SIGUSR1)
            assert leaving.asked == "SIGUSR1"
            leaving.answered = True
            with pytest.raises(Leave, match="SIGUSR1"):
                leaving.nothing_to_keep()
        assert all(signal.getsignal(n) is mine for n in before)
        assert threading.active_count() == threads
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_beside_the_main_thread_nobody_listens() -> None:
    handlers = [signal.getsignal(number) for number in SIGNALS]
    seen: list[object] = []

    def listen() -> None:
        with Leaving().listening():
            seen.extend(signal.getsignal(number) for number in SIGNALS)

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert seen == handlers
