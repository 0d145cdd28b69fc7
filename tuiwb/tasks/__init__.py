"""What one training step and one evaluation mean: one file per task.

A task file declares ``class Knobs(TaskKnobs)`` and offers
``build(knobs, loss, dataset, single) -> Task`` (`tuiwb.tasks.task`). Losses stand on their own
shelf, ``losses/``. A task that has something to show offers ``pictures`` (`tuiwb.tasks.picture`);
what several show is in `tuiwb.tasks.views`. To add a task: one new file here; its name is the
file's, with dashes.

May import: base, spec, torch, and the interface of data (`tuiwb.data.dataset`, its batches).
"""
