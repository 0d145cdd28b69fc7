"""The run directory: the one interface between the process that trains and all who watch.

Tables that only grow, a journal, an inbox, a lock, and the reader that tails them. The worker
writes, everybody else reads; a run that was killed, copied or half deleted still opens, and a run
from a stranger executes nothing, follows no links and cannot exhaust the reader.

- written by the worker: `table`, `journal`, `lock`, `ballast`; by clients: `create`, `inbox.post`
- read by everybody: `reader.RunReader` gives a frozen `view.RunView`; `listing` finds runs
- `layout` names the files, `schema` the columns of the built-in tables

To add a table: a dtype in `schema`; readers find tables by their files.
May import: spec, base, numpy. Never torch, textual, typer.
"""
