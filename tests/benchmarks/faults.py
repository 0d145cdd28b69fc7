"""Planted faults, by the symptom that names them.

Each says which symptoms are its own (one must be found), and which it brings with it: a fault that
throws the loss up may well be told by its gradients too, and one that keeps a network from learning
leaves it underfit. All others that are found there are wrong diagnoses.
"""

from __future__ import annotations

from dataclasses import replace

from tests.benchmarks import tampers as t
from tests.benchmarks.trial import Trial

BLOWS_UP = ("divergence", "lr-too-high", "non-finite", "exploding-gradient", "loss-spike")
"""What comes with a loss that goes up and away."""
STAYS = ("underfit", "plateau")
"""What comes with a loss that does not come down."""

MLP, CNN, LINEAR = "mlp-digits", "cnn-digits", "softmax-digits"
SHORT = ("train.steps=300", "train.eval_every=50")
LONG = ("train.steps=1000", "train.eval_every=50")
SMALL_GPT = ("model.layers=2", "model.width=64", "data.context=32", "schedule.warmup=20")
PLAIN_CNN = ("model.norm=none", "model.width=16")
DEEP = ("model.width=64", "train.steps=420", "train.eval_every=42")
SGD = ("optim.name=sgd", "optim.momentum=0.9")
WINE = ("data.name=wine", "data.scaling=none", "train.steps=400", "train.eval_every=40")
RARE = ("data.name=rare", "data.batch_size=64", "loss.name=cross-entropy", *SHORT)
RELU_RNN = ("model.cell=rnn", "model.nonlinearity=relu", "init.name=orthogonal", "optim.name=sgd",
            "optim.lr=0.01", "train.clip_norm=0", *SHORT)  # fmt: skip


def _watched(*trials: Trial) -> list[Trial]:
    """Runs as short as these get a larger budget for probes, as short lessons do: at 2 % of the
    time of three hundred tiny steps, layers are looked at once."""
    return [replace(trial, overrides=("probe.budget=0.2", *trial.overrides)) for trial in trials]


NUMBERS = [
    Trial("nan-sample", MLP, SHORT, ("non-finite",), before=t.not_a_number(700), quick=True),
    Trial("overflow", CNN, (*PLAIN_CNN, *SHORT), ("non-finite",), before=t.overflow(80), since=80),
    Trial("overflow-text", "gpt-char", (*SMALL_GPT, *SHORT), ("non-finite",),
          before=t.overflow(120), since=120),
    Trial("garbage-batches", MLP, LONG, ("loss-spike",), (*BLOWS_UP,),
          before=t.poisoned(400, 430), since=400, quick=True),
    Trial("garbage-text", "gpt-char", (*SMALL_GPT, *SHORT), ("loss-spike",), (*BLOWS_UP,),
          before=t.poisoned(200, 220), since=200),
    Trial("garbage-table", "logreg-cancer", LONG, ("loss-spike",), (*BLOWS_UP,),
          before=t.poisoned(500, 540, 20.0), since=500),
    Trial("loss-upside-down", MLP, SHORT, ("divergence",), BLOWS_UP, before=t.reported_upside_down,
          quick=True),
    Trial("loss-upside-down-numbers", "linreg-diabetes", SHORT, ("divergence",), BLOWS_UP,
          before=t.reported_upside_down),
    Trial("ascent", CNN, (*PLAIN_CNN, *SHORT), ("divergence",), BLOWS_UP, before=t.ascent),
    Trial("ascent-text", "char-rnn", ("model.width=64", *SHORT), ("divergence",), BLOWS_UP,
          before=t.ascent),
    Trial("gradients-pile-up", MLP, (*SGD, "optim.lr=0.05", *SHORT),
          ("divergence", "lr-too-high", "exploding-gradient", "loss-spike", "non-finite"),
          (*BLOWS_UP, *STAYS, "dead-units"), before=t.gradients_pile_up),
]  # fmt: skip

