"""Every key of the workbench, declared once.

Bindings, footer, help screen, command palette and the README's table all read `ACTIONS`. To add an
action: one line here, and an ``action_NAME`` on the screen (or the app) of its context.

Keys to keep away from: ctrl+a/b (screen, tmux), ctrl+h/i/j/m (backspace, tab, enter), ctrl+s/q
(flow control), and alt. Arrow and vi movement both work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from textual.binding import Binding

Context = Literal[
    "anywhere", "presets", "setup", "lesson", "sweep", "run", "layers", "layer", "machine",
    "compare",
]  # fmt: skip

CONTEXTS: dict[Context, str] = {
    "presets": "Presets and runs",
    "setup": "Set-up",
    "lesson": "Lesson",
    "sweep": "Sweep",
    "run": "Run",
    "layers": "Layers",
    "layer": "One layer",
    "machine": "Machine",
    "compare": "Compare",
    "anywhere": "Anywhere",
}
"""Contexts in the order of a person's way through them, with the words for help."""


@dataclass(frozen=True)
class Action:
    """One thing a key does: ``name`` is its method, ``label`` the footer's word, ``help`` the rest.

    ``show`` ranks it in the footer: 1 first, 0 not at all.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    context: Context
    show: int = 0

    @property
    def id(self) -> str:
        """What a person's own key map calls it."""
        return f"{self.context}.{self.name}"


def _action(context: Context, name: str, keys: str, label: str, help: str, show: int = 0) -> Action:
    return Action(name, tuple(keys.split()), label, help, context, show)


def _charts(context: Context) -> tuple[Action, ...]:
    """What every screen of charts over the steps of a run can do, beside what is its own."""
    return (
        _action(context, "cursor", "c", "cursor", "Read values at a step, on all charts", 2),
        _action(context, "left", "left h", "left", "Cursor one column left, or pan"),
        _action(context, "right", "right l", "right", "Cursor one column right, or pan"),
        _action(context, "zoom_in", "plus equals_sign", "zoom in", "Half the range in view", 4),
        _action(context, "zoom_out", "minus", "zoom out", "Twice the range in view"),
        _action(context, "pan_left", "left_square_bracket", "earlier", "Half a pane earlier"),
        _action(context, "pan_right", "right_square_bracket", "later", "Half a pane later"),
        _action(context, "fit", "0", "fit", "The whole run"),
        _action(context, "tail", "F", "newest", "Keep the newest in view at this zoom"),
        _action(context, "log", "y", "log", "Logarithmic or linear scale on this chart", 3),
        _action(context, "log_all", "Y", "log all", "The other scale on all charts"),
        _action(context, "axis", "x", "step/time/epoch", "Steps, seconds or epochs along x", 5),
        _action(context, "next_pane", "tab", "pane", "The next pane", 3),
        _action(context, "previous_pane", "shift+tab", "pane before", "The pane before"),
        *(_action(context, f"pane_{n}", f"{n}", f"pane {n}", f"Pane {n}") for n in range(1, 10)),
        _action(context, "maximise", "enter", "maximise", "This pane alone, or all of them", 1),
        _action(context, "down", "down j", "down", "Down in the text"),
        _action(context, "up", "up k", "up", "Up in the text"),
        _action(context, "back", "escape", "back", "Cursor off, all panes, or back", 6),
        _action(context, "leave", "q", "back", "Back to where one came from"),
    )


