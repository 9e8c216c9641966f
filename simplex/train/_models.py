"""The models that the command line knows by name: adding one is one line."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from simplex.data import SimplicialDataset
from simplex.nn import SIN, FVectorMLP
from simplex.train._settings import TUSettings


MakeModel = Callable[[TUSettings, SimplicialDataset], nn.Module]


ACTIVATIONS = {
    "elu": functional.elu,
    "gelu": functional.gelu,
    "relu": functional.relu,
    "silu": functional.silu,
    "tanh": torch.tanh,
}


def standard(kind: Callable[..., nn.Module], **options: Any) -> MakeModel:
    """Make a model that has the constructor of all models of the library.

    It is ``(in_channels, hidden_channels, out_channels, num_layers, max_dim, *, readout, dropout,
    norm, jumping_knowledge)``; the model is called ``model(x, complex)``.

    Args:
        kind: the class.
        options: further keyword arguments of the class; those of the settings come after them.
    """

    def make(settings: TUSettings, dataset: SimplicialDataset) -> nn.Module:
        return kind(
            dataset.num_features,
            settings.hidden,
            dataset.num_classes,
            settings.layers,
            settings.max_dim,
            readout=settings.readout,
            dropout=settings.dropout,
            norm=settings.norm,
            jumping_knowledge=settings.jumping_knowledge,
            **(options | _functions(settings.options)),
        )

    return make


MODELS: dict[str, MakeModel] = {
    "f-vector": lambda settings, dataset: FVectorMLP(
        settings.hidden, dataset.num_classes, settings.max_dim, **settings.options
    ),
    "sin": standard(SIN),
}


def _functions(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with an activation that is named by a word as the function of that name."""
    named = options.get("activation")
    return dict(options) | ({"activation": ACTIVATIONS[named]} if named in ACTIVATIONS else {})


def make_model(settings: TUSettings, dataset: SimplicialDataset) -> nn.Module:
    """The model that the settings name, with fresh weights.

    Raises:
        ValueError: no model has that name, or the model refuses its settings.
    """
    if settings.model not in MODELS:
        raise ValueError(
            f"model must be one of {', '.join(sorted(MODELS))}, got {settings.model!r}."
        )
    return MODELS[settings.model](settings, dataset)
