"""What a command says while somebody waits in front of it."""

import contextlib
import logging
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def notices() -> Iterator[None]:
    """Say on a terminal, not in a file or a pipe, that kernels are being compiled."""
    if not sys.stderr.isatty():
        yield
        return
    logger, handler = logging.getLogger("simplex.kernels"), logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("simplex: %(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
