"""What becomes of a run whose watcher is interrupted, and which kind of progress is shown."""

from __future__ import annotations

import io

import pytest

from tuiwb.cli import following, progress


class Keyboard(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("d\n", "detach"),
        ("\n", "detach"),
        ("", "detach"),
        ("s\n", "stop"),
        ("STOP\n", "stop"),
        ("c\n", "continue"),
        ("what?\nx\ns\n", "stop"),
    ],
)
def test_a_person_is_asked(typed: str, wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard(typed))
    monkeypatch.setattr("sys.stderr", Keyboard())
    assert following.wish_of(KeyboardInterrupt()) == wish


def test_a_second_ctrl_c_at_the_question_leaves_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient(Keyboard):
        def readline(self, size: int | None = -1, /) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Impatient())
    monkeypatch.setattr("sys.stderr", Keyboard())
    assert following.wish_of(KeyboardInterrupt()) == "detach"


def test_without_a_terminal_and_on_sigterm_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("d\n"))
    assert following.wish_of(KeyboardInterrupt()) == "stop"
    assert "stopping the run" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", Keyboard("d\n"))
    monkeypatch.setattr("sys.stderr", Keyboard())
    assert following.wish_of(following._Terminated()) == "stop"


@pytest.mark.parametrize(
    ("stream", "term", "kind"),
    [
        (Keyboard(), "xterm", progress._Bar),
        (Keyboard(), "dumb", progress._Lines),
        (Keyboard(), "", progress._Lines),
        (io.StringIO(), "xterm", progress._Lines),
    ],
)
def test_only_a_terminal_that_can_redraw_gets_a_bar(
    stream: io.StringIO, term: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("TERM", term)
    assert isinstance(progress.reporter(1.0), kind)
