"""The tables of a spec. Component tables hold what all components of a kind share; each component
extends its table with knobs of its own, declared in its own file as ``class Knobs``."""

from typing import Annotated, ClassVar, Literal

from tuiwb.spec.knobs import Section, knob
from tuiwb.spec.stopping import parse

Activation = Literal["relu", "leaky_relu", "gelu", "silu", "elu", "tanh", "sigmoid", "linear"]
Norm = Literal["none", "batch", "layer"]


class Expect(Section):
    """What `tuiwb verify` holds the preset to, and the number that it stands beside."""

    metric: Annotated[str, knob("the metric of the final evaluation that is checked")]
    steps: Annotated[int, knob("optimiser steps after which it is checked", unit="steps", ge=1)]
    baseline: Annotated[str, knob("the baseline in words, with its number")]
    at_least: Annotated[float | None, knob("met when the metric is at least this")] = None
    at_most: Annotated[float | None, knob("met when the metric is at most this")] = None
    beats: Annotated[str, knob("a baseline computed at load that must be beaten as well")] = ""
    measured: Annotated[str, knob("what this program reached, over which seeds")] = ""
    quick: Annotated[bool, knob("whether a quick check of all presets takes it in")] = False


class About(Section):
    """The story of a preset."""

    title: Annotated[str, knob("what it is called")] = ""
    family: Annotated[str, knob("the shelf of the gallery that it stands on")] = "your own"
    paper: Annotated[str, knob("where it comes from")] = ""
    look_at: Annotated[str, knob("what is worth watching while it trains")] = ""
    needs: Annotated[
        Literal["", "gpu"], knob("a machine without which it is not worth starting")
    ] = ""
    expect: Annotated[
        Expect | None,
        knob("what it must reach, and beside which baseline; without, it is there for throughput"),
    ] = None


class TaskKnobs(Section):
    """What one training step and one evaluation mean."""

    targets: ClassVar[str] = "classes"
    """What it reads beside the inputs: classes, numbers (as many as ``outputs``), tokens, boxes
    (4 numbers), numbers like the inputs (``inputs``), or nothing (``none``): any data fits."""
    like: ClassVar[str] = ""
    """A task whose data and losses serve this one too."""
    own_models: ClassVar[bool] = False
    """Whether it trains only architectures that name it in their ``tasks``."""
    brings_loss: ClassVar[bool] = False
    """Whether what it minimises is part of it: ``loss.name = own``."""
    one_loss: ClassVar[bool] = True
    """Whether a step follows the gradient of one loss of all weights, which a study can look at."""
    any_rate: ClassVar[str] = ""
    """Why no learning rate is better than another, where that is so."""
    rates: ClassVar[dict[str, str]] = {}
    """Turn of a step -> the knob of this task that is its learning rate, as a factor of
    ``optim.lr``; a turn without one takes that as it is."""
    progress: ClassVar[str] = ""
    """The part of the loss that tells how training goes, where the loss itself does not."""

    name: Annotated[str, knob("what one training step and one evaluation mean")]


class DataKnobs(Section):
    """Where samples come from."""

    gives: ClassVar[str] = "vector"
    """Kind of sample: vector, image or tokens (`tuiwb.base.signature`)."""
    serves: ClassVar[tuple[str, ...]] = ("classify",)
    """Tasks that its targets fit."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Knobs that no default can fill: a file or folder of the user's own."""
    downloads: ClassVar[bool] = False
    """Whether it comes by a network, unless a copy is given."""

    name: Annotated[str, knob("the data source")]
    batch_size: Annotated[
        int, knob("samples in one step", unit="samples", ge=1, le=65536, scale="log", tier="branch")
    ] = 64
    val_share: Annotated[float, knob("share of the data held out for validation", gt=0, lt=1)] = (
        0.25
    )
    test: Annotated[
        float,
        knob("share of the data set aside for one test when the run is over, never to choose by; "
             "0 is none", ge=0, lt=1),
    ] = 0.0  # fmt: skip
    split_seed: Annotated[int, knob("seed of the split and of generated data", ge=0)] = 0
    full: Annotated[
        bool, knob("the preset's data of full size, its table [data.full], in place of [data]")
    ] = False


class TabularKnobs(DataKnobs):
    """A data source whose samples are vectors of features."""

    scaling: Annotated[
        Literal["none", "standard", "minmax", "robust"],
        knob("how each feature is scaled, with figures from the training part alone"),
    ] = "standard"