ACTIONS: tuple[Action, ...] = (
    _action("presets", "open", "enter", "open", "Set up a preset, take a lesson, watch a run", 1),
    _action("presets", "train", "ctrl+r", "train", "Train the chosen preset as it is", 2),
    _action("presets", "filter", "slash", "filter", "Show only what holds the words you type", 3),
    _action("presets", "switch", "tab", "presets/runs", "Move between presets and runs", 4),
    _action("presets", "mark", "space", "mark", "Mark the chosen run, to compare it with others"),
    _action("presets", "compare", "c", "compare", "Lay the marked runs over each other"),
    _action("presets", "resume", "r", "resume", "Go on with the chosen run, if it ended early"),
    _action("presets", "note", "n", "note", "Write a line about the chosen run"),
    _action("presets", "tag", "t", "tag", "Tag the chosen run, or take a tag away"),
    _action("presets", "rename", "R", "rename", "Rename the chosen run, if it is over"),
    _action("presets", "delete", "D delete", "delete", "Delete the chosen run; asks first"),
    _action("presets", "down", "down j", "down", "Next line"),
    _action("presets", "up", "up k", "up", "Line before"),
    _action("presets", "page_down", "pagedown", "page down", "One page on"),
    _action("presets", "page_up", "pageup", "page up", "One page back"),
    _action("presets", "first", "home g", "first", "First line"),
    _action("presets", "last", "end G", "last", "Last line"),
    _action("presets", "clear", "escape", "clear", "Clear the filter"),
    _action("presets", "leave", "q", "quit", "Leave; runs go on training", 5),
    _action("setup", "train", "ctrl+r", "train", "Start training with these knobs", 1),
    _action("setup", "edit", "enter", "edit", "Type a value; enter keeps it, escape leaves it", 3),
    _action("setup", "less", "left h", "less", "The choice before, or a smaller value"),
    _action("setup", "more", "right l", "change", "The next choice, or a larger value", 2),
    _action("setup", "reset", "backspace u", "undo", "Back to the preset's value", 4),
    _action("setup", "regenerate", "n", "new data", "Train on newly drawn data (split_seed + 1)"),
    _action("setup", "preflight", "t", "test", "Pre-flight: seven checks in half a minute", 5),
    _action("setup", "find_rate", "f", "find lr", "Find a learning rate, and put it in", 5),
    _action("setup", "copy", "c", "copy command", "Copy the tuiwb run line that does the same", 6),
    _action("setup", "switch", "tab", "layers", "Move between knobs and layers", 7),
    _action("setup", "down", "down j", "down", "Next knob"),
    _action("setup", "up", "up k", "up", "Knob before"),
    _action("setup", "page_down", "pagedown", "next section", "First knob of the next section"),
    _action("setup", "page_up", "pageup", "section before", "First knob of the section before"),
    _action("setup", "first", "home g", "first", "First knob"),
    _action("setup", "last", "end G", "last", "Last knob"),
    _action("setup", "leave", "escape q", "back", "Back to the presets", 8),
    _action("lesson", "open", "enter", "open run", "Watch this run on the bench", 1),
    _action("lesson", "down", "down j", "down", "Next run"),
    _action("lesson", "up", "up k", "up", "Run before"),
    _action("lesson", "next_pane", "tab", "pane", "The next pane", 3),
    _action("lesson", "previous_pane", "shift+tab", "pane before", "The pane before"),
    _action("lesson", "pane_1", "1", "checks", "What the runs must show"),
    _action("lesson", "pane_2", "2", "story", "What goes wrong, and why"),
    _action("lesson", "pane_3", "3", "first chart", "The first chart of all runs"),
    _action("lesson", "pane_4", "4", "second chart", "The second chart"),
    _action("lesson", "pane_5", "5", "third chart", "The third chart"),
    _action("lesson", "page_down", "pagedown", "page down", "On in checks or story"),
    _action("lesson", "page_up", "pageup", "page up", "Back in checks or story"),
    _action("lesson", "stop", "X", "stop", "Stop its runs and start no other; asks first", 4),
    _action("lesson", "leave", "escape q", "back (runs go on)", "Back; its runs go on", 2),
    _action("sweep", "open", "enter", "open run", "Watch this trial on the bench", 1),
    _action("sweep", "keep", "w", "keep best", "Write the best trial as a preset of your own", 2),
    _action("sweep", "down", "down j", "down", "Next trial"),
    _action("sweep", "up", "up k", "up", "Trial before"),
    _action("sweep", "page_down", "pagedown", "page down", "One page on"),
    _action("sweep", "page_up", "pageup", "page up", "One page back"),
    _action("sweep", "first", "home g", "first", "First trial"),
    _action("sweep", "last", "end G", "last", "Last trial"),
    _action("sweep", "order", "o", "order", "Newest first, or best first", 5),
    _action("sweep", "next_pane", "tab", "pane", "The next pane", 4),
    _action("sweep", "previous_pane", "shift+tab", "pane before", "The pane before"),
    _action("sweep", "pane_1", "1", "best", "The best so far"),
    _action("sweep", "pane_2", "2", "parallel", "Every trial through all knobs"),
    _action("sweep", "pane_3", "3", "slices", "The metric over each knob"),
    _action("sweep", "pane_4", "4", "contour", "The metric over the two knobs that matter most"),
    _action("sweep", "pane_5", "5", "importance", "How much each knob matters"),
    _action("sweep", "resume", "r", "go on", "Go on with a sweep that was left or killed", 6),
    _action("sweep", "stop", "X", "stop", "Stop its trials and leave it; asks first", 6),
    _action("sweep", "leave", "escape q", "back (trials go on)", "Back; the sweep goes on", 3),
    _action("run", "pause", "space", "pause", "Pause the training, or go on with it", 1),
    _action("run", "resume", "r", "resume", "Go on with a run that was stopped or has crashed", 1),
    _action("run", "single_step", "full_stop", "step", "One step of a paused training", 2),
    _action("run", "set", "s", "set", "Turn knobs of the running training", 2),
    _action("run", "fork", "f", "fork here", "A child from the checkpoint before the cursor", 3),
    _action("run", "cursor", "c", "cursor", "Read values at a step, on all charts", 3),
    _action("run", "left", "left h", "left", "Cursor one column left, or pan"),
    _action("run", "right", "right l", "right", "Cursor one column right, or pan"),
    _action("run", "zoom_in", "plus equals_sign", "zoom in", "Half the steps, twice the detail"),
    _action("run", "zoom_out", "minus", "zoom out", "Twice the steps"),
    _action("run", "pan_left", "left_square_bracket", "earlier", "Half a pane to earlier steps"),
    _action("run", "pan_right", "right_square_bracket", "later", "Half a pane to later steps"),
    _action("run", "fit", "0", "fit", "The whole run"),
    _action("run", "tail", "F", "newest", "Keep the newest steps in view at this zoom"),
    _action("run", "log", "y", "log", "Logarithmic scale on this chart", 6),
    _action("run", "log_all", "Y", "log all", "Logarithmic scale on all charts"),
    _action("run", "axis", "x", "step/time/epoch", "Steps, seconds or epochs along the x axis"),
    _action("run", "smoothing", "S", "smoothing", "Less, more or no smoothing"),
    _action("run", "filter", "slash", "filter", "Charts of metrics by name: val_*, /re/, !not", 6),
    _action("run", "metrics", "M", "metrics", "All metrics: choose which charts are shown", 7),
    _action("run", "export", "e", "export", "This chart as SVG, CSV or text, into a file", 8),
    _action("run", "copy", "w", "copy command", "Copy the tuiwb run line that does the same"),
    _action("run", "forget", "backspace u", "forget", "Forget how you looked at this run"),
    _action("run", "page_on", "pagedown", "page on", "The next page of charts"),
    _action("run", "page_back", "pageup", "page back", "The page of charts before"),
    _action("run", "pane_1", "1", "pane 1", "First pane: the loss, unless you choose others"),
    _action("run", "pane_2", "2", "pane 2", "Second pane: the gradient norm"),
    _action("run", "pane_3", "3", "pane 3", "Third pane: the metric of the evaluations"),
    _action("run", "pane_4", "4", "pane 4", "Fourth pane: the learning rate"),
    _action("run", "pane_5", "5", "pane 5", "Fifth pane: gradients by layer"),
    _action("run", "pane_6", "6", "pane 6", "Sixth pane: activations by layer"),
    _action("run", "pane_7", "7", "pane 7", "Seventh pane: the doctor's findings"),
    _action("run", "pane_8", "8", "pane 8", "Eighth pane: what happened, line by line"),
    _action("run", "pane_9", "9", "pane 9", "Ninth pane: pictures of what the model does"),
    _action("run", "doctor", "d", "doctor", "The doctor's findings"),
    _action("run", "picture", "p", "picture", "Pictures; again for the next one", 7),
    _action("run", "discretise", "D", "discrete", "Decision boundary as answers alone, or shaded"),
    _action("run", "next_pane", "tab", "pane", "The next pane", 4),
    _action("run", "previous_pane", "shift+tab", "pane before", "The pane before"),
    _action("run", "maximise", "enter", "maximise", "This pane alone; on a finding, its remedy", 5),
    _action("run", "study", "t", "study", "Look into the model: noise, step, sharpness, gradient"),
    _action("run", "apply", "a", "apply", "The chosen finding's remedy: set it, or set up a run"),
    _action("run", "down", "down j", "down", "Next finding, or down in the log"),
    _action("run", "up", "up k", "up", "Finding before, or up in the log"),
    _action("run", "note", "m", "note", "Write a line at this step, in the log and on all charts"),
    _action("run", "evaluate", "E", "evaluate", "Evaluate now; it changes nothing"),
    _action("run", "checkpoint", "C", "checkpoint", "Keep a checkpoint now"),
    _action("run", "take_picture", "P", "take pictures", "Take the pictures of this step"),
    _action("run", "stop", "X", "stop", "Stop after this step or epoch, now, or kill it; asks", 2),
    _action("run", "compare", "o", "compare", "Compare with its parent, or with its forks"),
    _action("run", "layers", "L", "layers", "All layers in numbers; enter opens one of them", 5),
    _action("run", "machine", "G", "machine", "CPU, memory, GPU, and the worker's log", 8),
    _action("run", "measure", "v", "by layer", "Heat maps of the next figure: updates, zeros"),
    _action("run", "back", "escape", "back", "Cursor off, all panes, or back to the presets"),
    _action("run", "regenerate", "n", "new data", "A new run on newly drawn data (seed + 1)", 8),
    _action("run", "detach", "q", "detach (training goes on)", "Leave; training goes on", 1),
    _action("compare", "open", "enter", "open run", "The bench of the run under the cursor", 1),
    _action("compare", "metric", "m", "metric", "Choose what is compared; a filter narrows it", 2),
    _action("compare", "baseline", "b", "baseline", "Pin the run under the cursor as baseline", 3),
    _action("compare", "difference", "d", "difference", "Draw the difference to the baseline"),
    _action("compare", "seeds", "a", "seeds", "Mean and spread over runs of several seeds", 5),
    _action("compare", "hide", "space", "hide", "Hide the run under the cursor, or show it", 6),
    _action("compare", "axis", "x", "step/time/epoch", "Align by step, time or epoch", 4),
    _action("compare", "log", "y", "log", "Logarithmic scale", 7),
    _action("compare", "smoothing", "S", "smoothing", "Less, more or no smoothing"),
    _action("compare", "cursor", "c", "cursor", "Read every run at one place of the axis", 3),
    _action("compare", "left", "left h", "left", "Cursor one column left, or pan"),
    _action("compare", "right", "right l", "right", "Cursor one column right, or pan"),
    _action("compare", "zoom_in", "plus equals_sign", "zoom in", "Half the range"),
    _action("compare", "zoom_out", "minus", "zoom out", "Twice the range"),
    _action("compare", "pan_left", "left_square_bracket", "earlier", "Half a chart earlier"),
    _action("compare", "pan_right", "right_square_bracket", "later", "Half a chart later"),
    _action("compare", "fit", "0", "fit", "All of the runs"),
    _action("compare", "tail", "F", "newest", "Keep the newest in view at this zoom"),
    _action("compare", "export", "e", "export", "The chart as SVG, CSV or text, into a file", 8),
    _action("compare", "forget", "backspace u", "forget", "Forget how you looked at these runs"),
    _action("compare", "columns_left", "less_than_sign", "columns", "Columns of the table before"),
    _action("compare", "columns_right", "greater_than_sign", "columns", "Further columns"),
    _action("compare", "layout", "tab", "chart/table", "Chart and table, or one of them alone", 8),
    _action("compare", "down", "down j", "down", "Next run; it is drawn over the others"),
    _action("compare", "up", "up k", "up", "Run before"),
    _action("compare", "page_down", "pagedown", "page down", "One page of runs on"),
    _action("compare", "page_up", "pageup", "page up", "One page of runs back"),
    _action("compare", "first", "home g", "first", "First run"),
    _action("compare", "last", "end G", "last", "Last run"),
    _action("compare", "back", "escape", "back", "Cursor off, or back to where one came from"),
    _action("compare", "leave", "q", "back", "Back; nothing about the runs changes", 9),
    _action("layers", "open", "enter", "open layer", "Histograms, norms, facts of this layer", 1),
    _action("layers", "sort", "s", "sort", "By the chosen column: falling, rising, as built", 2),
    _action("layers", "left", "left h", "column", "The column before"),
    _action("layers", "right", "right l", "column", "The next column", 3),
    _action("layers", "filter", "slash", "filter", "Some layers: conv*, /block[0-3]/, !relu", 4),
    _action("layers", "down", "down j", "down", "Next layer"),
    _action("layers", "up", "up k", "up", "Layer before"),
    _action("layers", "page_down", "pagedown", "page down", "One page on"),
    _action("layers", "page_up", "pageup", "page up", "One page back"),
    _action("layers", "first", "home g", "first", "First layer"),
    _action("layers", "last", "end G", "last", "Last layer"),
    _action("layers", "back", "escape", "back", "Filter off, or back to the bench", 5),
    _action("layers", "leave", "q", "back", "Back to the bench"),
    *_charts("layer"),
    _action("layer", "next_layer", "n", "next layer", "The next layer", 2),
    _action("layer", "previous_layer", "p", "layer before", "The layer before", 2),
    *_charts("machine"),
    _action("anywhere", "help", "question_mark f1", "help", "All keys, this screen's first", 9),
    _action("anywhere", "tour", "T f2", "tour", "Begin the two-minute tour, or leave it"),
    _action("anywhere", "command_palette", "ctrl+p", "palette", "Find an action by its name"),
    _action("anywhere", "redraw", "ctrl+l", "redraw", "Paint the whole screen anew"),
    _action("anywhere", "leave_all", "ctrl+c", "quit", "Leave the workbench; runs go on training"),
)  # fmt: skip

