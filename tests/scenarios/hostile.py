"""A run directory from somebody who means harm: an escape sequence in every string, code to run
in its spec, and in its names what would pass for a line of ours."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from tests.plots.pictures import GALLERY
from tuiwb.run import pictures
from tuiwb.run.layout import RunPaths
from tuiwb.run.schema import dtype_evals, dtype_layers, dtype_steps
from tuiwb.run.table import TableWriter

FORGED = "FORGED"
HALF = "\ud800"
ESCAPES = {
    "title": "\x1b]0;PWNED\x07",
    "clipboard": "\x1b]52;c;cHduZWQ=\x1b\\",
    "link": "\x1b]8;;http://evil/\x1b\\here\x1b]8;;\x1b\\",
    "clear": "\x1b[2J\x1b[H",
    "one byte": "\x9b31m\x9d0;PWNED\x9c\x90q\x84",
    "backwards": "\u202egnp.exe\u2066\u200f\u061c",
    "overprint": "harmless\r\x08\x08\x7f\x0b\x0c",
    "charset": "\x0e\x0f\x1b(0",
    "newline": f"\n{FORGED}\u2028{FORGED}\u2029{FORGED}\x85{FORGED}",
    "half": HALF,
    "markup": "[red]m[/red] [@click=app.quit]m[/] [link=http://evil]m[/]",
}
EVIL = "".join(ESCAPES.values())
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What a terminal may obey."""

MODULE = "evil_nets"


def raw_in(text: str) -> list[str]:
    """What could drive a terminal, or pass for a line of ours."""
    found = [repr(text[max(0, m.start() - 40) : m.end() + 20]) for m in RAW.finditer(text)]
    return found + [line for line in text.splitlines() if line.startswith(FORGED)]


def evil(words: str) -> str:
    """``words`` and everything that a stranger could add to them."""
    return words + EVIL


def toml(text: str) -> str:
    """A TOML string of ``text``, all of it escaped."""
    return '"' + "".join(f"\\U{ord(char):08X}" for char in text.replace(HALF, "")) + '"'


def module(folder: Path) -> Path:
    """Put the code that the specs ask for into ``folder``; the file that appears when it runs."""
    told = folder / "it-ran"
    (folder / f"{MODULE}.py").write_text(f"open({str(told)!r}, 'w').close()\nclass Net: pass\n")
    return told


def spec(network: str = f"{MODULE}:Net") -> str:
    """A spec with escapes wherever a text may stand."""
    about = {key: toml(evil(key)) for key in ("title", "family", "paper", "look_at")}
    lines = ["[about]", *(f"{key} = {value}" for key, value in about.items())]
    lines += ["[about.expect]", 'metric = "val_accuracy"', "at_least = 0.5", "steps = 10"]
    lines += [f"baseline = {toml(evil('baseline'))}"]
    lines += ["[data]", 'name = "digits"', "[model]", f'name = "{network}"']
    if ":" in network:
        lines += [f"words = {toml(evil('words'))}"]
    lines += ["[task]", 'name = "classify"', "[loss]", 'name = "cross-entropy"']
    lines += ["[optim]", 'name = "adam"', "[train]", "steps = 10", 'device = "cpu"', ""]
    return "\n".join(lines)


def preset(folder: Path) -> Path:
    """A preset file of that spec."""
    path = folder / "evil-preset.toml"
    path.write_text(spec(), encoding="utf-8")
    return path


def run(
    runs: Path, name: str = "evil-run", state: str = "failed", folder: Path | None = None
) -> Path:
    """A whole run, started in ``folder``; ``name`` may be hostile too."""
    path = runs / name
    paths = RunPaths(path)
    for part in (paths.tables, paths.pictures, paths.checkpoints, paths.inbox):
        part.mkdir(parents=True)
    paths.spec.write_text(f"preset = {toml(evil('preset'))}\n{spec()}", encoding="utf-8")
    paths.meta.write_text(json.dumps(_meta(folder or path)))
    paths.log.write_bytes(EVIL.encode("utf-8", "replace") + b"\n\x9b31m\xff\x1b[2J\n")
    lock = {"pid": 1, "boot_id": evil("b"), "started": 1.0, "host": evil("host")}
    paths.lock.write_text(json.dumps(lock))
    (paths.inbox / "0-evil.json").write_text(json.dumps({"id": EVIL, "command": EVIL}))
    paths.journal.write_text("".join(json.dumps(event) + "\n" for event in _events(state)))
    _tables(paths)
    _pictures(paths)
    return path


def _meta(folder: Path) -> dict[str, Any]:
    return {
        "format": 1,
        "created": 1_700_000_000.0,
        "id": evil("id"),
        "preset": evil("preset"),
        "steps": 10,
        "seed": 0,
        "argv": [evil("tuiwb")],
        "parent": {"run": evil("parent"), "step": 3},
        "versions": {"tuiwb": evil("0.1"), "torch": evil("2"), evil("python"): evil("3")},
        "host": evil("host"),
        "user": evil("user"),
        "folder": str(folder),
        "git": evil("abc"),
        "tags": [evil("tag")],
        "note": evil("note"),
        "hparams": {evil("lr"): evil("x")},
    }


