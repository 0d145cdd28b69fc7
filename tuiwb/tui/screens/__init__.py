"""One file a screen; `page.py` is what all of them share: bindings, footer, size classes."""
