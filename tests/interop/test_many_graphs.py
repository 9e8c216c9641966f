"""Lists of plain graphs and graph6 are read at once: as one by one, and what is wrong is named."""

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Batch, Data

from simplex.interop import read_graph, read_plain_graph6, unite
from simplex.lifting import clique_complex, directed_flag_complex
from tests.cases import over


RANDOM = np.random.default_rng(0)
SIZES = [5, 0, 3, 1, 9, 0, 2]
PAIRS = [RANDOM.integers(n, size=(2, 2 * n)) if n > 1 else np.empty((2, 0), int) for n in SIZES]


def tensors(dtype=torch.int64):
    return [torch.from_numpy(pairs).to(dtype) for pairs in PAIRS]


KINDS = {
    "int64": tensors(),
    "int32": tensors(torch.int32),
    "int8 and int64": [*tensors(torch.int8), *tensors()],
    "uint8": tensors(torch.uint8),
    "transposed": [edges.T.contiguous().T for edges in tensors()],
    "arrays": [edges.numpy().astype(">i4") for edges in tensors()],
    "tuple": tuple(tensors()),
    "with a matrix": [*tensors(), 1 - torch.eye(3, dtype=torch.int64)],
    "num_nodes": [Data(edge_index=e, num_nodes=n) for e, n in zip(tensors(), SIZES, strict=True)],
    "isolated": [Data(edge_index=edges, num_nodes=12) for edges in tensors()],
    "x": [Data(x=torch.zeros(10, 2), edge_index=edges) for edges in tensors()],
    "x and pos": [Data(pos=torch.zeros(10, 2), x=torch.zeros(10), edge_index=tensors()[0])] * 2,
    "some x": [
        Data(x=torch.zeros(10, 2), edge_index=tensors()[0]),
        Data(is_node=torch.zeros(7), edge_index=tensors()[0]),
        Data(num_nodes=9, edge_index=tensors()[0]),
    ],
    "batches": [Batch.from_data_list([Data(edge_index=tensors()[0], num_nodes=6)] * 2)] * 2,
    "kinds": [tensors()[0], PAIRS[0], nx.path_graph(3), [(0, 1), (1, 2)]],
    "one": tensors()[:1],
    "no edges": [torch.empty(2, 0, dtype=torch.int64)] * 3,
}


@over("kind", KINDS)
def test_a_list_is_the_union_of_its_graphs(kind):
    graphs = KINDS[kind]
    given = [graph.clone() if hasattr(graph, "clone") else graph for graph in graphs]
    together, apart = read_graph(graphs), unite([read_graph(graph) for graph in graphs])
    assert together.num_vertices == apart.num_vertices
    assert torch.equal(together.edge_index, apart.edge_index)
    assert torch.equal(together.part_pointer, apart.part_pointer)
    assert together.labels == apart.labels
    for graph, before in zip(graphs, given, strict=True):
        if isinstance(graph, torch.Tensor):
            assert torch.equal(graph, before)


WRONG = {
    r"graph 1: vertex ids must be non-negative, got -3": [torch.tensor([[0], [-3]])],
    r"graph 1: edge_index must be integers, got torch\.float32": [torch.zeros(2, 4)],
    r"graph 1: edge_index must have shape \(2, E\), got \(3, 4\)": [torch.zeros(3, 4).long()],
    r"graph 1: a PyG Data must have an edge_index": [Data(num_nodes=1), Data(num_nodes=1)],
    r"graph 2: vertex ids must be below num_vertices=4, got 7": [
        Data(edge_index=torch.tensor([[0], [7]]), num_nodes=9),
        Data(edge_index=torch.tensor([[0], [7]]), num_nodes=4),
    ],
    r"graph 1: graph must be a networkx graph, .* got dict": [{}],
}


@over("message", WRONG)
def test_what_is_wrong_with_a_graph_is_said_with_its_place(message):
    first = Data(edge_index=torch.tensor([[0], [1]]), num_nodes=2)
    for good in (first, first.edge_index):
        with pytest.raises((TypeError, ValueError), match=message):
            clique_complex([good, *WRONG[message]])


DENSITIES = (0.0, 0.3, 1.0)
GRAPHS = [
    nx.gnp_random_graph(n, p, seed=n)
    for n in (0, 1, 2, 3, 4, 5, 11, 12, 13, 61, 62, 63, 64, 150)
    for p in DENSITIES
]


@over("most", [1, 50, 1 << 20])
def test_graph6_is_decoded_at_once(most, monkeypatch):
    monkeypatch.setattr("simplex.interop._graph6._BLOCK", most)
    lines = [nx.to_graph6_bytes(graph, header=i % 3 == 0) for i, graph in enumerate(GRAPHS)]
    code = b"\n".join(lines).rstrip(b"\n")
    assert read_plain_graph6(code) is not None
    assert clique_complex(code, 1) == clique_complex(GRAPHS, 1)


MIXED = [nx.path_graph(4), nx.complete_graph(5), nx.empty_graph(3)]


@over("name", ["sparse6", "both", "carriage returns", "list of bytes", "none"])
def test_what_is_not_plain_graph6_is_read_too(name):
    graph6, sparse6 = (
        [to(graph) for graph in MIXED] for to in (nx.to_graph6_bytes, nx.to_sparse6_bytes)
    )
    code = {
        "sparse6": b"".join(sparse6),
        "both": b"".join([*graph6[:2], sparse6[2]]),
        "carriage returns": b"".join(graph6).replace(b"\n", b"\r\n"),
        "list of bytes": graph6,
        "none": b"\n\n",
    }[name]
    assert clique_complex(code) == clique_complex([] if name == "none" else MIXED)


@over("code", [b"Bw\nE????\n", b"Bw\nE", b"Bw\n~", b"Bw\n&B???", b"Bw\nB\x80", b"Bw\nB w"])
def test_a_line_that_is_no_graph6_is_named(code):
    with pytest.raises(ValueError, match="line 2 must be a graph in graph6"):
        clique_complex(code)


def test_graph6_has_no_directions_and_knows_its_vertices():
    with pytest.raises(ValueError, match=r"directed, got graph6.*Take clique_complex"):
        directed_flag_complex(b"Bw\n")
    with pytest.raises(ValueError, match="num_vertices must be None unless"):
        clique_complex(b"Bw\n", num_vertices=5)
