"""How weights begin and how they move.

Three shelves, one file a component: ``initializers/``, ``optimizers/``, ``schedules/``; beside
them warm-up (`schedule.py`) and penalties on weights (`regularizers.py`).

May import: base, spec, torch. Never models, data or a screen.
"""
