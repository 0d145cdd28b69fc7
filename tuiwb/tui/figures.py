"""The figures that a run keeps of its layers: what each column is, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from tuiwb.plots.spark import SparkScale

NAME, KIND, PARAMETERS = "name", "kind", "parameters"


@dataclass(frozen=True)
class Column:
    """A column: ``head`` is its heading, ``words`` what it is, ``scale`` its curve's,
    ``title`` the figure as a heat map calls it."""

    name: str
    head: str
    words: str
    scale: SparkScale = "linear"
    title: str = ""


TEXTS = (
    Column(NAME, "layer", "the dotted path of the module"),
    Column(KIND, "kind", "the module's class"),
    Column(PARAMETERS, "params", "values that are trained"),
)
FIGURES = (
    Column(
        "grad_norm", "gradient", "L2 norm of the gradient of its parameters", "log", "gradients"
    ),
    Column(
        "update_ratio",
        "update",
        "how far a step moves its weights, against their size",
        "log",
        "update ratio",
    ),
    Column("act_mean", "mean", "mean of what it puts out", "linear", "activation mean"),
    Column("act_std", "std", "standard deviation of what it puts out", "log", "activations"),
    Column("act_zero", "zero", "share of exact zeros in what it puts out", "share", "zero share"),
    Column(
        "act_dead",
        "dead",
        "share of units that answered to no sample of the batch",
        "share",
        "dead units",
    ),
    Column(
        "act_saturated",
        "saturated",
        "share of values in the flat parts",
        "share",
        "saturated share",
    ),
    Column(
        "back_std",
        "backward",
        "standard deviation of the gradient that comes back",
        "log",
        "backward signal",
    ),
    Column("weight_norm", "weights", "L2 norm of its weights", "log", "weight norm"),
    Column("weight_rows", "distinct", "share of units that differ from all before", "share"),
    Column("weight_rank", "rank", "stable rank of its weights: in how many ways they differ"),
)
KNOWN = {column.name: column for column in (*TEXTS, *FIGURES)}
