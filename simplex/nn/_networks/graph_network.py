"""Graph networks of PyG on the 1-skeleton: the baselines of every comparison."""

from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_word
from simplex.nn._checks import require_functions, require_positive
from simplex.nn._frame.options import StackOptions
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import DegreeConv
from simplex.nn._modules import Activation, Widths, linear
from simplex.nn._networks.gccn import edge_index, reach_of_graph_conv
from simplex.nn._norm import SimplexBatchNorm
from simplex.nn._reach import NOTHING, Reach, along


CONVOLUTIONS = ("gcn", "gat", "sage", "gin", "gps", "mlp")


class GraphNetworkConv(DegreeConv):
    r"""A convolution of PyG on the vertices and edges of a complex, a norm and an activation.

    .. math:: x' = a(\text{norm}(\text{conv}(x, E))), \qquad \text{or} \quad x' = \text{GPS}(x, E)

    Args:
        in_channels, out_channels: see :class:`DegreeConv`.
        k: 0, as graph layers know vertices alone.
        convolution: see :class:`GraphNetwork`.
        heads: of the attention of ``"gat"`` and ``"gps"``.
        activation: a; of ``"gps"`` within its dense layers.
        norm: ``"batch"`` or ``None``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        k: int = 0,
        *,
        convolution: str = "gcn",
        heads: int = 1,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        norm: str | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels, k)
        require_word("convolution", convolution, CONVOLUTIONS)
        require_word("norm", norm, ("batch", None))
        require_positive(heads=heads)
        require_functions(activation=activation)
        if convolution in ("gat", "gps") and out_channels % heads:
            raise ValueError(
                f"heads must divide the {out_channels} channels of a layer, got {heads}."
            )
        if convolution == "gps" and in_channels != out_channels:
            raise ValueError(
                f"in_channels must be hidden_channels = {out_channels} for 'gps', whose blocks add "
                f"to what comes in, got {in_channels}. Leave embed out, or pass embed=True."
            )
        self.convolution, self.heads = convolution, heads
        self.conv = _make(convolution, in_channels, out_channels, heads, activation, norm)
        own = convolution == "gps"  # norms and activations are inside
        self.norm = SimplexBatchNorm(out_channels) if norm and not own else nn.Identity()
        self.activation = nn.Identity() if own else Activation(activation)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        once = along(("upper",))
        return NOTHING if self.convolution == "mlp" else reach_of_graph_conv(self.conv, once)

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """One round of messages along the edges."""
        if self.convolution == "gps" and len(x) == 0:  # PyG's attention takes no empty batch
            return x
        if self.convolution == "mlp":
            values = self.conv(x)
        elif self.convolution == "gps":
            values = self.conv(x, edge_index(complex, 0, "upper"), complex.part(0))
        else:
            values = self.conv(x, edge_index(complex, 0, "upper"))
        result: Tensor = self.activation(self.norm(values))
        return result


def _make(
    convolution: str,
    in_channels: int,
    out_channels: int,
    heads: int,
    activation: Callable[[Tensor], Tensor],
    norm: str | None,
) -> nn.Module:
    """The layer of PyG."""
    from torch_geometric import nn as pyg

    if convolution == "mlp":
        return linear(in_channels, out_channels)
    if convolution == "gcn":
        layer: Any = pyg.GCNConv(in_channels, out_channels)
    elif convolution == "sage":
        layer = pyg.SAGEConv(in_channels, out_channels)
    elif convolution == "gat":
        layer = pyg.GATConv(in_channels, out_channels // heads, heads=heads)
    else:
        steps: list[nn.Module] = [linear(in_channels, out_channels)]
        steps += [SimplexBatchNorm(out_channels)] if norm else []
        steps += [Activation(activation), linear(out_channels, out_channels)]
        layer = pyg.GINConv(nn.Sequential(*steps))
    if convolution == "gps":
        layer = pyg.GPSConv(
            out_channels,
            layer,
            heads=heads,
            act=Activation(activation),
            norm="batch_norm" if norm else None,
            norm_kwargs={"allow_single_element": True} if norm else None,
        )
    made: nn.Module = layer
    return made


class GraphNetwork(StackedNetwork):
    r"""GCN, GAT, GraphSAGE, GIN, GPS or an MLP on the 1-skeleton of a complex: no triangle is seen.

    The layers are those of PyG; the frame, with embedding, norms, skips, jumping knowledge, readout
    and levels, is that of the networks here, so that a comparison is one of messages. Of ``x`` only
    the vertex features ``x[0]`` are used; at the level of edges a row is read off both ends.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`; vertices alone are read.
        convolution: ``"gcn"``, ``"gat"``, ``"sage"``, ``"gin"``; ``"gps"``, a GIN layer and global
            attention within each part, for which there is always an embedding, and which
            ``torch.func.vmap`` does not take, as PyG writes its dense batches in place; ``"mlp"``,
            a dense layer on each vertex, without edges.
        heads: of the attention of ``"gat"`` and ``"gps"``; a divisor of ``hidden_channels``.
        norm: ``"batch"`` before each activation, in ``"gin"`` and ``"gps"`` within the layer too;
            another one after each layer; or ``None``.
        activation: of all layers and of the readout, ReLU.

    Laws:
        Invariant under relabelling. In evaluation mode, batched equals one by one.

    Paper:
        Kipf & Welling, ICLR 2017; Veličković et al., ICLR 2018; Hamilton et al., NeurIPS 2017; Xu
        et al., ICLR 2019; Rampášek et al., NeurIPS 2022, without its positional encodings: append
        some to the features by the transforms of ``simplex.transforms``.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> x = [torch.ones(n, 5) for n in K.f_vector]
        >>> model = GraphNetwork(5, 16, 3, num_layers=2, max_dim=2, convolution="gat", level=0)
        >>> model(x, K).shape
        torch.Size([4, 3])
    """

    conv, defaults = GraphNetworkConv, {"activation": torch.relu, "norm": "batch"}
    activates = ("layer", "readout")
    sees = 0

    def __init__(
        self,
        in_channels: Widths,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        **options: Unpack[StackOptions],
    ) -> None:
        if options.get("convolution") == "gps" and options.get("embed") is None:
            options["embed"] = True
        super().__init__(in_channels, hidden_channels, out_channels, num_layers, max_dim, **options)