RATES = [
    Trial("lr-x100", MLP, ("optim.lr=0.1", *SHORT), ("lr-too-high", "divergence"),
          (*BLOWS_UP, *STAYS, "dead-units"), quick=True),
    Trial("lr-x100-text", "gpt-char", (*SMALL_GPT, "optim.lr=0.3", *SHORT),
          ("lr-too-high", "divergence"), (*BLOWS_UP, *STAYS)),
    Trial("lr-x200-rnn", "char-rnn",
          ("model.width=64", "optim.lr=1", "schedule.name=constant", *SHORT),
          ("lr-too-high", "divergence"), (*BLOWS_UP, *STAYS, "saturation")),
    Trial("lr-x100-cnn", "lenet5", ("optim.lr=5", *SHORT), ("lr-too-high", "divergence"),
          (*BLOWS_UP, *STAYS, "saturation")),
    Trial("lr-x40-linear", "linreg-diabetes", ("optim.lr=2", *SHORT),
          ("lr-too-high", "divergence", "non-finite"), BLOWS_UP, quick=True),
    Trial("lr-x1000-sgd", MLP, (*SGD, "optim.lr=100", *SHORT),
          ("lr-too-high", "non-finite", "divergence"), (*BLOWS_UP, *STAYS, "dead-units")),
    Trial("lr-x100-autoencoder", "ae-digits", ("optim.lr=0.2", *SHORT),
          ("lr-too-high", "divergence"), (*BLOWS_UP, *STAYS, "dead-units")),
    Trial("lr-over-1000", MLP, ("optim.lr=1e-6", *SHORT), ("lr-too-low",), quick=True),
    Trial("lr-over-1000-cnn", CNN, (*PLAIN_CNN, "optim.lr=2e-6", *SHORT), ("lr-too-low",)),
    Trial("lr-over-1000-text", "gpt-char", (*SMALL_GPT, "optim.lr=3e-6", *SHORT), ("lr-too-low",)),
    Trial("lr-over-1000-rnn", "char-rnn", ("model.width=64", "optim.lr=5e-6", *SHORT),
          ("lr-too-low",)),
    Trial("lr-over-1000-linear", LINEAR, ("optim.lr=1e-5", *LONG), ("lr-too-low",)),
    Trial("lr-over-1000-sgd", "lenet5", ("optim.lr=5e-5", *SHORT), ("lr-too-low",)),
]  # fmt: skip

SIGNALS = [
    Trial("exploding-rnn", "lstm-adding", (*RELU_RNN, "init.gain=2"),
          ("exploding-gradient", "non-finite"), (*BLOWS_UP, "bad-initial-loss"), quick=True),
    Trial("bare-skips", MLP, (*DEEP, "model.layers=30", "model.skip=plain", "init.name=he"),
          ("exploding-gradient", "bad-initial-loss", "lr-too-high"), (*BLOWS_UP, *STAYS)),
    Trial("deep-batch-norm", MLP, (*DEEP, "model.layers=30", "model.norm=batch"),
          ("exploding-gradient",), STAYS),
    Trial("sigmoid-10", MLP,
          (*DEEP, "model.layers=10", "model.activation=sigmoid", "init.name=xavier"),
          ("vanishing-gradient",), STAYS, quick=True),
    Trial("sigmoid-30", MLP,
          (*DEEP, "model.layers=30", "model.activation=sigmoid", "init.name=xavier"),
          ("vanishing-gradient",), STAYS),
    Trial("default-init-20", MLP, (*DEEP, "model.layers=20", "init.name=default"),
          ("vanishing-gradient",), STAYS),
    Trial("tiny-init-cnn", "vgg-s", ("model.norm=none", "init.name=normal", "init.std=0.01",
          "train.steps=200"), ("vanishing-gradient",), STAYS),
    Trial("tiny-init-tanh", MLP,
          (*DEEP, "model.layers=8", "model.activation=tanh", "init.name=normal", "init.std=0.01",
           *SGD, "optim.lr=0.01"), ("vanishing-gradient",), STAYS),
    Trial("lr-1-kills", MLP, (*SGD, "optim.lr=1", "model.hidden=[128,128]", *SHORT),
          ("dead-units", "lr-too-high"), (*BLOWS_UP, *STAYS)),
    Trial("biases-far-below", MLP, ("model.hidden=[64,64]", *SHORT), ("dead-units",), STAYS,
          before=t.biases(-20.0), quick=True),
    Trial("biases-far-below-cnn", CNN, (*PLAIN_CNN, *SHORT), ("dead-units",), STAYS,
          before=t.biases(-20.0)),
    Trial("saturated-tanh", MLP, ("model.hidden=[128,128]", "model.activation=tanh",
          "init.name=normal", "init.std=2", *SHORT), ("saturation",),
          ("bad-initial-loss", *BLOWS_UP, *STAYS), quick=True),
    Trial("saturated-lenet", "lenet5", ("init.name=normal", "init.std=1", "optim.lr=0.01", *SHORT),
          ("saturation",), ("bad-initial-loss", *BLOWS_UP, *STAYS)),
    Trial("saturated-sigmoid", MLP, ("model.layers=4", "model.activation=sigmoid",
          "init.name=xavier", "init.gain=30", *SHORT), ("saturation",),
          ("bad-initial-loss", *BLOWS_UP, *STAYS)),
]  # fmt: skip

