"""One file per family of commands; each has ``app`` and ``PLACE``, its place in the help text.

A file here is found by its folder. Its functions import what they need when they run.
"""
