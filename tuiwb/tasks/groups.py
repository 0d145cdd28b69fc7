"""Words that belong together in texts about Python, to judge word vectors by.

Chosen by their meaning before any vectors were looked at; a word that a vocabulary lacks is left
out.
"""

GROUPS: dict[str, tuple[str, ...]] = {
    "arithmetic": (
        "__add__",
        "__sub__",
        "__mul__",
        "__truediv__",
        "__floordiv__",
        "__mod__",
        "__divmod__",
        "__pow__",
        "__lshift__",
        "__and__",
        "__or__",
    ),
    "comparisons": ("__lt__", "__le__", "__eq__", "__ne__", "__gt__", "__ge__"),
    "attributes": (
        "__get__",
        "__set__",
        "__delete__",
        "__getattr__",
        "__setattr__",
        "__delattr__",
        "__getattribute__",
    ),
    "numbers": ("int", "float", "complex", "integer", "number", "decimal"),
    "containers": ("list", "tuple", "dict", "set", "frozenset", "bytes", "bytearray", "str"),
    "exceptions": (
        "typeerror",
        "valueerror",
        "keyerror",
        "indexerror",
        "attributeerror",
        "nameerror",
        "syntaxerror",
        "runtimeerror",
    ),
    "modal verbs": ("should", "must", "may", "can", "will", "would", "could"),
    "to be": ("is", "are", "was", "be", "been", "were"),
    "debugging": ("breakpoint", "breakpoints", "debugger", "pdb", "step", "continue"),
    "counting": ("one", "two", "three", "four", "first", "second", "third"),
}
