def drawn(view, name, width, colour, unicode): return ""
