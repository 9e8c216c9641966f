"""Where data sets lie."""

import os
from pathlib import Path

from simplex.datasets._checks import require_path


def data_root(kind: str, root: str | Path | None = None) -> Path:
    """The folder of data of one kind: ``root``, else ``$SIMPLEX_DATA/kind``, else a cache.

    The cache is ``$XDG_CACHE_HOME/simplex/kind``, by default ``~/.cache/simplex/kind``.
    """
    if root is not None:
        require_path("root", root)
        return Path(root)
    if "SIMPLEX_DATA" in os.environ:
        return Path(os.environ["SIMPLEX_DATA"]) / kind
    return cache_root(kind)


def cache_root(kind: str) -> Path:
    """The folder of one kind of what was downloaded or drawn, below the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return cache / "simplex" / kind
