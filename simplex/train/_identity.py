"""What the numbers of a run depend on: a run is continued where all of it is as it was."""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import torch
from torch import Tensor

from simplex.data import SimplicialDataset


SHARED = ("data_hash", "folds_hash", "torch_version", "simplex_version")  # by all processes
_ITEMS_AT_ONCE = 1024
_REMEDIES = {
    "data_hash": "The graphs, their features or their labels have changed: restore the data.",
    "folds_hash": "The folds have changed: restore them.",
    "num_threads": "Pass --threads {0}, in Python torch.set_num_threads({0}).",
    "torch_version": "Install torch {0}.",
    "simplex_version": "Install simplex {0}.",
    "device_type": "Pass --device {0}, in Python device={0!r}.",
    "processor_kind": "Continue it on a processor of that kind.",
}


def surroundings(
    dataset: SimplicialDataset,
    folds: Sequence[tuple[Tensor, ...]],
    device: torch.device,
) -> dict[str, Any]:
    """The data, the versions and the machine, as far as the numbers of a run depend on them."""
    from simplex import __version__

    ids = hashlib.sha256()
    for part in (part for fold in folds for part in fold):
        _add(ids, part)
    return {
        "data_hash": fingerprint(dataset),
        "folds_hash": ids.hexdigest()[:16],
        "num_threads": torch.get_num_threads(),
        "torch_version": str(torch.__version__),
        "simplex_version": __version__,
        "device_type": device.type,
        "processor_kind": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
    }


def fingerprint(dataset: SimplicialDataset) -> str:
    """A number of the contents: complexes and all fields of all items, before any transform."""
    plain = copy(dataset)
    plain.transform = None
    total = hashlib.sha256(str(len(dataset)).encode())
    for ids in torch.split(torch.arange(len(dataset)), _ITEMS_AT_ONCE):
        batch = plain[ids].to_batch()
        for key in sorted(batch.keys()):
            total.update(key.encode())
            _add(total, batch[key])
    return total.hexdigest()[:16]


def _add(total: Any, value: Any) -> None:
    if not isinstance(value, Tensor) or value.layout != torch.strided:
        total.update(repr(value).encode())
        return
    total.update(f"{value.dtype} {tuple(value.shape)}".encode())
    total.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())


def require_same(path: Any, written: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` where a run differs from the one that is to be continued."""
    differing = [
        key for key in sorted(written.keys() | now.keys()) if written.get(key) != now.get(key)
    ]
    if not differing:
        return
    shown = ", ".join(f"{key}={written.get(key)!r} (now {now.get(key)!r})" for key in differing)
    remedies = [_REMEDIES[key].format(written.get(key)) for key in differing if key in _REMEDIES]
    raise ValueError(
        f"the settings must be those of the run in {path} to resume it with the numbers of an "
        f"uninterrupted one, got a run with {shown}. "
        f"{' '.join([*remedies, 'Or start a new run in another place.'])}"
    )
