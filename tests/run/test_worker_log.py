"""The worker's log as a terminal would have shown it."""

from __future__ import annotations

from pathlib import Path

from tuiwb.run.worker_log import LINES, tail


def test_colours_go_and_a_progress_bar_is_its_last_state(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_bytes(
        b"loading\n\n\x1b[1;31mwarning\x1b[0m: slow\n"
        b"  0%|   |\r 50%|#  |\r100%|###|\n\x1b]0;title\x07done\x9b \xff\n\x1b[2Ahalf a line"
    )
    assert tail(log) == (
        "loading",
        "warning: slow",
        "100%|###|",
        "done\ufffd \ufffd",
        "half a line",
    )


def test_nothing_that_a_terminal_obeys_is_left(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_bytes(bytes(range(256)) * 3 + b"\n\x1b\x1b[31\n")
    assert all(char.isprintable() for line in tail(log) for char in line)


def test_of_a_long_log_the_end(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("".join(f"line {i}\n" for i in range(50_000)))
    lines = tail(log)
    assert len(lines) == LINES and lines[-1] == "line 49999"
    assert tail(log, 2) == ("line 49998", "line 49999")
    assert tail(tmp_path / "none") == () and tail(tmp_path) == ()
