"""Weights of the Mixer in the two formats that are published: Google's npz and timm's keys."""

import os
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from simplex.nn._mixer import MLPMixer


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
        ValueError: names are missing or foreign, or shapes differ: all are listed, and the model
            is left as it was.

    Example:
        >>> from io import BytesIO
        >>> model, file = MLPMixer(8, 4, 1, 3, 6, 1), BytesIO()
        >>> save_google_npz(model, file)
        >>> load_google_npz(model, BytesIO(file.getvalue()))
    """
    if isinstance(file, Mapping):
        arrays = dict(file)
    else:
        with np.load(file, allow_pickle=False) as opened:
            arrays = dict(opened)
    tensors = {name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()}
    _copy(tensors, _google_views(model), "head/", head)


def save_google_npz(model: MLPMixer, file: str | os.PathLike[str] | BinaryIO) -> None:
    """Write the weights under the names of Google's Flax code, for :func:`load_google_npz`.

    Args:
        model: gives the weights; in a half precision they are written as float32.
        file: an ``.npz`` file, by path or open.

    Raises:
        ValueError: the network has a condition, for which the format has no names.

    Example:
        >>> from io import BytesIO
        >>> file = BytesIO()
        >>> save_google_npz(MLPMixer(8, 4, 1, 3, 6, 1), file)
        >>> sorted(np.load(BytesIO(file.getvalue())))[-2:]
        ['stem/bias', 'stem/kernel']
    """
    _require_unconditioned(model)
    views = {name: view.cpu() for name, view in _google_views(model).items()}
    wide = {n: v if v.dtype == torch.float64 else v.float() for n, v in views.items()}
    arrays = {name: np.ascontiguousarray(view.numpy()) for name, view in wide.items()}
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
        ValueError: names are missing or foreign, or shapes differ: all are listed, and the model
            is left as it was.

    Example:
        >>> model = MLPMixer(8, 4, 1, 3, 6, 1)
        >>> load_timm_state(model, timm_state(model))
    """
    _copy(state, _timm_views(model), "head.", head)


def timm_state(model: MLPMixer) -> dict[str, Tensor]:
    """The weights as a state dict that timm's ``mixer_…`` models load: 12 L + 6 tensors.

    Args:
        model: gives the weights.

    Returns:
        Copies, under timm's names and in its shapes.

    Raises:
        ValueError: the network has a condition, for which the format has no names.

    Example:
        >>> timm_state(MLPMixer(8, 4, 1, 3, 6, 1))["stem.proj.weight"].shape
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


def _copy(
    source: Mapping[str, Tensor], target: Mapping[str, Tensor], head: str, read: bool
) -> None:
    """Copy the tensors into the views of the same names, or list all that hinders it."""
    if not read:
        source = {name: x for name, x in source.items() if not name.startswith(head)}
        target = {name: x for name, x in target.items() if not name.startswith(head)}
    complaints = {
        "missing": [name for name in target if name not in source],
        "foreign": [name for name in source if name not in target],
        "of another shape": [
            f"{name} {tuple(source[name].shape)} for {tuple(view.shape)}"
            for name, view in target.items()
            if name in source and source[name].shape != view.shape
        ],
    }
    if any(complaints.values()):
        found = "; ".join(
            f"{word}: {', '.join(names)}" for word, names in complaints.items() if names
        )
        raise ValueError(
            f"weights must have the names and shapes of the network, got {found}. head=False "
            f"leaves the head aside; for another image size see expand_resolution."
        )
    for name, view in target.items():
        view.copy_(source[name])


def _require_unconditioned(model: MLPMixer) -> None:
    """Raise ``ValueError`` for a network whose modulation the formats cannot hold."""
    if model.modulation is not None:
        raise ValueError(
            "model must be without a condition to be written in this format, got one with "
            "cond_channels. Save its state_dict() instead."
        )
