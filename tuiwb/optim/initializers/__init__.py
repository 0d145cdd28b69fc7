"""How weights begin: one file per initialiser.

A file declares ``class Knobs(InitKnobs)`` and offers ``initialise(model, knobs, generator)``, in
place. What counts as a weight matrix, and what its fans are, is decided once, in `matrices.py`:
linear and convolution kernels, recurrent weights gate by gate, the parts of packed attention
projections. Biases become zero; norms and embeddings are left as their modules made them.

To add an initialiser: one new file here; a contract test covers it at once.
May import: spec, torch.
"""
