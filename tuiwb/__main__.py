"""``python -m tuiwb`` is ``tuiwb``."""

from tuiwb.cli.main import main

if __name__ == "__main__":
    main()
