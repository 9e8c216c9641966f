"""``python -m simplex``: the command line."""

import sys

from simplex.cli import main


if __name__ == "__main__":
    sys.exit(main())
