"""The terminal workbench: presets, set-up and the bench, as a Textual app.

Screens read run directories through `client` and draw through `plots`; they hold nothing that a
run needs, so closing one loses nothing. What is live is painted by our own Line API widgets, which
send only the spans that changed (`output.py`).

- `app.py` starts it; `actions.py` is the one list of keys that bindings, footer, help and README
  read; `screens/` one file a screen; `widgets/` one file a kind of pane; `tuiwb.tcss` the layout
- pure parts, tested without a terminal: `scene.py` (a run along its steps), `bench.py` (its panes),
  `course.py` (a lesson being taken), `gallery.py` (a run's pictures), `header.py` (a run in one
  line), `form.py` (knobs being edited), `palette.py` (colours, glyphs, words of each state)

To add a screen: a file in `screens/` with a `Workpage` and its actions in `actions.py`.
May import: client, plots, run, spec, base, textual, rich. Never torch. NumPy and plots only from
the Run screen down, so that the first screen stands at once.
"""
