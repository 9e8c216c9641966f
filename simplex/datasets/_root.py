"""Where data sets lie."""

import os
from pathlib import Path


def data_root(kind: str, root: str | Path | None = None) -> Path:
    """The folder of data of one kind: ``root``, else ``$SIMPLEX_DATA/kind``, else a cache.

    The cache is ``$XDG_CACHE_HOME/simplex/kind``, by default ``~/.cache/simplex/kind``.
    """
    if root is not None:
        return Path(root)
    if "SIMPLEX_DATA" in os.environ:
        return Path(os.environ["SIMPLEX_DATA"]) / kind
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return cache / "simplex" / kind


def require_file(path: Path, what: str) -> None:
    """Raise ``ValueError`` with the remedy where a file of data is absent."""
    if not path.is_file():
        raise ValueError(
            f"{what} must be in {path}, got no such file. Pass the root that holds {path.name}, or "
            "set SIMPLEX_DATA to the folder of all data."
        )
