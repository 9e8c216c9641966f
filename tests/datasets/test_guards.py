"""What would not fit in memory is refused before it is made."""

import numpy as np
import pytest
import torch

from simplex.datasets import (
    community_complexes,
    csl_graph,
    delaunay_complexes,
    latin_square_graph,
    paley_graph,
    planted_flows,
    random_surface,
    rook_graph,
    stratified_folds,
    surfaces,
    synthetic_flow,
    triangular_graph,
    two_moons,
)
from simplex.operators import connected_components
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
        lambda: random_surface((10**6, True), 10**11),
        lambda: synthetic_flow(10**10),
        lambda: stratified_folds(torch.zeros(10**6), 10**6),
        lambda: synthetic_flow(1000, 10**10),
        lambda: community_complexes(10**12),
        lambda: community_complexes(1, (10**8, 10**8)),
        lambda: delaunay_complexes(10**12),
    ],
)
def test_large_sizes_are_refused(call):
    with pytest.raises(ValueError, match="half of the free memory"):
        call()


@over("call", [lambda n: random_surface("torus", num_flips=n), lambda n: surfaces(9, num_flips=n)])
def test_walks_of_many_minutes_are_refused(call):
    with pytest.raises(ValueError, match="num_flips must be at most"):
        call(10**9)


def test_a_large_genus_is_started_in_linear_time():
    genus, vertices = 1000, 4 * 1000 + 3
    K = random_surface((genus, True), vertices, num_flips=0)
    assert K.f_vector[2] == 2 * (vertices - (2 - 2 * genus))
    assert len(connected_components(K).unique()) == 1
