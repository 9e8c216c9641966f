"""PyG's layers, loaders and explainers on complexes as heterogeneous graphs."""

import pytest
import torch
from torch import nn
from torch_geometric import typing
from torch_geometric.explain import Explainer, GNNExplainer
from torch_geometric.loader import NeighborLoader, RandomNodeLoader
from torch_geometric.nn import HeteroConv, SimpleConv

from simplex import SimplicialComplex, interop
from simplex.operators import boundary_matrix
from tests.cases import over


# two tetrahedra with a common edge, and a triangle that hangs at a vertex
K = SimplicialComplex.from_simplices([(0, 1, 2, 3), (2, 3, 4, 5), (5, 6, 7)])
pytestmark = pytest.mark.filterwarnings(
    "ignore:There exist node types"
)  # vertices: none bounds them
UP = [(f"dim_{k - 1}", "bounds", f"dim_{k}") for k in (1, 2, 3)]


def data_of():
    generator = torch.Generator().manual_seed(0)
    return interop.to_hetero(K, [torch.randn(n, 2, generator=generator) for n in K.f_vector])


class Triangles(nn.Module):
    """What triangles get of their edges, and these of their vertices, by boundary maps."""

    def __init__(self):
        super().__init__()
        self.up = HeteroConv({kind: SimpleConv("sum", combine_root="sum") for kind in UP[:2]})

    def forward(self, x, edges):
        edges = {kind: edges[kind] for kind in UP[:2]}
        for _ in range(2):
            x = x | self.up(x, edges)
        return x["dim_2"]


def test_layers_of_pyg_apply_the_boundary_maps():
    """Without signs: sums over edges of a triangle, and over vertices of an edge, twice each."""
    data = data_of()
    B1, B2 = (boundary_matrix(K, k).to_dense().abs().float() for k in (1, 2))
    x = [data[f"dim_{k}"].x for k in range(3)]
    conv = HeteroConv({kind: SimpleConv("sum") for kind in UP[:2]})
    found = conv(data.x_dict, {kind: data[kind].edge_index for kind in UP[:2]})
    torch.testing.assert_close(found["dim_1"], B1.T @ x[0])
    torch.testing.assert_close(found["dim_2"], B2.T @ x[1])


@over("parts", [2, 3])
def test_random_parts_of_a_complex_are_its_simplices_and_their_incidences(parts):
    data = data_of()
    for kind in data.node_types:
        data[kind].id = torch.arange(data[kind].num_nodes)
    met = {kind: [] for kind in data.node_types}
    for batch in RandomNodeLoader(data, parts, shuffle=True):
        for kind in data.node_types:
            met[kind] += batch[kind].id.tolist()
            assert torch.equal(batch[kind].x, data[kind].x[batch[kind].id])
        for a, name, b in UP:
            index = batch[a, name, b].edge_index
            pairs = {(u, v) for u, v in data[a, name, b].edge_index.T.tolist()
                     if u in batch[a].id.tolist() and v in batch[b].id.tolist()}  # fmt: skip
            assert {(int(batch[a].id[u]), int(batch[b].id[v])) for u, v in index.T} == pairs
    for k, n in enumerate(K.f_vector):
        assert sorted(met[f"dim_{k}"]) == list(range(n))


@pytest.mark.skipif(
    not (typing.WITH_PYG_LIB or typing.WITH_TORCH_SPARSE), reason="needs pyg-lib or torch-sparse"
)
@over("size", [1, 3])
def test_all_bounds_of_some_triangles_are_their_closure(size):
    """Every neighbor along bounds, for as many hops as dimensions, and none along contains."""
    data = data_of()
    hops = {kind: [-1, -1] if kind[1] == "bounds" else [0, 0] for kind in data.edge_types}
    for batch in NeighborLoader(data, hops, input_nodes="dim_2", batch_size=size):
        del batch["dim_3"]
        closure, x = interop.from_hetero(batch)
        count = batch["dim_2"].batch_size
        assert closure.num_simplices(2) == count
        assert sorted(x[2].tolist()) == sorted(batch["dim_2"].x[:count].tolist())


def test_an_explainer_finds_the_edges_and_vertices_of_a_triangle():
    """All that its prediction depends on, and nothing else; the edge that weighs most first."""
    torch.manual_seed(0)
    triangle = K.index([(2, 3, 4)]).item()
    data = interop.to_hetero(K.skeleton(2), [torch.ones(n, 1) for n in K.f_vector[:3]])
    heavy = K.index([(3, 4)]).item()
    data["dim_1"].x = torch.full((14, 1), 0.01).index_fill(0, torch.tensor([heavy]), 10.0)
    explainer = Explainer(
        Triangles(), GNNExplainer(epochs=60, lr=0.1), explanation_type="model",
        node_mask_type="object", edge_mask_type="object",
        model_config={"mode": "regression", "task_level": "node", "return_type": "raw"},
    )  # fmt: skip
    edges = {kind: data[kind].edge_index for kind in UP[:2]}  # all that are given must be used
    found = explainer(data.x_dict, edges, index=triangle)
    facets = K.facets(2)[triangle].tolist()
    mask = found["dim_1"].node_mask[:, 0]
    assert mask.nonzero()[:, 0].tolist() == sorted(facets)
    vertices = found["dim_0"].node_mask[:, 0]
    assert vertices.nonzero()[:, 0].tolist() == [2, 3, 4]
    assert int(mask.argmax()) == heavy
