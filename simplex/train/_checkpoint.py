"""The state of a training run on disk: replaced in one step, so that a kill loses one epoch."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


_FORMAT = 1


def save_checkpoint(path: Path, settings: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write settings and state beside ``path``, then replace it: it is always a whole file."""
    fresh = path.with_name(path.name + ".new")
    torch.save({"format": _FORMAT, "settings": dict(settings), **state}, fresh)
    os.replace(fresh, path)


def load_checkpoint(path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read what :func:`save_checkpoint` wrote; only tensors and plain values are unpickled.

    Raises:
        ValueError: there is no such file, it cannot be read, or it is of a run with other settings.
    """
    if not path.is_file():
        raise ValueError(f"{path} must be a checkpoint to resume from, got no such file.")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        written, known = state["settings"], state["format"] == _FORMAT
    except Exception as error:  # a truncated file raises anything from EOFError to KeyError
        raise ValueError(
            f"{path} must be a checkpoint of this command, got an unreadable file "
            f"({type(error).__name__}). Delete it and start again."
        ) from error
    if not known:
        raise ValueError(f"{path} must have checkpoint format {_FORMAT}, got {state['format']}.")
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
