r"""Transfer detection: which function the autograd graph applies to a map's output.

The graph is walked from the loss down ``next_functions``; the nodes that lead to a map's node are
its consumers. Nodes that only move, select or cast entries are passed through, a node of a known
function is the transfer, and a loss that folds a transfer in counts as that transfer. Everything
else leaves the transfer open: variant S is valid whatever follows. Functions that are several
nodes (softsign, a scaled tanh, a hand-written loss) are not recognised: name them to the optimiser.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.autograd import graph

from optim.transfers import LSTM_GATES, Transfer, elu, leaky_relu, softplus, transfer


@dataclass(frozen=True)
class Detection:
    """What follows a map: the name of its transfer function, or None, and why.

    Attributes:
        transfer: Name for :func:`named_transfer`; None where no single known function follows.
        reason: The consumer that decided, in words.
    """

    transfer: str | None
    reason: str


@dataclass(frozen=True, eq=False)
class Output:
    """A mark on a node of the graph: this node made an output of that map.

    Args:
        owner: The map, or whatever the output belongs to.
        features: Number d of features.
        axis: Axis of the features from the end, negative; None where no axis is all of a row.
    """

    owner: Any
    features: int
    axis: int | None

    def mark(self, node: graph.Node) -> None:
        """Leaves the mark in the node's metadata: it lives and dies with the graph."""
        _metadata(node).setdefault(_KEY, []).append(self)


_KEY = "optim.outputs"


def _metadata(node: Any) -> dict[str, list[Output]]:
    """A property, which torch's stubs have as a method."""
    metadata: dict[str, list[Output]] = node.metadata
    return metadata


def named_transfer(name: str) -> Transfer:
    """The transfer of a :class:`Detection`, with the slope of ``leaky_relu(0.2)`` or ``elu(0.5)``.

    >>> named_transfer("leaky_relu(0.2)").name, named_transfer("tanh").name
    ('leaky_relu(0.2)', 'tanh')
    """
    if name == LSTM_GATES.name:
        return LSTM_GATES
    head, _, argument = name.partition("(")
    families: Mapping[str, Callable[[float], Transfer]] = {
        "leaky_relu": leaky_relu,
        "elu": elu,
        "softplus": softplus,
    }
    return families[head](float(argument.rstrip(")"))) if argument else transfer(name)


def _of_family(family: Callable[[float], Transfer], argument: float) -> str | None:
    """The name of a member; None for an argument that the family refuses, as not monotone."""
    try:
        return family(float(argument)).name
    except ValueError:
        return None


def _scaled_elu(node: Any) -> bool:
    """SELU is an ELU node with scales."""
    return bool(node._saved_scale != 1 or node._saved_input_scale != 1)


# Nodes by name, without "Backward0". What moves, selects or casts entries:
_PASSED = frozenset(
    """View UnsafeView Reshape ReshapeAlias Unflatten T Transpose Permute Movedim Squeeze Unsqueeze
    Clone Alias Contiguous ToCopy Expand Slice Select Split SplitWithSizes Unbind Index IndexSelect
    Cat Stack Detach AsStrided Flip Roll ConstantPadNd NestedGetValues BackwardHookFunction
    _DDPSink
    """.split()  # noqa: SIM905
)
_PRODUCTS = frozenset({"Mm", "Addmm", "Bmm", "Baddbmm", "Mv", "Addmv", "Linear", "Convolution"})
# What is linear in the output: f is the identity. Attention multiplies before anything else.
_LINEAR = frozenset(
    """Mm Addmm Bmm Baddbmm Mv Dot Linear Convolution Mean Sum MseLoss SparseAddmm SparseMm
    IndexAdd ScatterAdd AvgPool2D AvgPool3D AdaptiveAvgPool2D AdaptiveAvgPool3D
    ScaledDotProductFlashAttentionForCpu ScaledDotProductFlashAttention
    ScaledDotProductEfficientAttention ScaledDotProductCudnnAttention
    ScaledDotProductFusedAttentionOverrideable ScaledDotProductAttentionMath""".split()  # noqa: SIM905
)
_ENTRYWISE: Mapping[str, Callable[[Any], str | None]] = {
    "Tanh": lambda node: "tanh",
    "Sigmoid": lambda node: "sigmoid",
    "BinaryCrossEntropyWithLogits": lambda node: "sigmoid",
    "Relu": lambda node: "relu",
    "Atan": lambda node: "atan",
    "LeakyRelu": lambda node: _of_family(leaky_relu, node._saved_negative_slope),
    "Elu": lambda node: None if _scaled_elu(node) else _of_family(elu, node._saved_alpha),
    "Softplus": lambda node: _of_family(softplus, node._saved_beta),
}
_ROWWISE = frozenset({"Softmax", "LogSoftmax"})
_LOSSES = frozenset(
    {"MseLoss", "NllLoss", "NllLoss2D", "BinaryCrossEntropy", "BinaryCrossEntropyWithLogits"}
)
_REDUCTIONS: Mapping[int, str] = {1: "mean", 2: "sum"}  # as ATen counts them


