"""One file per symptom: ``rule(window)``, and ``EXAMPLES`` that show when it must speak.

To add one: a file with ``def rule(window: Window) -> Finding | None`` and ``EXAMPLES``, a function
that returns a sick, a near-miss and a healthy window. The contract test finds it by its folder.
"""
