"""How graphs are lifted: to which complex, and with which features on its simplices."""

from typing import Any, Literal, NamedTuple

from torch import Tensor

from simplex.complexes import SimplicialComplex, require_flag, require_int, require_word
from simplex.data._lift.checks import require_lift_options
from simplex.data._lift.rings import Apex, ring_features, vertices_of_graph
from simplex.data._lift.spread import spread_features, with_edge_features
from simplex.lifting import clique_complex, directed_flag_complex, ring_complex


Reduce = Literal["sum", "mean"]


class Lift(NamedTuple):
    """How graphs are lifted, see :func:`lift_dataset`."""

    max_dim: int = 2
    reduce: Reduce = "sum"
    edge_attr: Reduce | None = None
    directed: bool = False
    rings: int | None = None
    apex: Apex = "sum"
    marker: bool = True

    def require(self) -> None:
        """The options are allowed."""
        require_lift_options(self.max_dim, self.reduce, self.edge_attr)
        require_flag("directed", self.directed)
        require_word("apex", self.apex, ("sum", "mean", "token"))
        require_flag("marker", self.marker)
        if self.rings is None:
            if (self.apex, self.marker) != ("sum", True):
                raise ValueError(
                    f"apex and marker must be left out without rings, got {self.apex!r} and "
                    f"{self.marker}. Pass rings=8 to fill the rings of up to 8 vertices."
                )
            return
        require_int("rings", self.rings, least=3)
        require_int("max_dim", self.max_dim, least=1)
        if self.directed:
            raise ValueError(
                "rings must be left out for a directed lift, got directed=True with "
                f"rings={self.rings}. Rings have no direction: leave out directed."
            )
        if self.apex == "token" and not self.marker:
            raise ValueError(
                "marker must be True with apex='token', whose value is learned as the weights of "
                "that channel, got False."
            )

    def complex_of(self, graph: Any) -> SimplicialComplex:
        """The complex of a graph, or the union of those of a batch."""
        if self.rings is not None:
            return ring_complex(graph, self.rings, self.max_dim)
        lift = directed_flag_complex if self.directed else clique_complex
        return lift(graph, self.max_dim)

    def features(self, K: SimplicialComplex, x: Any, edges: Tensor, edge_attr: Any) -> list[Tensor]:
        """All cochains of the lift; without ``x`` that of the edges alone, or none.

        Args:
            K: the complex that was made of the edges.
            x: (n, F), of the vertices of the graph.
            edges: (2, E) vertices of the graph.
            edge_attr: (E, D), or (E,).
        """
        if self.rings is None:
            given = x, edges, edge_attr, self.max_dim, self.reduce, self.edge_attr
            return features_of_lift(K, *given)
        places = vertices_of_graph(K)
        cochains: list[Tensor] = []
        if x is not None:
            cochains = ring_features(
                K, x, self.max_dim, reduce=self.reduce, apex=self.apex, marker=self.marker
            )
        if self.edge_attr is None:
            return cochains
        return with_edge_features(K, cochains, places[edges], edge_attr, self.edge_attr)

    def job(self) -> list[Any]:
        """What tells this lift from others, as JSON has it; options that are left out say nothing.

        Work that was begun before there were rings goes on.
        """
        return list(self) if self.rings is not None else list(self[:4])


def features_of_lift(
    K: SimplicialComplex,
    x: Any,
    edges: Tensor,
    edge_attr: Any,
    max_dim: int,
    reduce: Reduce,
    edge_reduce: Reduce | None,
) -> list[Tensor]:
    """All cochains; without ``x`` that of the edges alone, or none."""
    cochains = [] if x is None else spread_features(K, x, max_dim, reduce=reduce)
    if edge_reduce is None:
        return cochains
    return with_edge_features(K, cochains, edges, edge_attr, edge_reduce)
