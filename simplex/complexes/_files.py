"""Files that are whole or not there."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a file beside ``path``, which replaces it only when all is on the disk.

    Raises:
        OSError: it cannot be written; names the place and the reason, and nothing is left of it.
    """
    path = Path(os.path.realpath(path))  # a link stays a link
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    try:
        with fresh.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except (OSError, RuntimeError) as error:  # torch says RuntimeError of a full disk
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise OSError(
            f"{path} could not be written ({reason}); nothing of it was changed. Make room, or "
            "choose another place."
        ) from error
    finally:
        fresh.unlink(missing_ok=True)