WEIGHTS = [
    Trial("zeros", MLP, ("model.hidden=[64,64]", "init.name=zeros", *SHORT), ("symmetry",), STAYS,
          quick=True),
    Trial("constant", MLP, ("model.hidden=[64,64]", "init.name=constant", *SHORT), ("symmetry",),
          (*STAYS, "bad-initial-loss")),
    Trial("zeros-cnn", "lenet5", ("init.name=zeros", *SHORT), ("symmetry",), STAYS),
    Trial("zeros-autoencoder", "ae-digits", ("init.name=zeros", *SHORT), ("symmetry",), STAYS),
    Trial("optimizer-lacks-layer", MLP, SHORT, ("frozen-parameter",), before=t.optimizer_lacks(1),
          quick=True),
    Trial("optimizer-lacks-conv", CNN, (*PLAIN_CNN, *SHORT), ("frozen-parameter",),
          before=t.optimizer_lacks(1)),
    Trial("optimizer-lacks-lstm", "char-rnn", ("model.width=64", *SHORT), ("frozen-parameter",),
          before=t.optimizer_lacks(1)),
    Trial("detached-layer", MLP, SHORT, ("frozen-parameter",), before=t.detached(0)),
    Trial("detached-embedding", "gpt-char", (*SMALL_GPT, *SHORT), ("frozen-parameter",),
          before=t.detached(0)),
    Trial("large-init", MLP, ("init.name=normal", "init.std=1", *SHORT), ("bad-initial-loss",),
          ("lr-too-low",), quick=True),
    Trial("large-init-text", "gpt-char", (*SMALL_GPT, "init.name=normal", "init.std=1", *SHORT),
          ("bad-initial-loss",), BLOWS_UP),
    Trial("large-init-cnn", CNN, (*PLAIN_CNN, "init.name=he", "init.gain=8", *SHORT),
          ("bad-initial-loss",), BLOWS_UP),
]  # fmt: skip

