"""Any lift of a graph as a PyG transform."""

from collections.abc import Callable
from typing import Any

from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from simplex.complexes import SimplicialComplex, on_free_threads, shown
from simplex.data import (
    SimplicialData,
    features_of_lift,
    require_graph,
    require_lift_options,
)
from simplex.lifting import line_complex
from simplex.transforms._clique_lift import Reduce


@on_free_threads()
def complex_lift(
    data: Data,
    lift: Callable[..., SimplicialComplex],
    max_dim: int = 2,
    *,
    reduce: Reduce = "sum",
    **options: Any,
) -> SimplicialData:
    """Lift a PyG graph by a function of your choice, with features on all simplices.

    ``x`` is spread by :func:`spread_features`; without ``x`` there are no cochains. All other
    fields are kept as they are.

    Args:
        data: the graph; set ``num_nodes`` where there is no ``x``.
        lift: called as ``lift(data, max_dim=max_dim, **options)``: a function of
            ``simplex.lifting`` whose complex has the graph's vertices, such as ``khop_complex``,
            ``neighborhood_complex``, ``graph_rips_complex``, ``connected_sets_complex``,
            ``sampled_clique_complex``; or one of yours, such as the Rips complex of ``data.pos``.
        max_dim: the top dimension.
        reduce: how features are spread, ``"sum"`` or ``"mean"``.
        **options: further arguments of ``lift``.

    Raises:
        TypeError: ``data`` is no PyG ``Data``, ``lift`` is no function or gives no complex.
        ValueError: ``data`` has been lifted already, or the complex has other vertices.

    Example:
        >>> import torch
        >>> from simplex.lifting import khop_complex
        >>> path = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1], [1, 2]]))
        >>> complex_lift(path, khop_complex, hops=1).x_2.tolist()
        [[3.0]]
    """
    require_graph(data)
    require_lift_options(max_dim, reduce, None)
    _require_lift(lift)
    K = lift(data, max_dim=max_dim, **options)
    if not isinstance(K, SimplicialComplex):
        raise TypeError(f"lift must give a SimplicialComplex, got {type(K).__name__}.")
    if K.num_simplices(0) != data.num_nodes:
        raise ValueError(
            f"lift must give a complex on the {data.num_nodes} vertices of the graph, got one on "
            f"{K.num_simplices(0)}. SimplicialData.from_complex takes a complex of its own."
        )
    fields = {key: value for key, value in data if key not in ("x", "num_nodes")}
    K = K.with_parts(None)
    x = features_of_lift(K, data.x, data.edge_index, None, max_dim, reduce, None)
    return SimplicialData.from_complex(K, x, max_dim=max_dim, **fields)


def _require_lift(lift: object) -> None:
    if not callable(lift):
        raise TypeError(f"lift must be a function of simplex.lifting or yours, got {shown(lift)}.")
    if getattr(lift, "func", lift) is line_complex:  # which may have as many vertices by chance
        raise ValueError(
            "lift must give a complex on the vertices of the graph, got line_complex, whose "
            "vertices are edges. SimplicialData.from_complex takes it with features of its own."
        )


class ComplexLift(BaseTransform):  # type: ignore[misc]
    """:func:`complex_lift` as a transform: ``ComplexLift(khop_complex, hops=2)``.

    Transforms that change vertices or edges come before it.

    Args:
        lift: the function that makes the complex.
        max_dim: the top dimension.
        reduce: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``.
        **options: further arguments of ``lift``.

    Example:
        >>> import torch
        >>> from simplex.lifting import graph_rips_complex
        >>> path = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1], [1, 2]]))
        >>> ComplexLift(graph_rips_complex, max_length=2)(path).complex
        SimplicialComplex(f_vector=(3, 3, 1))
    """

    def __init__(
        self,
        lift: Callable[..., SimplicialComplex],
        max_dim: int = 2,
        *,
        reduce: Reduce = "sum",
        **options: Any,
    ) -> None:
        require_lift_options(max_dim, reduce, None)
        _require_lift(lift)
        self.lift = lift
        self.max_dim = max_dim
        self.reduce = reduce
        self.options = options

    def forward(self, data: Data) -> SimplicialData:
        """The lifted graph; the input stays as it is."""
        return complex_lift(data, self.lift, self.max_dim, reduce=self.reduce, **self.options)

    def __repr__(self) -> str:
        more = "".join(f", {name}={value!r}" for name, value in self.options.items())
        name = getattr(self.lift, "__name__", repr(self.lift))
        return f"ComplexLift({name}, max_dim={self.max_dim}, reduce={self.reduce!r}{more})"