def detect_transfers(roots: Iterable[graph.Node]) -> dict[Any, Detection]:
    """The transfer that follows each marked output, read off the graph below ``roots``.

    Args:
        roots: Nodes that backward starts from, ``loss.grad_fn`` say.

    Returns:
        By owner, a detection for the outputs below the roots. Several consumers of an owner's
        outputs count as one if they apply the same function.

    >>> import torch
    >>> hidden = torch.nn.Linear(2, 3)(torch.zeros(5, 2))
    >>> Output("first layer", features=3, axis=-1).mark(hidden.grad_fn)
    >>> detect_transfers([torch.tanh(hidden).sum().grad_fn])
    {'first layer': Detection(transfer='tanh', reason='Tanh')}
    """
    consumers = _consumers(roots)
    found: dict[Any, set[Detection]] = defaultdict(set)
    for node in consumers:
        for output in _metadata(node).get(_KEY, ()):
            found[output.owner] |= _follow(consumers, node, output, output.axis)
    return {owner: _agree(detections) for owner, detections in found.items()}


def uses(roots: Iterable[graph.Node], parameters: Sequence[Tensor]) -> list[int]:
    """How often each parameter is read in the graph below ``roots``.

    >>> import torch
    >>> weight = torch.ones(2, 2, requires_grad=True)
    >>> uses([(weight @ weight).sum().grad_fn], [weight])
    [2]
    """
    consumers = _consumers(roots)
    nodes = _nodes_of(consumers, parameters)
    return [0 if node is None else len(consumers[node]) for node in nodes]


def products(roots: Iterable[graph.Node], parameters: Sequence[Tensor]) -> list[int]:
    """How often each parameter is multiplied by something else in the graph below ``roots``.

    A transpose counts once, as second derivatives read it again; penalties do not count, neither
    those of single entries nor products of the parameter with itself.

    >>> import torch
    >>> weight, x = torch.ones(2, 2, requires_grad=True), torch.ones(3, 2)
    >>> loss = (x @ weight @ weight.T).sum() + (weight @ weight.T).sum() + weight.square().sum()
    >>> products([loss.grad_fn], [weight])
    [2]
    """
    consumers = _consumers(roots)
    nodes = _nodes_of(consumers, parameters)
    return [0 if node is None else _products(consumers, node, node) for node in nodes]


def reduction_of(roots: Iterable[graph.Node]) -> str | None:
    """Whether the loss is a "mean" or a "sum"; None unless the only root is a known loss itself.

    >>> import torch
    >>> pre = torch.ones(3, 2, requires_grad=True)
    >>> reduction_of([torch.nn.functional.mse_loss(pre, torch.zeros(3, 2)).grad_fn])
    'mean'
    """
    nodes: list[Any] = list(roots)
    if len(nodes) != 1 or _kind(nodes[0]) not in _LOSSES:
        return None
    return _REDUCTIONS.get(nodes[0]._saved_reduction)


def running_roots() -> list[graph.Node]:
    """Nodes that the running backward calls started from; empty outside of backward.

    The engine does not tell its roots, but the Python frame that called it waits with them; on
    accelerators it waits in another thread than the one the hooks run in. Where frames cannot be
    read, nothing is found.
    """
    code = graph._engine_run_backward.__code__
    roots: list[graph.Node] = []
    for innermost in getattr(sys, "_current_frames", dict)().values():
        frame = innermost
        while frame is not None:
            if frame.f_code is code:
                roots.extend(_node(root) for root in frame.f_locals["t_outputs"])
            frame = frame.f_back
    return [root for root in roots if root is not None]


def _kind(node: graph.Node) -> str:
    return re.sub(r"(?<=.)Backward\d*$", "", node.name())


def _node(root: Any) -> Any:
    return root.grad_fn if isinstance(root, Tensor) else root.node


def _consumers(roots: Iterable[graph.Node]) -> dict[graph.Node, list[graph.Node]]:
    """For each node of the graph, the nodes that its output went into."""
    consumers: dict[graph.Node, list[graph.Node]] = {root: [] for root in roots}
    stack = list(consumers)
    while stack:
        node = stack.pop()
        for source, _ in node.next_functions:
            if source is None:
                continue
            if source not in consumers:
                consumers[source] = []
                stack.append(source)
            consumers[source].append(node)
    return consumers


