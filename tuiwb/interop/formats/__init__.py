"""What a run can be exported to: one file a format, found by its folder.

A file here has a docstring whose first line says what comes out, `SUFFIX` (of the name that the
export gets where none is given), and ``export(run, out, step)``, which makes ``out`` (nothing of
that name is there) and returns in words what is in it. Nothing of a run is executed. May import
what `tuiwb.interop` may.
"""
