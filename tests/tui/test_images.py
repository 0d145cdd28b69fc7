"""Images on terminals that show them: the bytes of each protocol, and who is sent any."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios
from base64 import b64encode
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from tests.benchmarks.meter import Meter, metered
from tests.tui.recorder import Recorder
from tuiwb.plots.canvas import Packed, Patch
from tuiwb.tui.driver import Listening
from tuiwb.tui.graphics import kitty, sixel
from tuiwb.tui.graphics.answers import KITTY, WHO, Answers, Ears
from tuiwb.tui.graphics.easel import Easel, Image, Placed, ready
from tuiwb.tui.graphics.means import Graphics, Means, may_be_asked
from tuiwb.tui.graphics.png import png

RED, BLUE, CLEAR = 0xFF0000, 0x0000FF, -1
SMALL = np.array([[RED, RED, RED, RED, RED], [BLUE, CLEAR, CLEAR, CLEAR, RED]], np.int32)
PATCH = Patch(2, 3, 1, 5, SMALL)


@pytest.mark.parametrize("colours", [3, 200, 5000])
def test_a_png_is_what_it_was_made_of(colours: int) -> None:
    rng = np.random.default_rng(colours)
    palette = np.concatenate(([CLEAR], rng.integers(0, 1 << 24, colours)))
    pixels = rng.choice(palette, (40, 50)).astype(np.int32)
    image = np.asarray(Pillow.open(io.BytesIO(png(pixels))).convert("RGBA")).astype(np.int32)
    read = (image[..., 0] << 16) | (image[..., 1] << 8) | image[..., 2]
    assert (np.where(image[..., 3] == 0, CLEAR, read) == pixels).all()


def test_the_bytes_of_kitty() -> None:
    number, sent = kitty.encode(PATCH)
    data = b64encode(png(SMALL)).decode()
    assert sent == f"\x1b_Ga=t,f=100,t=d,i={number},q=2,m=0;{data}\x1b\\"
    assert kitty.place(number, 5, 1) == f"\x1b_Ga=p,i={number},p=1,c=5,r=1,C=1,q=2\x1b\\"
    assert kitty.take_away(number) == f"\x1b_Ga=d,d=i,i={number},q=2\x1b\\"
    noise = np.random.default_rng(0).integers(0, 1 << 24, (60, 60)).astype(np.int32)
    pieces = re.findall(
        r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", kitty.encode(Patch(0, 0, 1, 1, noise))[1]
    )
    assert [len(data) for _, data in pieces[:-1]] == [4096] * (len(pieces) - 1) and len(pieces) > 2
    assert [keys[-1] for keys, _ in pieces] == [*"1" * (len(pieces) - 1), "0"]


def test_the_bytes_of_sixel() -> None:
    assert sixel.encode(SMALL) == ('\x1bP0;1;0q"1;1;5;2#0;2;0;0;100#1;2;100;0;0#0A$#1!4@B\x1b\\')
    tall = np.full((7, 2), RED, np.int32)
    assert sixel.encode(tall) == '\x1bP0;1;0q"1;1;2;7#0;2;100;0;0#0~~-#0@@\x1b\\'
    assert sixel.encode(np.full((6, 3), CLEAR, np.int32)).endswith("\x1b\\")


@given(st.integers(1, 30), st.integers(1, 20), st.sampled_from([2, 200, 9000]), st.integers(0, 99))
def test_a_sixel_is_what_it_was_made_of(width: int, height: int, colours: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    palette = np.concatenate(([CLEAR], rng.integers(0, 1 << 24, colours)))
    pixels = rng.choice(palette, (height, width)).astype(np.int32)
    read = decoded(sixel.encode(pixels), pixels.shape)
    assert ((read < 0) == (pixels < 0)).all()
    shown = pixels >= 0
    for shift in (16, 8, 0):
        off = abs(((read >> shift) & 255) - ((pixels >> shift) & 255))[shown]
        assert not off.size or off.max() <= (3 if colours == 2 else 27)


def decoded(text: str, shape: tuple[int, int]) -> Packed:
    """The pixels of a sixel, as a terminal would read it."""
    body = re.fullmatch(r'\x1bP0;1;0q"1;1;(\d+);(\d+)([^\x1b]*)\x1b\\', text)
    assert body is not None and (int(body[2]), int(body[1])) == shape
    pixels, palette = np.full(shape, CLEAR, np.int32), dict[int, int]()
    x = y = now = 0
    for part in re.finditer(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)(.)|([?-~])|([$-])", body[3]):
        number, red, green, blue, chosen, count, repeated, single, moved = part.groups()
        if number:
            channels = [round(int(value) * 2.55) for value in (red, green, blue)]
            palette[int(number)] = channels[0] << 16 | channels[1] << 8 | channels[2]
        elif chosen:
            now = palette[int(chosen)]
        elif moved:
            x, y = 0, y + 6 * (moved == "-")
        else:
            bits = ord(repeated or single) - 63
            wide = int(count or 1)
            for bit in range(6):
                if bits >> bit & 1:
                    pixels[y + bit, x : x + wide] = now
            x += wide
    return pixels


TYPED = "jk\x1b[A\x1b[1;2B?\x1b[200~c\x1b[201~"


@given(st.lists(st.integers(0, 80), max_size=6), st.booleans(), st.booleans())
def test_answers_are_picked_out_of_what_is_typed(
    cuts: list[int], has_kitty: bool, has_sixel: bool
) -> None:
    said = "\x1bP>|kitty(0.40)\x1b\\" + "\x1b_Gi=31;OK\x1b\\" * has_kitty + "\x1b[6;20;10t"
    data = TYPED + said + f"\x1b[?62;{'4;' * has_sixel}22c" + TYPED
    ears, told = Ears(), list[Answers]()
    assert ears.hear("\x1b[?62;c") == "\x1b[?62;c", "nothing was asked"
    ears.listen(told.append)
    edges = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    pieces = [data[a:b] for a, b in pairwise(edges)]
    whole = all(not piece.endswith("\x1b") for piece in pieces)
    typed = "".join(map(ears.hear, pieces))
    if whole:  # the first character of an answer could as well be a key
        assert typed == TYPED + TYPED
        assert told == [Answers(has_kitty, has_sixel, (10, 20), "kitty(0.40)")]


def test_what_only_begins_like_an_answer_is_typed_in_the_end() -> None:
    ears = Ears()
    ears.listen(lambda _: None)
    assert ears.hear("\x1b_G") + ears.hear("x" * 300) == "\x1b_G" + "x" * 300
    assert ears.hear("\x1b") == "\x1b", "the escape key waits for nothing"


@pytest.mark.parametrize(
    ("environment", "may"),
    [
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "SSH_CONNECTION": "a"}, True),
        ({"TERM": "xterm-256color", "TMUX": "/tmp/tmux-0/default,1,0"}, False),
        ({"TERM": "screen.xterm", "STY": "1.pts"}, False),
        ({"TERM": "tmux-256color"}, False),
        ({"TERM": "linux"}, False),
    ],
)
def test_who_may_be_asked(environment: dict[str, str], may: bool) -> None:
    assert may_be_asked(environment) is may


def images(protocol: str) -> tuple[Image, ...]:
    return ready([PATCH], Means(protocol, (4, 12), 9999))  # type: ignore[arg-type]


def test_a_sixel_stands_above_the_row_beneath_it() -> None:
    (image,) = images("sixel")
    assert '"1;1;20;12' in image.data
    (odd,) = ready([PATCH], Means("sixel", (4, 19), 9999))
    assert '"1;1;20;18' in odd.data


@pytest.mark.parametrize("protocol", ["kitty", "sixel"])
def test_an_image_is_sent_placed_and_taken_away(protocol: str) -> None:
    (image,) = images(protocol)
    wanted: list[Placed] = []
    easel = Easel(lambda: wanted)
    assert easel.before() == ("", []) and easel.after([(0, 0, 9)]) == ""
    wanted[:] = [Placed(image, 5, 6)]
    assert easel.before() == ("", [])
    first = easel.after([])
    assert first.startswith("\x1b[6;7H" + image.data)
    easel.before()
    again = easel.after([(4, 0, 99), (5, 0, 6), (5, 11, 99)])
    assert again == "", "nothing was written where it stands"
    easel.before()
    over = easel.after([(5, 10, 11)])
    assert (over == "") is (protocol == "kitty"), "text covers a sixel, not kitty's image"
    wanted[:] = []
    taken, open_ = easel.before()
    if protocol == "kitty":
        assert taken == kitty.take_away(image.number) and not open_
    else:
        assert taken == "" and list(open_) == [(5, 6, 11)]
    easel.after([])
    wanted[:] = [Placed(image, 5, 6)]
    easel.before()
    back = easel.after([])
    assert ("a=t" in back) is False, "a terminal of kitty's kind has kept it"
    assert back
    easel.forget()
    gone = easel.before()[0] + easel.clear()
    assert gone == (kitty.take_away(image.number, True) if protocol == "kitty" else "")


class Line(Listening):
    """A driver without a terminal: it notes what is asked."""

    def __init__(self, cell: tuple[int, int] = (0, 0)) -> None:
        self.ears, self.asked, self.input_tty = Ears(), "", True
        master, self.fileno = pty.openpty()
        fcntl.ioctl(
            master, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 10, *(10 * c for c in cell))
        )

    def write(self, data: str) -> None:
        self.asked += data


NAMED, OLD, SIXEL = "\x1bP>|a terminal\x1b\\\x1b[?62;22c", "\x1b[?62;22c", "\x1b[?62;4;22c"


@pytest.mark.parametrize(
    ("wanted", "answers", "cell", "protocol"),
    [
        ("auto", (NAMED, "\x1b_Gi=31;OK\x1b\\\x1b[?62c"), (9, 18), ("kitty", (9, 18))),
        ("auto", (NAMED, "\x1b_Gi=31;OK\x1b\\\x1b[?62c"), (0, 0), ("kitty", (10, 20))),
        ("auto", (NAMED, "\x1b_Gi=31;EBADF:no\x1b\\\x1b[?62c"), (9, 18), None),
        ("auto", (NAMED, "\x1b[?62c"), (9, 18), None),
        ("auto", (NAMED,), (9, 18), None),
        ("auto", (), (9, 18), None),
        ("auto", (OLD,), (9, 18), None),
        ("auto", (SIXEL,), (9, 18), ("sixel", (9, 18))),
        ("auto", ("\x1b[6;18;9t" + SIXEL,), (0, 0), ("sixel", (9, 18))),
        ("auto", (SIXEL,), (0, 0), None),
        ("auto", ("\x1bP>|tmux 3.5a\x1b\\" + SIXEL,), (9, 18), None),
        ("blocks", (), (9, 18), None),
    ],
)
def test_only_who_answers_is_sent_images(
    wanted: str,
    answers: tuple[str, ...],
    cell: tuple[int, int],
    protocol: tuple[str, tuple[int, int]] | None,
) -> None:
    line, told = Line(cell), list[bool]()
    graphics = Graphics(wanted, {"TERM": "xterm"})
    for _ in range(2):
        graphics.ask(line, lambda: told.append(True))
    for number, answer in enumerate(answers):
        assert line.asked == (WHO, WHO + KITTY)[number]
        assert line.ears.hear(answer) == ""
    assert line.asked == ("" if wanted == "blocks" else WHO + KITTY * (NAMED in answers))
    means = graphics.means()
    assert (means and (means.protocol, means.cell)) == protocol
    in_tmux = Graphics("auto", {"TERM": "xterm", "TMUX": "/tmp/x,1,0"})
    in_tmux.ask(line, lambda: told.append(True))
    assert line.asked.count(WHO) <= 1


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is over and took a picture."""
    run = Recorder(tmp_path_factory.mktemp("images"), "pictured").start().train(60)
    images = np.random.default_rng(0).random((12, 8, 8))
    run.picture("first filters", "images", "12 of 8x8", images=images)
    run.end("finished", reason="all steps done")
    return run.paths.root


