"""Dates as people write them, to be written as ISO 8601: "5 Mar 2021" becomes "2021-03-05".

Six ways of writing, days from 1950 to 2049. Sources are padded at the left, so that the last step
of a reader is the last character of the date.
"""

import datetime
from typing import Annotated, ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.sequences import answered
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST = datetime.date(1950, 1, 1).toordinal()
COUNT = datetime.date(2050, 1, 1).toordinal() - FIRST
LENGTH = len("Wednesday, September 30, 2020")


class Knobs(DataKnobs):
    """Dates as people write them, to be written as ISO 8601."""

    gives: ClassVar[str] = "tokens"
    serves: ClassVar[tuple[str, ...]] = ("seq2seq",)

    samples: Annotated[
        int, knob("dates, training and validation together", unit="samples", ge=8,
                  le=1_000_000, scale="log")
    ] = 10_000  # fmt: skip
    val_share: Annotated[float, knob("share of the data held out for validation", gt=0, lt=1)] = 0.1


def load(knobs: Knobs) -> Dataset:
    """Tokens int64 [N, 29], one a character, and answers int64 [N, 10]."""
    random = np.random.default_rng(knobs.split_seed)
    days = random.integers(0, COUNT, knobs.samples) + FIRST
    ways = random.integers(0, 6, knobs.samples)
    dates = [datetime.date.fromordinal(int(day)) for day in days]
    sources = [written(date, int(way)) for date, way in zip(dates, ways, strict=True)]
    answers = [date.isoformat() for date in dates]
    vocabulary = sorted(set("_-/.,0123456789 " + "".join(MONTHS) + "".join(DAYS)))
    index = {character: i for i, character in enumerate(vocabulary)}
    inputs = np.array([[index[c] for c in text.rjust(LENGTH, "_")] for text in sources])
    targets = np.array([[index[c] for c in text] for text in answers])
    return answered(knobs, inputs, targets, tuple(vocabulary))


def written(date: datetime.date, way: int) -> str:
    """``date`` in one of six ways (0 to 5), at most 29 characters."""
    month, weekday = MONTHS[date.month - 1], DAYS[date.weekday()]
    return (
        f"{date.day} {month} {date.year}",
        f"{month} {date.day}, {date.year}",
        f"{date.day} {month[:3]} {date.year}",
        f"{weekday}, {month} {date.day}, {date.year}",
        f"{date.day:02}/{date.month:02}/{date.year}",
        f"{date.day}.{date.month}.{date.year % 100:02}",
    )[way]
