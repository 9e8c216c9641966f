"""Weights of released Mixers, by the names of Google's npz files and of timm, both ways."""

import os
import zlib
from collections.abc import Mapping, Sequence
from typing import BinaryIO
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from simplex.nn._mixer.mixer import MLPMixer


Arrays = Mapping[str, np.ndarray]


def load_google_npz(
    model: MLPMixer, file: str | os.PathLike[str] | BinaryIO | Arrays, *, head: bool = True
) -> None:
    """Load weights under the names of Google's Flax code, as in its published ``.npz`` files.

    They were trained with the tanh approximation: build the network with ``gelu="tanh"`` for the
    same logits. A conditioned network takes its Mixer from the file, its modulation is left as is.

    Args:
        model: takes the weights; its sizes have to be those of the file.
        file: an ``.npz`` file, by path or open, or a mapping of its names to arrays.
        head: whether the head is read too; ``False`` leaves that of the model, for fine-tuning.

    Raises:
        TypeError: the model is no Mixer.
        ValueError: the file is no ``.npz`` of arrays; or names are missing or foreign, or values
            are not real floating-point numbers or of another shape: the first of them are listed,
            and the model is left as it was.

    Example:
        >>> from io import BytesIO
        >>> model, file = MLPMixer(1, 6, 3, 1, 8, 4), BytesIO()
        >>> save_google_npz(model, file)
        >>> load_google_npz(model, BytesIO(file.getvalue()))
    """
    _require_mixer(model)
    arrays = file if isinstance(file, Mapping) else _read_npz(file)
    values = {name: _as_tensor(array) for name, array in arrays.items()}
    copy_weights(values, _google_views(model), "head/", head)


def save_google_npz(model: MLPMixer, file: str | os.PathLike[str] | BinaryIO) -> None:
    """Write the weights under the names of Google's Flax code, for :func:`load_google_npz`.

    Args:
        model: gives the weights; in a half precision they are written as float32.
        file: where to, as a path, taken as it is, or an open file.

    Raises:
        ValueError: the network has a condition, for which the format has no names.

    Example:
        >>> from io import BytesIO
        >>> file = BytesIO()
        >>> save_google_npz(MLPMixer(1, 6, 3, 1, 8, 4), file)
        >>> sorted(np.load(BytesIO(file.getvalue())))[-2:]
        ['stem/bias', 'stem/kernel']
    """
    _require_unconditioned(model)
    views = {name: view.cpu() for name, view in _google_views(model).items()}
    wide = {n: v if v.dtype == torch.float64 else v.float() for n, v in views.items()}
    arrays = {name: np.ascontiguousarray(view.numpy()) for name, view in wide.items()}
    if isinstance(file, str | os.PathLike):
        with open(file, "wb") as opened:  # by itself NumPy would append .npz to the path
            np.savez(opened, allow_pickle=False, **arrays)
    else:
        np.savez(file, allow_pickle=False, **arrays)


def load_timm_state(model: MLPMixer, state: Mapping[str, Tensor], *, head: bool = True) -> None:
    """Load a state dict with the key names of timm's ``mixer_…`` models.

    They use the exact GELU, ``gelu="erf"``. A conditioned network takes its Mixer from the state,
    its modulation is left as is.

    Args:
        model: takes the weights; its sizes have to be those of the state.
        state: what timm's ``state_dict()`` returns, or a checkpoint read from disk.
        head: whether the head is read too; ``False`` leaves that of the model, for fine-tuning.

    Raises:
        TypeError: the model is no Mixer, or the state no mapping.
        ValueError: names are missing or foreign, or values are no floating-point tensors or of
            another shape: the first of them are listed, and the model is left as it was.

    Example:
        >>> model = MLPMixer(1, 6, 3, 1, 8, 4)
        >>> load_timm_state(model, timm_state(model))
    """
    _require_mixer(model)
    given: object = state
    if not isinstance(given, Mapping):
        raise TypeError(
            f"state must be a mapping of names to tensors, got {type(given).__name__}. Read a "
            f"file with torch.load, or with safetensors, first."
        )
    copy_weights(state, _timm_views(model), "head.", head)


