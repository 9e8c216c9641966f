r"""The projections of ``nn.MultiheadAttention`` as linear maps: it calls no module for them.

Queries, keys and values are projected by one packed weight, three parts of the outputs. Attention
over one sequence has the same rows for all three and is one problem; otherwise each part has the
rows of its own input. The rows of the output projection are what attention has made: the graph
holds them until the backward pass.
"""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import graph

from optim.linear_map import MapAdapter, flat_rows, own_parameters, with_ones


_NAMES = ("query", "key", "value")


def attention_maps(module: Any) -> Mapping[str, MapAdapter]:
    """The maps of an ``nn.MultiheadAttention`` by their names in it.

    Projections of inputs of unequal widths have a weight each; their common bias is of no map.

    >>> sorted(attention_maps(nn.MultiheadAttention(8, 2))), sorted(
    ...     attention_maps(nn.MultiheadAttention(8, 2, kdim=3))
    ... )
    (['in_proj', 'out_proj'], ['k_proj', 'out_proj', 'q_proj', 'v_proj'])
    """
    if module.in_proj_weight is not None:
        return {"in_proj": _PACKED, "out_proj": _OUT}
    return {**{f"{name[0]}_proj": _one_of(name) for name in _NAMES}, "out_proj": _OUT}


def _named(inputs: Any, options: Any) -> dict[str, Any]:
    """The inputs of a call by name."""
    return {**dict(zip(_NAMES, inputs, strict=False)), **options}


def _made(output: Any) -> list[Tensor]:
    """What attention returns: values, and weights where they are asked for."""
    return [each for each in output if isinstance(each, Tensor)]


def _keep_inputs(module: Any, inputs: Any, options: Any, output: Any) -> tuple[Any, Any]:
    """Queries, keys and values; one tensor where they are the same object."""
    given = _named(inputs, options)
    three = [given[name] for name in _NAMES]
    return (three[:1] if three[0] is three[1] is three[2] else three), {}


def _packed_rows(module: Any, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
    rows = tuple(with_ones(flat_rows(each), module.in_proj_bias) for each in inputs)
    return rows if len(rows) > 1 else rows[0]


def _follows(module: Any) -> tuple[str, str]:
    return "identity", "attention"


_PACKED = MapAdapter(
    rows=_packed_rows,
    weights=lambda module: own_parameters(module, "in_proj_weight", "in_proj_bias"),
    outputs=_made,
    keep=_keep_inputs,
    follows=_follows,
    parts=len,
)


def _one_of(name: str) -> MapAdapter:
    """The projection of one of the three inputs by a weight of its own."""
    return MapAdapter(
        rows=lambda module, input: flat_rows(input),
        weights=lambda module: own_parameters(module, f"{name[0]}_proj_weight"),
        outputs=_made,
        keep=lambda module, inputs, options, output: ([_named(inputs, options)[name]], {}),
        follows=_follows,
    )


def _keep_attended(module: Any, inputs: Any, options: Any, output: Any) -> tuple[Any, Any]:
    """The rows of the output projection, or else the inputs to make them from once more."""
    attended = _saved_input(output[0], module.out_proj.weight)
    if attended is not None:
        return (), {"attended": attended}
    return inputs, options


def _attended_rows(
    module: Any, *inputs: Any, attended: Tensor | None = None, **options: Any
) -> Tensor:
    rows = _attend(module, inputs, options) if attended is None else attended
    return with_ones(flat_rows(rows), module.out_proj.bias)


_OUT = MapAdapter(
    rows=_attended_rows,
    weights=lambda module: own_parameters(module.out_proj, "weight", "bias"),
    outputs=lambda output: [output[0]],
    keep=_keep_attended,
)


_VIEWS = frozenset({"ViewBackward0", "TransposeBackward0", "SqueezeBackward1", "CloneBackward0"})
_PRODUCTS: Mapping[str, str] = {"AddmmBackward0": "_saved_mat1", "MmBackward0": "_saved_self"}


def _saved_input(output: Tensor, weight: nn.Parameter) -> Tensor | None:
    """What was multiplied with the weight to give an output; None if the graph does not show it.

    Under hooks on saved tensors (checkpoints, memory on the host) it is not asked.
    """
    if torch._C._autograd._top_saved_tensors_default_hooks(False) is not None:
        return None
    node: Any = output.grad_fn
    while node is not None and node.name() in _VIEWS:
        node = node.next_functions[0][0]
    if node is None or node.name() not in _PRODUCTS:
        return None
    if not any(_leads_to(source, weight) for source, _ in node.next_functions):
        return None
    saved: Tensor | None = getattr(node, _PRODUCTS[node.name()])
    return saved


def _leads_to(node: graph.Node | None, weight: nn.Parameter) -> bool:
    """Whether a node is that of a parameter, transposed or cast."""
    while node is not None and node.name() in {"TBackward0", "ToCopyBackward0"}:
        node = node.next_functions[0][0]
    return getattr(node, "variable", None) is weight


def _attend(module: Any, inputs: Any, options: Any) -> Tensor:
    """Attention before the output projection, made once more and without dropout."""
    weight = module.out_proj.weight
    inputs, options = torch.utils._pytree.tree_map_only(
        Tensor, lambda x: x.to(weight.dtype) if x.is_floating_point() else x, (inputs, options)
    )
    through = nn.Linear(1, 1, bias=False)
    through.weight = nn.Parameter(torch.eye(len(weight)).to(weight), requires_grad=False)
    twin = copy.copy(module)  # the same parameters, and no hooks are called
    twin.__dict__.update(_modules={"out_proj": through}, dropout=0.0, training=True)
    attended: Tensor = nn.MultiheadAttention.forward(twin, *inputs, **options)[0]
    return attended
