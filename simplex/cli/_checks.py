"""What the commands refuse before the work begins: outputs, devices, graphs that are too large."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from simplex.complexes import SimplicialComplex


_PROBE_BYTES = 1 << 16
_LARGEST_FOLKLORE = 2000  # vertices; 2-FWL holds all pairs and takes their number times a third


def require_output(path: Path, endings: Sequence[str], option: str = "--out") -> None:
    """Raise ``ValueError`` unless a file of that name can be written; called before the work."""
    if path.suffix.lower() not in endings:
        raise ValueError(f"{option} must end in one of {' '.join(endings)}, got {path}.")
    if path.is_dir():
        raise ValueError(f"{option} must be a file, got the folder {path}.")
    if not path.parent.is_dir():
        raise ValueError(f"{option} must be in an existing folder, got {path}.")
    if path.exists() and not os.access(path, os.W_OK):
        raise ValueError(f"{option} must be a file that can be written to, got {path}.")
    require_writable(
        path.parent, f"{option} must be in a folder that can be written to, got {path}"
    )


def require_new_folder(path: str) -> None:
    """Raise ``ValueError`` where there is something; an empty folder may be."""
    place = Path(path)
    if os.path.lexists(place) and not (place.is_dir() and not any(place.iterdir())):
        raise ValueError(f"--to-disk must be a new folder, got {path}, which is there.")


def require_writable(folder: Path, what: str) -> None:
    """Raise ``ValueError`` where a small file cannot be written: no permission, a full disk."""
    probe = folder / f".simplex-{os.getpid()}.probe"
    try:
        with probe.open("wb") as file:  # permissions alone say nothing of quotas and full disks
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ValueError(f"{what} ({error.strerror}).") from None
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def require_device(name: str) -> None:
    """Raise ``ValueError`` unless torch can put a tensor there."""
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built with CUDA
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"--device must be a device of this machine, got {name}: {reason}"
        ) from None


def require_small(complexes: list["SimplicialComplex"], name: str) -> None:
    """Raise ``ValueError`` where 2-FWL would colour more pairs than fit."""
    largest = max(K.num_simplices(0) for K in complexes)
    if name == "2-fwl" and largest > _LARGEST_FOLKLORE:
        raise ValueError(
            f"--test 2-fwl must be given graphs of at most {_LARGEST_FOLKLORE} vertices, got one "
            f"of {largest}: it colours all pairs. Use --test swl."
        )
