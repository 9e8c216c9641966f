"""Features of diagrams: closeness by networkx, vectors of each part, refusals."""

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.data import SimplicialData
from simplex.lifting import clique_complex
from simplex.persistence import betti_curve, lower_star, persistence, persistence_statistics
from simplex.transforms import PersistenceFeatures
from tests.cases import over


GRAPHS = [nx.gnp_random_graph(n, 2.5 / n, seed=n) for n in (1, 7, 12, 600)]
UNION = clique_complex(GRAPHS)


def curve(D, k):
    return betti_curve(D, k, levels=torch.linspace(0, 1, 50))


def test_closeness_is_that_of_networkx():
    found = PersistenceFeatures(["closeness"], 0, vectorize=curve).vectors(UNION)
    values = [c for g in GRAPHS for c in nx.closeness_centrality(g).values()]
    D = persistence(lower_star(UNION, values), 0, min_persistence=1e-9)
    assert torch.equal(found, curve(D, 0))


def test_degrees_and_a_filtration_that_is_given():
    degrees = [d for g in GRAPHS for _, d in g.degree]
    K = lower_star(UNION, degrees)
    found = PersistenceFeatures(["degree", "given"]).vectors(K)
    assert torch.equal(found[:, :14], found[:, 14:])
    expected = torch.cat([persistence_statistics(persistence(K), k) for k in (0, 1)], 1)
    assert torch.equal(found[:, :14], expected)
    assert torch.equal(PersistenceFeatures().columns(K, 1), expected[K.part(1)].float())


@over(
    "call, error, words",
    [
        (lambda: PersistenceFeatures(["size"]), ValueError, "filtrations"),
        (lambda: PersistenceFeatures(vectorize="image"), TypeError, "vectorize must be"),
        (lambda: PersistenceFeatures(time=0.0), ValueError, "time"),
        (
            lambda: PersistenceFeatures(["given"])(
                SimplicialData.from_complex(SimplicialComplex(2), [torch.ones(2, 1)])
            ),
            ValueError,
            "K must have a filtration",
        ),
        (
            lambda: PersistenceFeatures(vectorize=lambda D, k: D.birth[:1]).vectors(UNION),
            ValueError,
            "num_parts = 4",
        ),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