def timm_state(model: MLPMixer) -> dict[str, Tensor]:
    """The weights as a state dict that timm's ``mixer_…`` models load: 12 L + 6 tensors.

    Args:
        model: gives the weights.

    Returns:
        Copies, under timm's names and in its shapes.

    Raises:
        ValueError: the network has a condition, for which the format has no names.

    Example:
        >>> timm_state(MLPMixer(1, 6, 3, 1, 8, 4))["stem.proj.weight"].shape
        torch.Size([6, 1, 4, 4])
    """
    _require_unconditioned(model)
    return {name: view.clone() for name, view in _timm_views(model).items()}


def _timm_views(model: MLPMixer) -> dict[str, Tensor]:
    """Views of the parameters as timm names and shapes them: the stem is a convolution there."""
    views = {name: p.detach() for name, p in model.named_parameters() if "modulation" not in name}
    kernel = (-1, model.stem.in_channels, *model.grid.patch_size)
    views["stem.proj.weight"] = views["stem.proj.weight"].view(kernel)
    return views


def _google_views(model: MLPMixer) -> dict[str, Tensor]:
    """Views of the parameters as Flax names and shapes them: the last axis of a kernel is out."""
    views = {}
    for name, view in _timm_views(model).items():
        views[_google_name(name)] = view.movedim(1, -1).movedim(0, -1) if view.ndim > 1 else view
    return views


def _google_name(name: str) -> str:
    """Flax's name for what timm names so.

    >>> _google_name("blocks.3.mlp_tokens.fc1.weight"), _google_name("norm.weight")
    ('MixerBlock_3/token_mixing/Dense_0/kernel', 'pre_head_layer_norm/scale')
    """
    words = {
        "stem": "stem",
        "norm": "pre_head_layer_norm",
        "norm1": "LayerNorm_0",
        "norm2": "LayerNorm_1",
        "mlp_tokens": "token_mixing",
        "mlp_channels": "channel_mixing",
        "fc1": "Dense_0",
        "fc2": "Dense_1",
        "head": "head",
    }
    *path, last = name.removeprefix("blocks.").replace("stem.proj", "stem").split(".")
    found = [f"MixerBlock_{word}" if word.isdigit() else words[word] for word in path]
    scale = "scale" if "norm" in path[-1] else "kernel"
    return "/".join([*found, scale if last == "weight" else "bias"])


