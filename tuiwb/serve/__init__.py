"""The workbench in a browser: one page, and behind each open tab a workbench of its own.

A run needs neither the tab nor the server: both are readers, and may go at any time. Whoever knows
the address may do what you may do, so every address holds a token (`gate.py`).

- `server.py` what is served, and where; `gate.py` who is let in; `tab.py` the process behind a tab
- `page.html` the page; the terminal in it is textual-serve's, nothing is fetched from elsewhere

May import: client, run, base, aiohttp, textual-serve (the extra ``serve``). The screen is started
by its command line, never by import.
"""
