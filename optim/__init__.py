"""Optimisers that know the layers they train; torch only, independent of ``simplex``.

Read it as ``simplex.optim``: `LocoProp` trains every linear map by a local problem of its own.
"""

from optim._locoprop import LocoProp as LocoProp
from optim._schedule import paper_schedule as paper_schedule


__all__ = ["LocoProp", "paper_schedule"]
