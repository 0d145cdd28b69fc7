"""The knobs of points in the plane, as TensorFlow Playground has them (Smilkov & Carter 2016)."""

from typing import Annotated, Literal

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TabularKnobs


class PlaneKnobs(TabularKnobs):
    """Points in the plane; ``shape`` is declared by the data source."""

    shape: str = ""
    noise: Annotated[
        float, knob("disorder: 0 is none, 50 the most that Playground has", ge=0, le=50)
    ] = 0.0
    samples: Annotated[
        int, knob("points, training and validation together", unit="samples", ge=8, le=1_000_000,
                  scale="log")
    ] = 500  # fmt: skip
    features: Annotated[
        str, knob("inputs of the network, commas between: x, y, x2, y2, xy, sinx, siny")
    ] = "x,y"
    scaling: Annotated[
        Literal["none", "standard", "minmax", "robust"],
        knob("how each feature is scaled, with figures from the training part alone"),
    ] = "none"
    val_share: Annotated[float, knob("share of the data held out for validation", gt=0, lt=1)] = 0.5

    def __post_init__(self) -> None:
        known = ("x", "y", "x2", "y2", "xy", "sinx", "siny")
        listed = [name.strip() for name in self.features.split(",")]
        for name in listed:
            if name not in known:
                raise ValueError(f"there is no feature {name!r}; there are {', '.join(known)}")
        if len(set(listed)) < len(listed):
            raise ValueError(f"a feature stands twice in {self.features!r}")
