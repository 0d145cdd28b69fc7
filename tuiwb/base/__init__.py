"""The ground floor: what every other room stands on.

Errors with hints, number formatting, an injectable clock, the registry that finds one-file
components by their folder, and the few plain types that cross the walls.
May import: the standard library, nothing else.
"""
