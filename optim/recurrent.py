r"""Recurrent layers as linear maps: gates of inputs and of the states of the step before.

A step of an LSTM has the pre-activations :math:`a_t = W x_t + b + U h_{t-1} + c`: one map of the
rows :math:`[x_t | 1 | h_{t-1} | 1]`, all steps of a sequence together, and its transfer function is
sigmoid and tanh, gate by gate. A GRU puts a gate between its two products, so they are two maps.
"""

import copy
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from optim.linear_map import MapAdapter, flat_rows, own_parameters, with_ones


_PRODUCTS = ("ih", "hh")  # of the input, of the state


def cell_maps(module: Any) -> Mapping[str, MapAdapter]:
    """The maps of an ``nn.RNNCell``, ``nn.LSTMCell`` or ``nn.GRUCell`` by their names in it.

    >>> list(cell_maps(nn.LSTMCell(3, 5))), list(cell_maps(nn.GRUCell(3, 5)))
    ([''], ['ih', 'hh'])
    """
    return {
        "_".join(products) if len(products) == 1 else "": MapAdapter(
            rows=partial(_cell_rows, products=products),
            weights=partial(_weights, products=products, suffix=""),
            outputs=lambda output: output if isinstance(output, tuple) else (output,),
            keep=_keep_cell,
            follows=_follows,
        )
        for products in _problems(module)
    }


def recurrent_maps(module: Any) -> Mapping[str, MapAdapter]:
    """The maps of an ``nn.RNN``, ``nn.LSTM`` or ``nn.GRU``, one or two for a layer and direction.

    Layers behind a dropout do not show their inputs, nor do those of an LSTM with projections.

    >>> list(recurrent_maps(nn.LSTM(3, 5, num_layers=2)))
    ['l0', 'l1']
    """
    if module.proj_size:
        return {}
    layers = 1 if module.dropout else module.num_layers
    places = [
        (layer, direction)
        for layer in range(layers)
        for direction in range(1 + bool(module.bidirectional))
    ]
    return {
        "_".join([*(products if len(products) == 1 else ()), _suffix(place)]): MapAdapter(
            rows=partial(_layer_rows, place=place, products=products),
            weights=partial(_weights, products=products, suffix=f"_{_suffix(place)}"),
            outputs=_made,
            keep=_keep_sequence,
            follows=_follows,
        )
        for place in places
        for products in _problems(module)
    }


def _problems(module: Any) -> list[tuple[str, ...]]:
    """Which of the two products are one map."""
    gated = isinstance(module, nn.GRU | nn.GRUCell)
    return [(product,) for product in _PRODUCTS] if gated else [_PRODUCTS]


def _suffix(place: tuple[int, int]) -> str:
    layer, direction = place
    return f"l{layer}" + "_reverse" * direction


def _follows(module: Any) -> tuple[str, str]:
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        return "lstm_gates", "gates of an LSTM"
    if isinstance(module, nn.GRU | nn.GRUCell):
        return "identity", "gates of a GRU"
    return module.nonlinearity, f"{module.nonlinearity} of an RNN"


def _weights(module: Any, products: tuple[str, ...], suffix: str) -> list[nn.Parameter]:
    names = [f"{kind}_{product}{suffix}" for product in products for kind in ("weight", "bias")]
    return own_parameters(module, *names)


def _design(module: Any, products: tuple[str, ...], input: Tensor, state: Tensor) -> Tensor:
    """``[x | 1 | h | 1]``, or one of its halves."""
    rows = dict(zip(_PRODUCTS, (flat_rows(input), flat_rows(state)), strict=True))
    ones = rows["ih"] if module.bias else None
    return torch.cat([with_ones(rows[product], ones) for product in products], dim=-1)


def _arguments(inputs: Any, options: Any) -> tuple[Any, tuple[Tensor, ...]]:
    """The input of a call and the states it starts from, none if they are left out."""
    given = {**dict(zip(("input", "hx"), inputs, strict=False)), **options}
    hx = given.get("hx")
    states = () if hx is None else hx if isinstance(hx, tuple | list) else (hx,)
    return given["input"], tuple(states)


