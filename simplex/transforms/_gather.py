"""Features gathered from the hops around each simplex, once for a whole data set."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch_geometric.transforms import BaseTransform

from simplex.complexes import SimplicialComplex, on_free_threads, require_int
from simplex.data import SimplicialDataset
from simplex.operators import ADJACENCIES, gather_hops
from simplex.transforms._checks import (
    require_adjacencies,
    require_complex,
    require_float_cochains,
)
from simplex.transforms._encoding import complex_of, own_tables, with_columns


@on_free_threads()
def gathered_features(
    K: SimplicialComplex,
    x: Sequence[Tensor],
    hops: int = 2,
    *,
    adjacencies: Sequence[str] = ADJACENCIES,
    signed: bool = False,
    channels: int | None = None,
) -> list[Tensor]:
    r"""What each simplex and the simplices around it hold, hop by hop: the input of SaNN.

    .. math::
        Z_k = Z_k^{(0)} ‖ … ‖ Z_k^{(T)}, \qquad Z_k^{(0)} = X_k, \qquad
        Z_k^{(t)} = \text{sgn}(Y_k^{(t)}) \log(1 + |Y_k^{(t)}|)

    where Y sums over the four adjacencies and keeps each sum in columns of its own,

    .. math::
        Y_σ^{(t)} = \sum_{τ ∈ B(σ)} Y_τ^{(t-1)} \;‖\; \sum_{τ ∈ C(σ)} Y_τ^{(t-1)} \;‖\;
                    \sum_{τ ∈ N_↓(σ)} Y_τ^{(t-1)} \;‖\; \sum_{τ ∈ N_↑(σ)} Y_τ^{(t-1)}, \qquad
        Y^{(0)} = X

    Of a constant these are the numbers of walks of each kind. At the bottom there are no boundary
    and lower sums, at the top no coboundary and upper ones; so of three dimensions, one channel
    becomes 3, 5 and 3 after one hop and 9, 17 and 9 after two. The width grows with the power of
    the hops; with ``channels`` it does not, and the sums are of a form that forgets nothing,

    .. math::
        Z_σ^{(t)} = \sin\Big( \Big( Z_σ^{(t-1)} \;‖\; \sum_{τ ∈ B(σ)} Z_τ^{(t-1)} \;‖\; … \Big)
                    Ω_k^{(t)} + φ_k^{(t)} \Big)

    with sin(X Ω + φ) in the place of Z⁰ below the sum. Ω and φ are fixed numbers, the same on every
    machine; for almost all such numbers, sums of these sines over different multisets differ (Amir
    et al. 2023), as those of the colours of a Weisfeiler-Lehman test do.

    Args:
        K: the complex, or a disjoint union: all its parts at once.
        x: one floating-point cochain (n_k, F_k) per dimension.
        hops: T; 0 gives ``x``.
        adjacencies: those that are summed over, among the four.
        signed: whether the sums have the signs of ∂, ∂ᵀ, ∂∂ᵀ and ∂ᵀ∂, for cochains that turn with
            the orientation; φ is then 0. Unsigned sums do not see the orientation.
        channels: how many sines per hop, ``None`` for the plain sums.

    Returns:
        One cochain per dimension, of the same number of rows; the first columns are ``x``.

    Raises:
        TypeError: a cochain that is no tensor of floats, or K no complex.
        ValueError: the cochains do not fit K, an adjacency of another name, or more columns than
            fit in memory.

    Cost:
        O(T · incidences · width).

    Paper:
        Gurugubelli, Chepuri, ICLR 2024; the sines: Amir et al., "Neural Injective Functions for
        Multisets, Measures and Graphs via a Finite Witness Theorem", NeurIPS 2023.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> z = gathered_features(K, [torch.ones(3, 1), torch.ones(2, 1)], 1)
        >>> z[0].expm1().round().tolist()  # of each vertex: 1, edges, neighbours
        [[2.0, 1.0, 1.0], [2.0, 2.0, 2.0], [2.0, 1.0, 1.0]]
    """
    require_complex(K)
    require_int("hops", hops, least=0)
    require_adjacencies(adjacencies)
    if channels is not None:
        require_int("channels", channels, least=1)
    require_float_cochains(K, x)
    return gather_hops(K, x, hops, adjacencies=adjacencies, signed=signed, channels=channels)


class GatheredFeatures(BaseTransform):  # type: ignore[misc]
    """:func:`gathered_features` in place of the cochains, which are their first columns.

    Of a :class:`~simplex.data.SimplicialDataset` all items are gathered by one call, before the
    first epoch: ``GatheredFeatures(2)(dataset)``; of one complex, or a batch, it is a transform of
    PyG. A network then has ``hops=0``.

    Args:
        hops, adjacencies, signed, channels: as for :func:`gathered_features`.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> from simplex.data import SimplicialData
        >>> data = SimplicialData.from_complex(K, [torch.ones(n, 1) for n in K.f_vector])
        >>> [x.shape[1] for x in GatheredFeatures(1)(data).cochains()]
        [3, 5, 3]
    """

    def __init__(
        self,
        hops: int = 2,
        *,
        adjacencies: Sequence[str] = ADJACENCIES,
        signed: bool = False,
        channels: int | None = None,
    ) -> None:
        require_int("hops", hops, least=0)
        require_adjacencies(adjacencies)
        if channels is not None:
            require_int("channels", channels, least=1)
        self.hops, self.adjacencies = hops, tuple(adjacencies)
        self.signed, self.channels = signed, channels

    def forward(self, data: Any) -> Any:
        """The data with gathered features, of the kind that was given, which stays as it is."""
        data = own_tables(data)
        K, _ = complex_of(data)
        stored = data._data if isinstance(data, SimplicialDataset) else data
        gathered = gathered_features(
            K,
            stored.cochains(),
            self.hops,
            adjacencies=self.adjacencies,
            signed=self.signed,
            channels=self.channels,
        )
        return with_columns(data, K, "x", dict(enumerate(gathered)), append=False)

    def __repr__(self) -> str:
        more = "" if self.channels is None else f", channels={self.channels}"
        return f"GatheredFeatures({self.hops}{more})"