class ImageKnobs(DataKnobs):
    """A data source whose samples are pictures, all of one size."""

    gives: ClassVar[str] = "image"
    serves: ClassVar[tuple[str, ...]] = ("classify",)
    top: ClassVar[float] = 1.0
    """The brightest that a pixel can be, before scaling."""

    scaling: Annotated[
        Literal["none", "unit", "standard", "minmax", "robust"],
        knob("pixels as they are, from 0 to 1, or with one figure for all training pixels: mean "
             "and standard deviation, smallest and largest, median and quartiles"),
    ] = "standard"  # fmt: skip
    equalise: Annotated[
        bool, knob("histogram equalisation: every picture uses the whole range of greys")
    ] = False
    blur: Annotated[
        float, knob("Gaussian blur: its standard deviation; 0 is off", unit="pixels", ge=0, le=20)
    ] = 0.0
    sobel: Annotated[bool, knob("edges in place of the picture: strength of its gradient")] = False
    threshold: Annotated[
        float, knob("black and white: white from this share of full brightness on; 0 is off",
                    ge=0, le=1)
    ] = 0.0  # fmt: skip
    augment_flip: Annotated[
        float, knob("share of training pictures mirrored left to right", ge=0, le=1, tier="hot")
    ] = 0.0
    augment_shift: Annotated[
        int, knob("training pictures move by up to this, across and down", unit="pixels", ge=0,
                  le=1024, tier="hot")
    ] = 0  # fmt: skip
    augment_rotate: Annotated[
        float, knob("training pictures turn by up to this, either way", unit="degrees", ge=0,
                    le=180, tier="hot")
    ] = 0.0  # fmt: skip
    augment_zoom: Annotated[
        float, knob("training pictures grow or shrink by up to this share", ge=0, le=4, tier="hot")
    ] = 0.0
    augment_noise: Annotated[
        float, knob("standard deviation of noise on training pictures, in units of the scaled data",
                    ge=0, le=10, tier="hot")
    ] = 0.0  # fmt: skip


class TextKnobs(DataKnobs):
    """A data source that is one long sequence of tokens."""

    gives: ClassVar[str] = "tokens"
    serves: ClassVar[tuple[str, ...]] = ("language",)

    context: Annotated[
        int, knob("tokens in one sample", unit="tokens", ge=2, le=65536, scale="log")
    ] = 64


class ModelKnobs(Section):
    """The network."""

    takes: ClassVar[tuple[str, ...]] = ("vector", "image")
    """Kinds of sample that it reads."""
    tasks: ClassVar[tuple[str, ...]] = ()
    """Tasks that alone can train it; empty: every task that leaves the architecture open."""
    has_dropout: ClassVar[bool] = False
    """Whether ``regularize.dropout`` reaches a layer of it."""

    name: Annotated[str, knob("the architecture, or package.module:Class of your own")]


class InitKnobs(Section):
    """How weights begin. Biases begin at zero, but for ``default``."""

    name: Annotated[str, knob("how weight matrices are initialised")] = "default"


class LossKnobs(Section):
    """What is minimised."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)
    """Tasks whose outputs and targets it compares."""

    name: Annotated[str, knob("the loss")]


class OptimKnobs(Section):
    """How weights move."""

    state_per_parameter: ClassVar[int] = 1
    """Numbers that the optimiser keeps for each parameter, for the memory estimate."""
    needs_closure: ClassVar[bool] = False
    """Whether one step evaluates the loss several times (L-BFGS)."""

    name: Annotated[str, knob("the optimiser", tier="branch")]
    lr: Annotated[
        float,
        knob("learning rate, the peak of the schedule", gt=0, le=100, scale="log", tier="hot"),
    ] = 1e-3


class ScheduleKnobs(Section):
    """The learning rate's shape over the run, as a factor of ``optim.lr``."""

    name: Annotated[str, knob("the shape of the learning rate over the run", tier="branch")] = (
        "constant"
    )
    warmup: Annotated[
        int, knob("steps of linear warm-up from zero", unit="steps", ge=0, tier="branch")
    ] = 0