def _events(state: str) -> list[dict[str, Any]]:
    finding = {
        "kind": "finding", "symptom": evil("dead-units"), "severity": evil("alarm"), "until": 5,
        "evidence": {evil("share"): evil("x"), "layers": [evil("f1")], "series": [evil("loss")]},
        "causes": [evil("cause")], "words": evil("words"), "source": evil("rule"),
        "remedy": {"tier": evil("hot"), "change": {evil("optim.lr"): evil("0.1")},
                   "words": evil("do")},
    }  # fmt: skip
    error = {key: evil(key) for key in ("what", "where", "found", "allowed", "nearest", "next")}
    events: list[dict[str, Any]] = [
        {"kind": "state", "state": "starting", "doing": evil("doing")},
        {
            "kind": "model", "parameters": 650,
            "layers": [{"name": evil("f1"), "kind": evil("Linear"), "parameters": 650}],
        },
        {
            "kind": "data", "name": evil("digits"), "classes": [evil("zero")], "train": 1, "val": 1,
            "baselines": {evil("majority"): 0.1}, "fingerprint": evil("f"), "unit": evil("samples"),
            "notes": [evil("n")],
        },
        {"kind": "device", "device": evil("cpu"), "hardware": evil("CPU"), "precision": evil("f")},
        {"kind": "state", "state": "training", "doing": evil("doing")},
        {"kind": "evaluation", "metrics": {evil("val_loss"): 1.0, "val_accuracy": 0.3}},
        {"kind": "checkpoint", "path": evil("checkpoints/1"), "bytes": 3, "reason": evil("why")},
        {"kind": "picture", "name": evil("text"), "picture": evil("text"),
         "path": "pictures/00000010-text.npz", "words": evil("words")},
        {"kind": "picture", "name": evil("bars"), "picture": "bars",
         "path": "pictures/00000010-bars.npz", "words": evil("words")},
        finding,
        finding | {"symptom": "dead-units", "severity": "alarm"},
        {"kind": "command", "id": evil("i"), "command": evil("set"), "by": evil("by"),
         "args": {evil("optim.lr"): evil("1")}, "accepted": True},
        {"kind": "command", "id": evil("j"), "command": "set", "by": evil("doctor:dead-units"),
         "args": {"optim.lr": evil("1")}, "accepted": True},
        {"kind": "command", "id": "k", "command": "stop", "by": evil("by"), "accepted": False,
         "reason": evil("because")},
        {"kind": "outcome", "symptom": evil("dead-units"), "verdict": evil("better"), "since": 5,
         "change": {evil("optim.lr"): evil("1")}},
        {"kind": "study", "study": evil("sharpness"), "figures": {evil("s"): 1.0},
         "words": evil("w")},
        {"kind": "note", "text": evil("note"), "by": evil("me")},
        {"kind": "warning", "text": evil("warning")},
        {"kind": evil("unknown"), "text": evil("text"), evil("key"): evil("value")},
        {"kind": "resumed", "from_step": 3, "checkpoint": evil("c"), "skipped": [evil("s")]},
        {"kind": "error", **error, "traceback": evil("Traceback"), "exit_code": 4},
        {"kind": "state", "state": state, "reason": evil("reason")},
    ]  # fmt: skip
    return [{"time": 1_700_000_000.0 + i, "step": 5, **e} for i, e in enumerate(events)]


def _tables(paths: RunPaths) -> None:
    step = np.arange(1, 11)
    rows = np.zeros(10, dtype_steps(["[red]part[/red]"]))
    rows["step"], rows["time"], rows["loss"] = step, 1_700_000_000.0 + step, 1 / step
    rows["lr"], rows["grad_norm"] = 0.1, 1.0
    evals = np.zeros(1, dtype_evals(["val_loss", "[red]val_accuracy[/red]"]))
    evals["step"] = 10
    layers = np.zeros(10, dtype_layers(1))
    layers["step"] = step
    metrics = np.zeros(10, [("step", "<i8"), ("time", "<f8"), ("[@click=app.quit]m[/]", "<f4")])
    metrics["step"] = step
    contents = {"steps": rows, "evals": evals, "layers": layers, "metrics": metrics}
    for name, content in contents.items():
        with TableWriter(paths.tables, name, content.dtype) as writer:
            writer.append(content)


def _pictures(paths: RunPaths) -> None:
    for name, (kind, arrays) in GALLERY.items():
        pictures.write(paths.pictures, 10, name, kind, {k: _evil(v) for k, v in arrays.items()})
    pictures.write(paths.pictures, 10, "strange", evil("kind").replace(HALF, ""), {})
    (paths.pictures / "00000010-\x1b[31m\x9b[red]\n.npz").write_bytes(b"PK no picture")


def _evil(array: Any) -> Any:
    """The same array, its texts begun with all that is evil."""
    if np.asarray(array).dtype.kind != "U":
        return array
    return np.array([EVIL.replace(HALF, "") + str(text) for text in np.ravel(array)]).reshape(
        np.shape(array)
    )