def _nodes_of(nodes: Iterable[graph.Node], parameters: Sequence[Tensor]) -> list[graph.Node | None]:
    """The node of each parameter among those of a graph."""
    found = {id(getattr(node, "variable", None)): node for node in nodes}
    return [found.get(id(parameter)) for parameter in parameters]


def _products(
    consumers: Mapping[graph.Node, list[graph.Node]], node: graph.Node, origin: graph.Node
) -> int:
    """The products above a node that is the parameter ``origin`` but for its layout."""
    found = 0
    for consumer in consumers[node]:
        kind = _kind(consumer)
        if kind in _PRODUCTS:
            found += sum(_is_view_of(source, origin) for source, _ in consumer.next_functions) == 1
        elif kind in _PASSED:
            behind = _products(consumers, consumer, origin)
            found += behind if kind == "ToCopy" else min(behind, 1)
    return found


def _is_view_of(node: Any, origin: graph.Node) -> bool:
    while node is not None and node is not origin and _kind(node) in _PASSED:
        node = node.next_functions[0][0]
    return node is origin


def _follow(
    consumers: Mapping[graph.Node, list[graph.Node]],
    node: graph.Node,
    output: Output,
    axis: int | None,
    *,
    scaled: bool = False,
) -> set[Detection]:
    """What each path up from ``node`` ends in; ``axis`` is where the features are by now.

    What was ``scaled`` by constants on its way is linear still, but goes into no other transfer.
    """
    if not consumers[node]:
        return {Detection(None, "an output that nothing known follows")}
    found: set[Detection] = set()
    for consumer in consumers[node]:
        kind = _kind(consumer)
        if kind in _PASSED:
            moved = _moved(consumer, kind, axis)
            found |= _follow(consumers, consumer, output, moved, scaled=scaled)
        elif _scales(consumer, kind):
            found |= _follow(consumers, consumer, output, axis, scaled=True)
        else:
            words = "a scaled Elu, as SELU" if kind == "Elu" and _scaled_elu(consumer) else kind
            transfer = _transfer(consumer, kind, output, axis)
            if scaled and transfer not in {None, "identity"}:
                transfer, words = None, f"a scaled {words}"
            found.add(Detection(transfer, words))
    return found


def _scales(node: Any, kind: str) -> bool:
    """Whether a node multiplies by what has no gradient, as the queries of attention are."""
    sources = [source is not None for source, _ in node.next_functions]
    return (
        kind == "Neg"
        or (kind == "Mul" and sum(sources) == 1)
        or (kind == "Div" and sources[0] and not any(sources[1:]))
    )


def _agree(found: set[Detection]) -> Detection:
    transfers = {detection.transfer for detection in found}
    reason = " and ".join(sorted({detection.reason for detection in found}))
    return Detection(transfers.pop() if len(transfers) == 1 else None, reason)


def _transfer(node: Any, kind: str, output: Output, axis: int | None) -> str | None:
    if kind in _LINEAR:
        return "identity"
    if kind in _ROWWISE:
        if axis is None or axis != _signed(node._saved_dim, _ndim(node)):
            return None
        return "softmax" if _shape(node)[axis] == output.features else None
    return _ENTRYWISE.get(kind, lambda node: None)(node)


def _moved(node: Any, kind: str, axis: int | None) -> int | None:
    """Axis of the features behind a passed node: None as soon as it is not certain."""
    if axis is None or kind in {"Clone", "ToCopy", "Alias", "Contiguous"}:
        return axis
    if kind == "Transpose":
        one, two = (_signed(dim, _ndim(node)) for dim in (node._saved_dim0, node._saved_dim1))
        return {one: two, two: one}.get(axis, axis)
    if kind == "Permute":
        return [_signed(dim, _ndim(node)) for dim in node._saved_dims].index(axis) - _ndim(node)
    if kind in {"Stack", "Unsqueeze"}:  # an axis behind the features moves them to the left
        return axis - 1 if _signed(node._saved_dim, _ndim(node)) >= axis else axis
    if kind == "Select" and _signed(node._saved_dim, _ndim(node) + 1) == -1:
        return None
    return axis if axis == -1 and kind not in {"T", "Movedim", "Unbind", "AsStrided"} else None


def _shape(node: Any) -> tuple[int, ...]:
    """Shape of what a node made; its saved tensors may be gone already."""
    return tuple(node._input_metadata[0].shape)


def _ndim(node: Any) -> int:
    return len(_shape(node))


def _signed(dim: int, ndim: int) -> int:
    """A saved axis from the end: autograd stores negative ones as unsigned 64-bit numbers."""
    return dim - (2**64 if dim >= 2**63 else ndim)
