"""The state of a training run on disk: replaced in one step, so that a kill loses seconds."""

import hashlib
import io
import re
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from simplex.complexes import write_whole
from simplex.train._identity import require_same


_FORMAT = 3
_HEADER = b"simplex checkpoint %d sha256 %b\n"  # of all that comes after it
_LENGTH = len(_HEADER % (_FORMAT, b"0" * 64))
_TENSOR = "tensor of the checkpoint"


def save_checkpoint(path: Path, settings: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write settings and state beside ``path``, then replace it: it is always a whole file.

    Raises:
        OSError: it cannot be written; the one before is still there.
    """
    packed = io.BytesIO()
    torch.save({"settings": _plain(settings), "state": _packed(state)}, packed)
    content = packed.getbuffer()
    header = _HEADER % (_FORMAT, hashlib.sha256(content).hexdigest().encode())

    def write(file: BinaryIO) -> None:
        file.write(header)
        file.write(content)

    write_whole(path, write)


def read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and state as :func:`save_checkpoint` wrote them, on the CPU.

    Only tensors and plain values are unpickled, and only if the checksum is right.

    Raises:
        ValueError: there is no such file, it cannot be read, or any bit of it has changed.
    """
    if not path.is_file():
        raise ValueError(f"{path} must be a checkpoint to resume from, got no such file.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be opened") from error
    header, payload = content[:_LENGTH], memoryview(content)[_LENGTH:]
    if not header.startswith(_HEADER.partition(b"%d")[0]):
        found = _older_format(content)
        if found is None:
            raise _unreadable(path, "it does not begin as one")
        raise ValueError(
            f"{path} must have checkpoint format {_FORMAT}, got {found}. Finish the run with the "
            "version of simplex that began it, or delete the file and start again."
        )
    if header != _HEADER % (_FORMAT, hashlib.sha256(payload).hexdigest().encode()):
        raise _unreadable(path, "its checksum is another one")
    try:
        saved: dict[str, Any] = torch.load(
            io.BytesIO(payload), map_location="cpu", weights_only=True
        )
        return saved["settings"], _unpacked(saved["state"])
    except Exception as error:  # what was not written by save_checkpoint raises anything
        raise _unreadable(path, type(error).__name__) from error


def load_checkpoint(path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The state of :func:`read_checkpoint`, if it is of a run with these settings."""
    written, state = read_checkpoint(path)
    require_same(path, written, _plain(settings))
    return state


def _unreadable(path: Path, reason: str) -> ValueError:
    return ValueError(
        f"{path} must be a checkpoint of this command, got an unreadable file ({reason}). Restore "
        "it from a copy, or delete it and start again."
    )


def _older_format(content: bytes) -> int | None:
    """The format of a checkpoint from before there were checksums."""
    try:
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)["format"]
    except Exception:
        return None
    return found if isinstance(found, int) else None


def _plain(value: Any) -> Any:
    """Settings as values that can be read back; others are known by their words."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))


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