class Regularize(Section):
    """What keeps the network from fitting noise."""

    l1: Annotated[
        float, knob("L1 penalty on weight matrices", ge=0, le=10, scale="log", tier="hot")
    ] = 0.0
    l2: Annotated[
        float,
        knob("L2 penalty, coupled: l2 * w is added to the gradient", ge=0, le=10, scale="log",
             tier="hot"),
    ] = 0.0  # fmt: skip
    weight_decay: Annotated[
        float,
        knob("decoupled weight decay: w shrinks by lr * weight_decay each step (Loshchilov & "
             "Hutter 2019)", ge=0, le=10, scale="log", tier="hot"),
    ] = 0.0  # fmt: skip
    dropout: Annotated[
        float, knob("share of activations dropped while training", ge=0, lt=1, tier="hot")
    ] = 0.0


class Train(Section):
    """The loop."""

    steps: Annotated[
        int, knob("optimiser steps", unit="steps", ge=1, le=10**9, scale="log", tier="branch")
    ] = 1000
    seed: Annotated[int, knob("seed of weights, batches and dropout", ge=0, le=2**31 - 1)] = 0
    eval_every: Annotated[
        int, knob("steps between evaluations; 0 is only at the end", unit="steps", ge=0, tier="hot")
    ] = 100
    patience: Annotated[
        int,
        knob("early stopping: evaluations without a better val_loss; 0 is off", ge=0, tier="hot",
             unit="evaluations"),
    ] = 0  # fmt: skip
    stop_on: Annotated[
        tuple[str, ...],
        knob("symptoms that end the run when the doctor finds them, such as non-finite",
             tier="branch"),
    ] = ()  # fmt: skip
    stop_when: Annotated[
        str, knob("ends the run at the first evaluation that meets it, such as val_loss < 0.05; "
                  "empty is off", tier="hot")
    ] = ""  # fmt: skip
    checkpoint_every: Annotated[
        int, knob("steps between checkpoints; 0 is at every evaluation", unit="steps", ge=0,
                  tier="hot")
    ] = 0  # fmt: skip
    checkpoint_space: Annotated[
        int,
        knob("room that checkpoints may take: the first, the best and the newest stay anyway, of "
             "the others the older ones go first", unit="MB", ge=0, scale="log", tier="hot"),
    ] = 2000  # fmt: skip
    clip_norm: Annotated[
        float, knob("largest total gradient norm; 0 is off", ge=0, scale="log", tier="hot")
    ] = 0.0
    accumulate: Annotated[
        int,
        knob("parts that a batch is read in, one after the other, their gradients added up: the "
             "same step in less memory, where the loss is a mean over samples (masked positions "
             "are averaged a part at a time, and batch normalisation sees a part)", unit="parts",
             ge=1, le=65536, scale="log", tier="branch"),
    ] = 1  # fmt: skip
    shard: Annotated[
        Literal["auto", "on", "off"],
        knob("of several processes, each keeps a part of weights, gradients and the optimiser's "
             "state (FSDP2) in place of a copy; auto is from 100 M parameters on, on GPUs. One "
             "process keeps all", tier="branch"),
    ] = "auto"  # fmt: skip
    device: Annotated[
        str,
        knob("auto, cpu, mps, cuda or cuda:N; auto takes CUDA, then MPS, where it is there",
             tier="branch"),
    ] = "auto"  # fmt: skip
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        knob("auto is bfloat16 autocast on a GPU that has it, else float32", tier="branch"),
    ] = "auto"
    threads: Annotated[
        int,
        knob("CPU threads inside one operation; 0 chooses (1 for small nets)", unit="threads",
             ge=0, le=1024, tier="branch"),
    ] = 0  # fmt: skip

    def __post_init__(self) -> None:
        if self.stop_when:
            parse(self.stop_when)


class Probe(Section):
    """The instruments."""

    budget: Annotated[
        float, knob("share of step time that watching may cost; 0 is off", ge=0, le=1, tier="hot")
    ] = 0.02
    studies: Annotated[
        tuple[str, ...],
        knob("studies of the whole model, measured at every evaluation: gradient-check",
             tier="branch"),
    ] = ()  # fmt: skip


class Spec(Section):
    """One run, with nothing left out."""

    about: About
    task: TaskKnobs
    data: DataKnobs
    model: ModelKnobs
    init: InitKnobs
    loss: LossKnobs
    optim: OptimKnobs
    schedule: ScheduleKnobs
    regularize: Regularize
    train: Train
    probe: Probe
