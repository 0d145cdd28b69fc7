"""The knobs of a component, read from its source without importing it.

An architecture's knobs stand beside its module, in a file that imports torch. The reading wing must
know them (form, validation, schema) and must never load torch. So the declaration is cut out of the
source by `ast`: the ``class Knobs`` and the imports it may use (typing, msgspec, tuiwb.spec) are
executed, and nothing else of the file is.
"""

import ast
from functools import cache

from tuiwb.base.parsing import compiled, literal, parse
from tuiwb.base.registry import Shelf
from tuiwb.spec.knobs import Section
from tuiwb.spec.own import OwnKnobs, check_name, is_own

SHELVES = {
    "task": Shelf("tasks", "task"),
    "data": Shelf("data", "data source"),
    "model": Shelf("models", "architecture"),
    "init": Shelf("optim/initializers", "initialiser"),
    "loss": Shelf("tasks/losses", "loss"),
    "optim": Shelf("optim/optimizers", "optimizer"),
    "schedule": Shelf("optim/schedules", "schedule"),
}
"""Section of the spec -> the shelf that its components stand on."""

STUDIES = Shelf("probes/studies", "study", declares="\ndef study(", listed="")
"""What ``probe.studies`` and ``ctl probe`` can name."""


COMMANDS = Shelf("engine/commands", "command", declares="\ndef obey(", listed="")
"""What a running loop can be asked."""


def study_words(name: str) -> str:
    """What a study finds out, in a few words: the beginning of its file's docstring."""
    return _first_line(parse(STUDIES.path(name).read_text("utf-8"))).partition(":")[0]


def command_words(name: str) -> tuple[str, str]:
    """What a command is given (``[N]``, or nothing), and what it does in a line."""
    tree = parse(COMMANDS.path(name).read_text("utf-8"))
    takes = ""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TAKES":
            takes = str(literal(node.value))
    return takes, _first_line(tree)


def _first_line(tree: ast.Module) -> str:
    return (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")


_IMPORTS = ("typing", "msgspec", "tuiwb.spec")


def declared(section: str, name: str, where: str = "") -> type[Section]:
    """The ``Knobs`` that component ``name`` of ``section`` declares. Unknown names: `UserError`.

    Of a user's own class only what all architectures share is known here.
    """
    if section == "model" and is_own(name):
        check_name(name, where)
        return OwnKnobs
    return _read(section, SHELVES[section].path(name, where).as_posix())


@cache
def _read(section: str, path: str) -> type[Section]:
    with open(path, encoding="utf-8") as file:
        tree = parse(file.read(), path)
    body = [node for node in tree.body if _belongs(node)]
    namespace: dict[str, object] = {"__name__": __name__}
    exec(compiled(ast.Module(body, type_ignores=[]), path), namespace)
    knobs = namespace["Knobs"]
    assert isinstance(knobs, type) and issubclass(knobs, Section), path
    return knobs


def _belongs(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module is not None and node.module.startswith(_IMPORTS)
    return isinstance(node, ast.ClassDef) and node.name == "Knobs"