def _keep_cell(module: Any, inputs: Any, options: Any, output: Any) -> tuple[Any, Any]:
    input, states = _arguments(inputs, options)
    return (input, *states[:1]), {}


def _cell_rows(module: Any, input: Tensor, *states: Tensor, products: tuple[str, ...]) -> Tensor:
    zeros = input.new_zeros(*input.shape[:-1], module.hidden_size)
    return _design(module, products, input, states[0] if states else zeros)


def _made(output: Any) -> list[Tensor]:
    """What a layer returns: the last layer's states of all steps, and those of the last step."""
    steps, last = output
    first = steps.data if isinstance(steps, PackedSequence) else steps
    return [first, *(last if isinstance(last, tuple) else (last,))]


@torch.no_grad()
def _keep_sequence(module: Any, inputs: Any, options: Any, output: Any) -> tuple[Any, Any]:
    """Inputs and outputs (T, B, …), the lengths of ragged ones, and states (layers, B, …)."""
    input, states = _arguments(inputs, options)
    made, lengths = output[0], None
    if isinstance(input, PackedSequence):
        (input, lengths), (made, _) = pad_packed_sequence(input), pad_packed_sequence(made)
    elif input.dim() == 2:
        input, made = input.unsqueeze(1), made.unsqueeze(1).clone()
        states = tuple(state.unsqueeze(1) for state in states)
    elif module.batch_first:
        input, made = input.transpose(0, 1), made.transpose(0, 1).clone()
    else:
        made = made.clone()  # the next layer may work in place
    return (input, made, lengths, *states), {}


def _layer_rows(
    module: Any,
    input: Tensor,
    made: Tensor,
    lengths: Tensor | None,
    *states: Tensor,
    place: tuple[int, int],
    products: tuple[str, ...],
) -> Tensor:
    """Rows of all steps: the input of a layer, and its state of the step before."""
    layer, direction = place
    directions = 1 + bool(module.bidirectional)
    lower = partial(_lower_layers, module, input, lengths, states)
    below = lower(layer) if layer else input
    above = made if layer == module.num_layers - 1 else lower(layer + 1)
    own = above.chunk(directions, dim=-1)[direction]  # (T, B, H)
    first = own.new_zeros(own.shape[1:])
    if states:
        first = states[0][layer * directions + direction].to(own)
    before = torch.cat([own[1:], first[None]] if direction else [first[None], own[:-1]])
    if lengths is None:
        return _design(module, products, below, before)
    lengths, steps = lengths.to(own.device), torch.arange(len(own), device=own.device)[:, None]
    if direction:
        before = torch.where((steps == lengths - 1)[..., None], first, before)
    there = steps < lengths
    return _design(module, products, below[there], before[there])


def _lower_layers(
    module: Any, input: Tensor, lengths: Tensor | None, states: tuple[Tensor, ...], layers: int
) -> Tensor:
    """What the lowest layers make of an input, once more: (T, B, …)."""
    directions = 1 + bool(module.bidirectional)
    weights = len(module._flat_weights) // module.num_layers * layers
    twin = copy.copy(module)  # the same parameters, and no hooks are called
    twin.__dict__.update(
        num_layers=layers,
        dropout=0.0,
        batch_first=False,
        _flat_weights=module._flat_weights[:weights],
        _flat_weights_names=module._flat_weights_names[:weights],
        _flat_weight_refs=module._flat_weight_refs[:weights],
    )
    dtype = module._flat_weights[0].dtype
    first = tuple(state[: layers * directions].to(dtype) for state in states)
    hx = None if not first else first if isinstance(module, nn.LSTM) else first[0]
    given: Any = input.to(dtype)
    if lengths is not None:
        given = pack_padded_sequence(given, lengths.cpu(), enforce_sorted=False)
    made = type(module).forward(twin, given, hx)[0]
    made = made if lengths is None else pad_packed_sequence(made)[0]
    assert isinstance(made, Tensor)
    return made
