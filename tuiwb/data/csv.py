"""A table of your own: a CSV file with one row a sample and one column to be learnt.

Read twice as a stream: once to find out what the columns are, once to fill arrays, so that a file
of any size needs the memory of the rows that are kept and no more. Columns of numbers are features
as they are; a column of words becomes one feature for each word (one-hot); a column with too many
different words (a name, an id, free text) is left out. All of it is told in the data's notes.
"""

from typing import Annotated, ClassVar, Literal

from tuiwb.data.dataset import Dataset
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TabularKnobs


class Knobs(TabularKnobs):
    """A CSV file of your own."""

    serves: ClassVar[tuple[str, ...]] = ("classify", "regress")
    needs: ClassVar[tuple[str, ...]] = ("path",)

    path: Annotated[str, knob("the CSV file")] = ""
    target: Annotated[
        str, knob("name of the column to learn (c1, c2, ... without names); empty is the last one")
    ] = ""
    answers: Annotated[
        Literal["auto", "classes", "numbers"],
        knob("what the target holds; auto: classes where it holds words, or at most 20 different "
             "whole numbers"),
    ] = "auto"  # fmt: skip
    ignore: Annotated[str, knob("columns that are left out, commas between")] = ""
    missing: Annotated[
        Literal["fill", "drop", "refuse"],
        knob("missing values of features: fill with the training median (words: none of them), "
             "drop the row, or refuse the file"),
    ] = "fill"  # fmt: skip
    ragged: Annotated[
        Literal["refuse", "skip"], knob("rows with more or fewer cells than the first one")
    ] = "refuse"
    words: Annotated[
        int, knob("different words of one column up to which it is a feature", ge=2, le=1000,
                  scale="log")
    ] = 50  # fmt: skip
    delimiter: Annotated[
        Literal["auto", ",", ";", "tab", "|"], knob("what stands between cells")
    ] = "auto"
    decimal: Annotated[Literal[".", ","], knob("what stands before the decimals of a number")] = "."
    header: Annotated[
        Literal["auto", "yes", "no"],
        knob("whether the first row holds names; auto: where none of its cells is a number"),
    ] = "auto"
    rows: Annotated[
        int, knob("rows kept at most; of a longer file, an even draw by split_seed", unit="rows",
                  ge=10, le=100_000_000, scale="log")
    ] = 1_000_000  # fmt: skip


def load(knobs: Knobs) -> Dataset:
    """Features float32 [N, F]; classes, or one target number [N, 1]."""
    from tuiwb.data.table import load_table

    return load_table(knobs)
