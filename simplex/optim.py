"""The package ``optim`` under the name that the documentation uses.

The same objects, not copies: ``simplex.optim.X is optim.X`` for every public name ``X`` and every
public module.
"""

import sys

import optim


if not hasattr(optim, "LocoProp"):  # a module of the same name that comes first on the path
    raise ImportError(
        "`optim` must be the package that comes with simplex, got "
        f"{getattr(optim, '__file__', None) or optim!r}. Rename that file or folder, or put its "
        "directory behind site-packages in sys.path.",
        name="optim",
        path=getattr(optim, "__file__", None),
    )

from optim import *  # noqa: F403


__all__ = optim.__all__

for _name, _module in list(sys.modules.items()):  # so that `import simplex.optim.solvers` works
    _package, _, _tail = _name.rpartition(".")
    if _package == "optim" and not _tail.startswith("_"):
        globals()[_tail] = sys.modules[f"{__name__}.{_tail}"] = _module
