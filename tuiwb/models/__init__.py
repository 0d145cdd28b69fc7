"""The architectures: one file each, with its paper, what is particular, its knobs and its module.

A file declares ``class Knobs(ModelKnobs)`` with the kinds of sample it ``takes`` and offers
``build(knobs, signature, dropout) -> nn.Module``: float32 [B, *shape] -> [B, outputs], tokens
int64 [B, T] -> [B, T, outputs]. Layers are leaf modules with telling names, activations are
modules too, so that probes see each; every dropout is an ``nn.Dropout``, so that its share can be
changed while training. A model with a method ``see(inputs)`` is shown the training inputs once,
before the first step. A shape that cannot work is a `UserError` that names the knob.

To add an architecture: one new file here; a contract test covers it at once.
May import: base, spec, torch. Never data, optim or a screen.
"""