DATA = [
    Trial("raw-wine", "logreg-cancer", (*WINE, "loss.name=cross-entropy", "optim.lr=0.1"),
          ("unscaled-input",), (*BLOWS_UP, *STAYS, "bad-initial-loss"), quick=True),
    Trial("raw-cancer", "logreg-cancer", ("data.scaling=none", *SHORT), ("unscaled-input",),
          (*BLOWS_UP, *STAYS, "bad-initial-loss")),
    Trial("bytes", CNN, (*PLAIN_CNN, "data.scaling=unit", *SHORT), ("unscaled-input",),
          (*BLOWS_UP, *STAYS, "bad-initial-loss"), before=t.scaled_inputs(255.0)),
    Trial("one-in-a-hundred", "logreg-cancer", (*RARE, "model.name=mlp"), ("class-imbalance",),
          quick=True),
    Trial("rare-digits", CNN, (*PLAIN_CNN, *SHORT), ("class-imbalance",), ("overfitting",),
          before=t.rare(0.04)),
    Trial("tiny-noisy", MLP, ("data.samples=400", "data.label_noise=0.25", "data.scaling=unit",
          "model.hidden=[256,256]", "init.name=default", "train.steps=750", "train.eval_every=25"),
          ("overfitting",), quick=True),
    Trial("shuffled-labels", MLP, ("model.hidden=[256,256]", *LONG), ("overfitting", "underfit"),
          before=t.shuffled_labels),
    Trial("tiny-vit", "vit-tiny", ("data.samples=300", "data.label_noise=0.3", "model.layers=2",
          "regularize.dropout=0", "train.steps=350", "train.eval_every=25"), ("overfitting",)),
    Trial("shuffled-labels-cnn", CNN, (*PLAIN_CNN, "train.steps=600", "train.eval_every=30"),
          ("overfitting", "underfit"), before=t.shuffled_labels),
    Trial("easy-held-out", LINEAR, SHORT, ("suspicious-validation",), before=t.answers_held_out,
          quick=True),
    Trial("one-class-held-out", LINEAR, SHORT, ("suspicious-validation",),
          before=t.one_class_held_out),
    Trial("wrong-labels", LINEAR, LONG, ("suspicious-validation", "plateau"), (),
          before=t.wrong_labels(0.3)),
]  # fmt: skip

OUTCOMES = [
    Trial("softmax-twice", MLP, LONG, ("plateau", "underfit"), STAYS, before=t.softmax_at_the_end,
          quick=True),
    Trial("softmax-twice-cnn", CNN, (*PLAIN_CNN, "train.steps=600", "train.eval_every=42"),
          ("plateau", "underfit"), STAYS, before=t.softmax_at_the_end),
    Trial("softmax-twice-text", "char-rnn", ("model.width=64", "schedule.name=constant", *LONG),
          ("plateau", "underfit"), STAYS, before=t.softmax_at_the_end),
    Trial("noisy-batches", LINEAR, LONG, ("suspicious-validation", "plateau"), STAYS,
          before=t.noisy_batches(0.5)),
    Trial("classes-overlap", LINEAR, LONG, ("plateau", "underfit"), STAYS, before=t.overlap(0.35)),
    Trial("line-for-xor", "playground-2d", ("model.hidden=[]", "data.shape=xor",
          "schedule.name=constant", *LONG), ("underfit", "plateau"), STAYS, quick=True),
    Trial("random-answers", MLP, LONG, ("underfit",), STAYS, before=t.noisy_batches(1.0)),
    Trial("rnn-cannot-add", "lstm-adding", ("model.cell=rnn", "train.steps=700"),
          ("underfit", "plateau", "vanishing-gradient"), STAYS),
    Trial("held-back", MLP, ("regularize.l2=3", *LONG), ("underfit", "plateau"),
          (*STAYS, "vanishing-gradient", "dead-units", "symmetry")),
    Trial("still-statistics", CNN, ("model.width=16", *SHORT), ("train-eval-disagreement",),
          ("overfitting",), before=t.batch_norm_momentum(0.001), quick=True),
    Trial("still-statistics-resnet", "resnet20", ("train.steps=200", "train.eval_every=20"),
          ("train-eval-disagreement",), ("overfitting",), before=t.batch_norm_momentum(0.0005)),
]  # fmt: skip

GAMES = [
    Trial("slow-critic", "gan-ring", ("task.critic_lr=0.1", "model.latent=16", "train.steps=1000",
          "train.eval_every=100"), ("mode-collapse",), quick=True),
    Trial("fast-critic", "gan-ring", ("optim.lr=1e-4", "task.critic_lr=20", "task.critic_steps=5",
          "train.steps=1000", "train.eval_every=100"),
          ("mode-collapse", "overpowering-discriminator")),
    Trial("minimax", "gan-ring", ("optim.lr=1e-4", "task.critic_lr=20", "task.critic_steps=5",
          "task.game=minimax", "train.steps=200", "train.eval_every=50"),
          ("overpowering-discriminator",), ("mode-collapse",), quick=True),
    Trial("minimax-glyphs", "dcgan-glyphs", ("optim.lr=1e-4", "task.critic_lr=20",
          "task.game=minimax", "train.steps=200", "train.eval_every=50"),
          ("overpowering-discriminator",), ("mode-collapse",)),
]  # fmt: skip