TERMINALS = {
    "kitty": {b"\x1b[>q": b"\x1bP>|kitty\x1b\\", b"\x1b_Gi=31": b"\x1b_Gi=31;OK\x1b\\"},
    "sixel": {b"\x1b[c": SIXEL.encode()},
}
SHOWN = {"kitty": rb"\x1b_Ga=p", "sixel": rb"\x1bP0;1;0q"}


@pytest.mark.slow
@pytest.mark.parametrize("protocol", TERMINALS)
def test_an_image_comes_goes_and_comes_back(protocol: str, pictured: Path, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "tuiwb", "attach", str(pictured))
    far = ("TMUX", "STY", "ZELLIJ", "SSH_CONNECTION", "SSH_TTY", "NO_COLOR", "TUIWB_CONFIG")
    own = {name: value for name, value in os.environ.items() if name not in far}
    own["XDG_CONFIG_HOME"] = str(tmp_path)
    with metered(command, 140, 44, own, answers=TERMINALS[protocol], cell=(10, 20)) as meter:
        image = SHOWN[protocol]
        wait(meter, image)
        came = meter.received
        meter.press("?")
        wait(meter, rb"a=d,d=i" if protocol == "kitty" else "▀".encode(), came)
        meter.press("\x1b")
        wait(meter, image, came)
        assert not re.search(rb"a=t", said_by(meter)[came:]), "it is not sent again"
        meter.press("q")
        wait(meter, rb"\x1b\[\?1049l", came)
        assert (b"a=d,d=I" in said_by(meter)[came:]) is (protocol == "kitty")


def said_by(meter: Meter) -> bytes:
    return b"".join(data for _, data in meter.chunks)


def wait(meter: Meter, what: bytes, since: int = 0) -> None:
    """Until it comes."""
    meter.read(30, lambda: re.search(what, said_by(meter)[since:]) is not None)
    assert re.search(what, said_by(meter)[since:])
