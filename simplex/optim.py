"""The package ``optim`` under the name that the documentation uses.

The same objects, not copies: ``simplex.optim.X is optim.X`` for every public name ``X``.
"""

import optim
from optim import *  # noqa: F403


__all__ = optim.__all__
