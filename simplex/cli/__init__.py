"""The command line: ``simplex demo``, ``lift``, ``info``, ``view``, ``train`` and others."""

from simplex.cli._main import main
from simplex.cli._threads import wait_without_spinning


wait_without_spinning()

__all__ = ["main"]
