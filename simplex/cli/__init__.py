"""The command line: ``simplex demo | lift | wl | info | plot | train``."""

from simplex.cli._main import main


__all__ = ["main"]