_NAMES = {
    "slash": "/", "full_stop": ".", "question_mark": "?",
    "less_than_sign": "<", "greater_than_sign": ">",
    "plus": "+", "equals_sign": "=", "minus": "-",
    "left_square_bracket": "[", "right_square_bracket": "]", "escape": "esc", "pagedown": "pgdn",
    "pageup": "pgup", "up": "↑", "down": "↓", "left": "←", "right": "→",
}  # fmt: skip


def of(context: Context, among: Sequence[Action] = ACTIONS) -> tuple[Action, ...]:
    """The actions of one context, in the order of declaration; ``among`` those with a person's own
    keys."""
    return tuple(action for action in among if action.context == context)


def key_name(key: str) -> str:
    """A key as it stands on the keyboard: ``question_mark`` -> ``?``."""
    return _NAMES.get(key, key)


def keys_of(action: Action) -> str:
    """The keys of an action as text: ``↓ j``."""
    return " ".join(map(key_name, action.keys))


def bindings(context: Context, among: Sequence[Action] = ACTIONS) -> Iterator[Binding]:
    """Textual's bindings for a context; each key has an id that a key map may name."""
    from textual.binding import Binding

    for action in of(context, among):
        if not action.keys:
            continue
        yield Binding(
            ",".join(action.keys),
            action.name,
            action.label,
            show=action.show > 0,
            priority=action.name == "leave_all",
            id=action.id,
        )


def key_table() -> str:
    """All keys as a Markdown table, as the README shows it."""
    rows = ["| where | key | does |", "| --- | --- | --- |"]
    for context, words in CONTEXTS.items():
        rows += [
            f"| {words} | {' '.join(f'`{key_name(k)}`' for k in action.keys)} | {action.help} |"
            for action in of(context)
        ]
    return "\n".join(rows)
