"""The state of a training run on disk: replaced in one step, so that a kill loses one epoch."""

import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


_FORMAT = 2
_TENSOR = "tensor of the checkpoint"


def save_checkpoint(path: Path, settings: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write settings and state beside ``path``, then replace it: it is always a whole file."""
    fresh = path.with_name(path.name + ".new")
    torch.save({"format": _FORMAT, "settings": dict(settings), "state": _packed(state)}, fresh)
    os.replace(fresh, path)


def read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and state as :func:`save_checkpoint` wrote them, on the CPU.

    Only tensors and plain values are unpickled.

    Raises:
        ValueError: there is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise ValueError(f"{path} must be a checkpoint to resume from, got no such file.")
    try:
        saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        found = saved["format"]
        if found == _FORMAT:
            return saved["settings"], _unpacked(saved["state"])
    except Exception as error:  # a truncated file raises anything from EOFError to KeyError
        raise ValueError(
            f"{path} must be a checkpoint of this command, got an unreadable file "
            f"({type(error).__name__}). Delete it and start again."
        ) from error
    raise ValueError(
        f"{path} must have checkpoint format {_FORMAT}, got {found}. Delete it and start again."
    )


def load_checkpoint(path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The state of :func:`read_checkpoint`, if it is of a run with these settings."""
    written, state = read_checkpoint(path)
    differing = [
        f"{key}={written.get(key)!r} (now {settings.get(key)!r})"
        for key in sorted(written.keys() | settings.keys())
        if written.get(key) != settings.get(key)
    ]
    if differing:
        raise ValueError(
            f"the settings must be those of the run in {path} to resume it, got a run with "
            f"{', '.join(differing)}."
        )
    return state


# Pickling a thousand small tensors takes as long as an epoch on small data, one large one no time.


def _packed(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state with its tensors joined to one per dtype."""
    tensors: list[Tensor] = []

    def without_tensors(value: Any) -> Any:
        if isinstance(value, Tensor):
            tensors.append(value.detach())
            return {_TENSOR: len(tensors) - 1}
        if isinstance(value, Mapping):
            return {key: without_tensors(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(map(without_tensors, value))
        return value

    tree = without_tensors(state)
    by_kind: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}
    for tensor in tensors:
        by_kind.setdefault((tensor.dtype, tensor.device), []).append(tensor.reshape(-1))
    kinds = list(by_kind)
    return {
        "tree": tree,
        "shapes": [list(tensor.shape) for tensor in tensors],
        "kinds": [kinds.index((tensor.dtype, tensor.device)) for tensor in tensors],
        "joined": [torch.cat(each).cpu() for each in by_kind.values()],
    }


def _unpacked(packed: Mapping[str, Any]) -> Any:
    """The state from which :func:`_packed` made this."""
    sizes: list[list[int]] = [[] for _ in packed["joined"]]
    for shape, kind in zip(packed["shapes"], packed["kinds"], strict=True):
        sizes[kind].append(prod(shape))
    parts = [iter(torch.split(*each)) for each in zip(packed["joined"], sizes, strict=True)]
    tensors = [  # each with a memory of its own
        next(parts[kind]).clone().view(shape)
        for shape, kind in zip(packed["shapes"], packed["kinds"], strict=True)
    ]

    def with_tensors(value: Any) -> Any:
        if isinstance(value, Mapping):
            if _TENSOR in value:
                return tensors[value[_TENSOR]]
            return {key: with_tensors(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(map(with_tensors, value))
        return value

    return with_tensors(packed["tree"])
