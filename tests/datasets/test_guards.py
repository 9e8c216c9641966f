"""What would not fit in memory is refused before it is made."""

import numpy as np
import pytest

from simplex.datasets import (
    community_complexes,
    csl_graph,
    delaunay_complexes,
    latin_square_graph,
    paley_graph,
    planted_flows,
    random_surface,
    rook_graph,
    surfaces,
    triangular_graph,
    two_moons,
)
from tests.cases import over


@over(
    "call",
    [
        lambda: planted_flows("torus", size=(3000, 3000)),
        lambda: planted_flows("annulus", 10**12),
        lambda: rook_graph(10**4),
        lambda: paley_graph(10**18 + 9),
        lambda: triangular_graph(10**5),
        lambda: latin_square_graph(np.add.outer(np.arange(900), np.arange(900)) % 900),
        lambda: csl_graph(10**10, 2),
        lambda: two_moons(10**13),
        lambda: surfaces(10**12),
        lambda: random_surface("torus", 10**11),
        lambda: community_complexes(10**12),
        lambda: community_complexes(1, (10**8, 10**8)),
        lambda: delaunay_complexes(10**12),
    ],
)
def test_large_sizes_are_refused(call):
    with pytest.raises(ValueError, match="half of the free memory"):
        call()
