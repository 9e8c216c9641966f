"""The command line: ``simplex demo | lift | convert | wl | info | plot | train | predict``."""

from simplex.cli._main import main
from simplex.cli._threads import wait_without_spinning


wait_without_spinning()

__all__ = ["main"]
