"""How a person wants the workbench: theme, glyphs, rate, panes. Declared like a spec's knobs."""

from typing import Annotated, Literal

from tuiwb.spec.knobs import Section, knob
from tuiwb.tui.panes import PANES

Theme = Literal["auto", "dark", "light", "contrast", "ansi16"]
Glyphs = Literal["auto", "braille", "quadrant", "ascii"]
Graphics = Literal["auto", "blocks"]


class Settings(Section, frozen=True):
    """The settings of a config file; its table of keys is `tuiwb.tui.keymap`'s."""

    theme: Annotated[
        Theme, knob("colours; ansi16 leaves them to the terminal, auto goes by what it can show")
    ] = "auto"
    glyphs: Annotated[Glyphs, knob("characters of charts; auto goes by the locale and TERM")] = (
        "auto"
    )
    graphics: Annotated[
        Graphics, knob("pictures as images where the terminal shows them, or in half blocks")
    ] = "auto"
    rate: Annotated[
        float, knob("looks at a run a second; 0 is 4, and 2 over SSH", unit="Hz", ge=0, le=20)
    ] = 0.0
    panes: Annotated[
        tuple[str, ...], knob("panes of the bench in their order; also a metric as TABLE.COLUMN")
    ] = PANES
