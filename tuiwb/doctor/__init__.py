"""The diagnosis: pure functions from recent rows of a run's tables to findings.

One file per symptom in ``symptoms/``, each with its rule and its sick, near-miss and healthy
example; the file's name is the symptom's. A rule does no I/O, never sleeps and keeps no state.
May import: run (types), base, numpy.
"""