MACHINE = [
    Trial("slow-disk", MLP, SHORT, ("data-starved",), before=t.slow_batches(0.02), quick=True),
    Trial("slow-disk-cnn", CNN, ("train.steps=150",), ("data-starved",),
          before=t.slow_batches(0.05)),
    Trial("leak", LINEAR, ("train.steps=400",), ("memory-creep",), ("data-starved",),
          beside=t.keeps_memory, quick=True),
    Trial("hang", LINEAR, SHORT, ("stall",), beside=t.hangs(200, 400.0), since=200, quick=True),
]  # fmt: skip

FAULTS = _watched(*NUMBERS, *RATES, *SIGNALS, *WEIGHTS, *DATA, *OUTCOMES, *GAMES, *MACHINE)

NEAR_MISSES = _watched(
    Trial("lr-x3", MLP, ("optim.lr=0.003",)),
    Trial("lr-x3-cnn", "lenet5", ("optim.lr=0.1", *SHORT)),
    Trial("lr-over-3", MLP, ("optim.lr=0.0003",)),
    Trial("init-gain-2", MLP, ("init.name=xavier", "init.gain=2", *LONG)),
    Trial("clips-sometimes", MLP, ("train.clip_norm=1", *LONG), quick=True),
    Trial("clips-always", "char-rnn", ("model.width=64", "train.clip_norm=0.1", *SHORT)),
    Trial("at-its-floor", "linreg-diabetes", ("schedule.name=constant", *LONG), quick=True),
    Trial("long-warm-up", CNN, (*PLAIN_CNN, "schedule.warmup=250", *LONG)),
    Trial("cosine-to-zero", MLP, ("schedule.name=cosine", *LONG)),
    Trial("five-to-one", "logreg-cancer", (*RARE, "model.name=mlp", "data.share=0.17",
          "train.steps=600"), quick=True),
    Trial("dropout-half", MLP, ("regularize.dropout=0.5", *LONG), quick=True),
    Trial("batch-norm-of-eight", CNN, ("model.width=16", "data.batch_size=8", "train.steps=800")),
    Trial("batch-norm-of-two", CNN, ("model.width=16", "data.batch_size=2", *SHORT)),
    Trial("batches-of-one-class", CNN, ("model.width=16", *SHORT), before=t.sorted_samples),
    # a first loss of 15 and of 33 where a guess costs 2.3 is what it is, and they train well
    Trial("pixels-0-to-16", MLP, ("data.scaling=none", *LONG), (), ("bad-initial-loss",),
          quick=True),
    Trial("deep-he", MLP, (*DEEP, "model.layers=20", "init.name=he")),
    Trial("deep-tanh", MLP, (*DEEP, "model.layers=20", "model.activation=tanh",
          "init.name=xavier")),
    Trial("sigmoid-5", MLP, (*DEEP, "model.layers=5", "model.activation=sigmoid",
          "init.name=xavier")),
    Trial("scaled-skips", MLP, (*DEEP, "model.layers=30", "model.skip=scaled", "init.name=he"),
          (), ("bad-initial-loss",)),
    Trial("weighted-rare", "logreg-cancer", (*RARE, "model.name=mlp",
          "loss.name=weighted-cross-entropy", "loss.weights=[1.0,20.0]")),
    Trial("early-stopping", MLP, ("data.samples=400", "train.patience=4", *LONG)),
    Trial("sgd-of-ten", "playground-2d", ("data.shape=circle", "optim.name=sgd", "optim.lr=0.1",
          *LONG)),
    Trial("one-bad-batch", MLP, LONG, before=t.poisoned(400, 400)),
    Trial("wgan", "gan-ring", ("task.game=wgan-gp", "task.critic_steps=5", "train.steps=800",
          "train.eval_every=100")),
    Trial("scaled-pictures", CNN, (*PLAIN_CNN, "data.augment_shift=1", *LONG)),
)  # fmt: skip