def _read_npz(file: str | os.PathLike[str] | BinaryIO) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` file."""
    if isinstance(file, str | os.PathLike):
        with open(file, "rb") as opened_here:  # NumPy leaves files open that it cannot read
            return _read_npz(opened_here)
    found = "a file of another kind"
    try:
        opened = np.load(file, allow_pickle=False)
        if isinstance(opened, np.lib.npyio.NpzFile):
            with opened:
                arrays = dict(opened)
            if all(isinstance(array, np.ndarray) for array in arrays.values()):
                return arrays
            found = "an archive of other things"
        cause = None
    except (EOFError, ValueError, BadZipFile, zlib.error) as error:
        found, cause = "one that NumPy cannot read", error
    name = getattr(file, "name", "an open file")
    raise ValueError(
        f"file must be an .npz of arrays under the names of Google's Mixer, got {found}: {name}. "
        f"For state dicts of torch see load_timm_state."
    ) from cause


def _as_tensor(array: object) -> object:
    """The array as a tensor where torch knows its type, or as it is, to be complained about."""
    found = np.asarray(array)
    if found.dtype.kind != "f" or found.dtype.itemsize > 8:
        return found
    return torch.from_numpy(np.require(found, found.dtype.newbyteorder("="), ["C", "W"]))


def _require_mixer(model: MLPMixer) -> None:
    """Raise ``TypeError`` for anything else."""
    given: object = model
    if not isinstance(given, MLPMixer):
        raise TypeError(f"model must be an MLPMixer, got {type(given).__name__}.")


def _require_unconditioned(model: MLPMixer) -> None:
    """Raise ``ValueError`` for a network whose modulation the formats cannot hold."""
    _require_mixer(model)
    if model.modulation is not None:
        raise ValueError(
            "model must be without a condition to be written in this format, got one with "
            "cond_channels. Save its state_dict() instead."
        )


LISTED = 6  # names of each kind in a message; a foreign file has hundreds


def copy_weights(
    source: Mapping[str, object], target: Mapping[str, Tensor], head: str, read: bool
) -> None:
    """Copy the values into the views of the same names; the head, by its prefix, if ``read``.

    Where names are missing or foreign, or values are no floating-point tensors or of another shape,
    nothing is copied.

    Example:
        >>> view = torch.zeros(2)
        >>> copy_weights({"head.bias": torch.ones(2)}, {"head.bias": view}, "head.", read=True)
        >>> view.tolist()
        [1.0, 1.0]
    """
    if not read:
        source = {name: x for name, x in source.items() if not name.startswith(head)}
        target = {name: x for name, x in target.items() if not name.startswith(head)}
    missing = [name for name in target if name not in source]
    foreign = [name for name in source if name not in target]
    values = {name: _floating(source[name]) for name in target if name in source}
    kinds = [f"{name} {_kind(source[name])}" for name, x in values.items() if x is None]
    shapes = [
        f"{name} {tuple(x.shape)} for {tuple(target[name].shape)}"
        for name, x in values.items()
        if x is not None and x.shape != target[name].shape
    ]
    complaints = {
        "missing": missing,
        "foreign": foreign,
        "not of floating point": kinds,
        "of another shape": shapes,
    }
    if any(complaints.values()):
        found = "; ".join(f"{word}: {_some(names)}" for word, names in complaints.items() if names)
        hints = _hints(source, missing, foreign, shapes, head if read else "")
        raise ValueError(
            f"weights must have the names and shapes of the network, got {found}.{hints}"
        )
    for name, view in target.items():
        value = values[name]
        assert value is not None
        view.copy_(value)


def _floating(value: object) -> Tensor | None:
    """The value if it is a dense tensor of floating-point numbers, with memory."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return None
    return value if value.layout == torch.strided and not value.is_meta else None


def _kind(value: object) -> str:
    """The type of a value in words.

    >>> _kind(torch.ones(1, dtype=torch.int8)), _kind(np.ones(1)), _kind([1.0])
    ('(torch.int8)', '(array of float64)', '(list)')
    """
    if isinstance(value, Tensor):
        place = " without memory" if value.is_meta else ""
        sparse = "" if value.layout == torch.strided else f", {value.layout}"
        return f"({value.dtype}{sparse}{place})"
    if isinstance(value, np.ndarray):
        return f"(array of {value.dtype})"
    return f"({type(value).__name__})"


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are.

    >>> _some([f"b{i}" for i in range(9)])
    'b0, b1, b2, b3, b4, b5 … and 3 more'
    """
    rest = f" … and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + rest


def _hints(
    source: Mapping[str, object],
    missing: Sequence[str],
    foreign: Sequence[str],
    shapes: Sequence[str],
    head: str,
) -> str:
    """What to do: where weights lie deeper or all names have a prefix, the rest follows from it."""
    for name in foreign:
        if isinstance(source[name], Mapping):
            return f" The weights seem to lie under {name!r}: pass what is there."
    for name in foreign if missing else ():
        prefix = name.removesuffix(missing[0])
        if prefix != name:
            return f" The names seem to have the prefix {prefix!r}: remove it from each."
    hints = ""
    if head and any(name.startswith(head) for name in (*missing, *foreign, *shapes)):
        hints += " head=False leaves the head aside."
    if any("mlp_tokens" in name or "token_mixing" in name for name in shapes):
        hints += " For another image size see expand_resolution."
    return hints
