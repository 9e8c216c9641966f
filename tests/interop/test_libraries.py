"""TopoNetX, XGI, HyperNetX, pandas, trimesh, RDKit and PyG's HeteroData, both ways.

Libraries that are not installed are skipped.
"""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
import torch

from simplex import SimplicialComplex, interop
from simplex.operators import boundary_matrix
from tests.cases import over


NAMED = SimplicialComplex.from_simplices([("a", "b", "c"), ("c", "d"), ("e",)])
FILTERED = NAMED.with_filtration([[0.0, 1, 2, 3, 4], [2.0, 3, 3, 5], [7.0]])
PLAIN = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3), (3, 4)], num_vertices=6)
COMPLEXES = [NAMED, PLAIN, SimplicialComplex.from_simplices([(0, 1, 2, 3)])]


def by_names(K):
    """Every simplex by the names of its vertices."""
    names = K.vertex_labels or range(K.num_simplices(0))
    return {
        frozenset(names[v] for v in row)
        for k in range(K.dim + 1)
        for row in K.simplices(k).tolist()
    }


def closure(sets):
    return {
        frozenset(face)
        for members in sets
        for size in range(1, len(members) + 1)
        for face in combinations(sorted(members, key=str), size)
    }


@over("name", ["toponetx", "xgi", "hypernetx"])
@over("K", COMPLEXES)
def test_round_trips_with_libraries_of_hypergraphs(name, K):
    pytest.importorskip(name)
    there = getattr(interop, f"to_{name}")(K)
    back = getattr(interop, f"from_{name}")(there)
    assert by_names(back) == by_names(K)
    assert sorted(map(str, back.vertex_labels or range(back.num_simplices(0)))) == sorted(
        map(str, K.vertex_labels or range(K.num_simplices(0)))
    )


def test_toponetx_sees_the_same_complex():
    tnx = pytest.importorskip("toponetx")
    there = interop.to_toponetx(FILTERED)
    assert there.shape == FILTERED.f_vector
    assert {
        frozenset(simplex): value
        for simplex, value in there.get_simplex_attributes("filtration").items()
    }[frozenset("abc")] == 7.0
    back = interop.from_toponetx(there)
    named = {frozenset(back.vertex_labels[v] for v in row): back.filtration[k][i].item()
             for k in range(3) for i, row in enumerate(back.simplices(k).tolist())}  # fmt: skip
    assert named[frozenset("cd")] == 5.0
    assert named[frozenset("e")] == 4.0
    with pytest.raises(TypeError, match=r"toponetx\.SimplicialComplex"):
        interop.from_toponetx(tnx.CellComplex())


def test_xgi_sees_the_same_complex():
    xgi = pytest.importorskip("xgi")
    there = interop.to_xgi(NAMED)
    assert {frozenset(members) for members in there.edges.members()} | {
        frozenset([v]) for v in there.nodes
    } == by_names(NAMED)
    H = xgi.Hypergraph([[1, 2, 3], ["x", 2]])
    H.add_node("alone")
    assert by_names(interop.from_xgi(H)) == closure([[1, 2, 3], ["x", 2], ["alone"]])
    assert interop.from_xgi(H, max_dim=1).dim == 1
    with pytest.raises(ValueError, match="undirected"):
        interop.from_xgi(xgi.DiHypergraph([([1, 2], [3])]))


def test_hypernetx_hypergraphs_are_closed():
    hnx = pytest.importorskip("hypernetx")
    K = interop.from_hypernetx(hnx.Hypergraph({"p": ["a", "b", "c"], "q": ["c", "d"]}))
    assert by_names(K) == closure(["abc", "cd"])


def test_incidence_frames_of_pandas():
    pd = pytest.importorskip("pandas")
    table = interop.to_pandas(NAMED)
    assert list(table.columns) == ["edge", "node"]
    assert by_names(interop.from_pandas(table, edge="edge", node="node")) == by_names(NAMED)
    matrix = pd.DataFrame([[1, 0], [1, 1], [0, 1], [0, 0]], index=list("abcd"), columns=["p", "q"])
    assert by_names(interop.from_pandas(matrix)) == closure(["ab", "bc", "d"])
    for wrong, remedy in [
        (matrix * 2, "0 and 1"),
        (matrix.set_axis(list("aacd")), "every vertex once"),
    ]:
        with pytest.raises(ValueError, match=remedy):
            interop.from_pandas(wrong)
    for options in [{"edge": "edge"}, {"edge": "nothing", "node": "node"}]:
        with pytest.raises(ValueError, match="edge and node"):
            interop.from_pandas(table, **options)
    with pytest.raises(ValueError, match="missing values"):
        interop.from_pandas(table.replace("a", np.nan), edge="edge", node="node")


def test_meshes_of_trimesh():
    trimesh = pytest.importorskip("trimesh")
    mesh = trimesh.creation.icosahedron()
    K = interop.from_trimesh(mesh)
    assert K.f_vector == (12, 30, 20)
    back = interop.to_trimesh(K, torch.from_numpy(np.array(mesh.vertices)))
    assert interop.from_trimesh(back) == K
    assert back.is_watertight
    with pytest.raises(ValueError, match="made of triangles"):
        interop.to_trimesh(K.skeleton(1), np.array(mesh.vertices))


def test_molecules_of_rdkit():
    chem = pytest.importorskip("rdkit.Chem")
    K = interop.from_rdkit(chem.MolFromSmiles("CC.O"))
    assert (K.f_vector, K.simplices(1).tolist()) == ((3, 1), [[0, 1]])
    with pytest.raises(TypeError, match="Mol"):
        interop.from_rdkit(None)


@over("K", [*COMPLEXES, SimplicialComplex.from_simplices([(0, 1), (2,)])])
def test_heterogeneous_graphs_hold_all_of_a_complex(K):
    x = [torch.randn(n, 2) for n in K.f_vector]
    data = interop.to_hetero(K, x)
    back, features = interop.from_hetero(data)
    assert back == K
    assert all(map(torch.equal, features, x))
    for k in range(1, K.dim + 1):  # the signs are the boundary matrix
        index = data[f"dim_{k - 1}", "bounds", f"dim_{k}"].edge_index
        sign = data[f"dim_{k - 1}", "bounds", f"dim_{k}"].edge_attr[:, 0]
        dense = torch.zeros(K.num_simplices(k - 1), K.num_simplices(k))
        dense[index[0], index[1]] = sign
        assert torch.equal(dense, boundary_matrix(K, k).to_dense().to(dense.dtype))


def test_features_follow_simplices_that_are_numbered_anew():
    K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3)])
    data = interop.to_hetero(K, [torch.randn(n, 1) for n in K.f_vector])
    order = torch.tensor([3, 0, 4, 2, 1])  # place of each edge among others
    data["dim_1"].x = data["dim_1"].x[order.argsort()]
    for name, side in (("dim_0", 1), ("dim_2", 0)):
        edge_type = (name, "bounds", "dim_1") if side else ("dim_1", "bounds", name)
        index = data[edge_type].edge_index.clone()
        index[side] = order[index[side]]
        data[edge_type].edge_index = index
    back, features = interop.from_hetero(data)
    assert back == K
    original = interop.from_hetero(interop.to_hetero(K))[0]
    assert torch.equal(features[1][original.index(K.simplices(1))], data["dim_1"].x[order])


def test_what_is_no_complex_is_refused():
    K = SimplicialComplex.from_simplices([(0, 1, 2)])
    data = interop.to_hetero(K)
    index = data["dim_1", "bounds", "dim_2"].edge_index
    data["dim_1", "bounds", "dim_2"].edge_index = index[:, :2]
    with pytest.raises(ValueError, match="3 facets"):
        interop.from_hetero(data)
    with pytest.raises(TypeError, match="HeteroData"):
        interop.from_hetero(nx.path_graph(2))
    with pytest.raises(ValueError, match="3 rows"):
        interop.to_hetero(K, [torch.ones(2, 1)])


@over("name", ["toponetx", "xgi", "hypernetx", "pandas"])
def test_an_absent_library_is_named_with_its_extra(monkeypatch, name):
    monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(ImportError, match=r"simplex-networks\[hypergraphs\]"):
        getattr(interop, f"to_{name}")(PLAIN)


class Person:
    """A name of a kind of its own."""

    def __init__(self, name):
        self.name = name


@over("names", [["a", "b", "c"], [b"a", b"b", b"c"], [Person("a"), Person("b"), Person("c")]])
def test_simplices_of_names(names):
    a, b, c = names
    K = SimplicialComplex.from_simplices([(a, b), (b, c)])
    assert (K.f_vector, K.vertex_labels) == ((3, 2), (a, b, c))
    assert K.index([(c, b), (a, c)]).tolist() == [1, -1]


@over("vertex", [1.5, None, (0, 1), True, np.float32(1)])
def test_what_is_no_name_is_refused(vertex):
    with pytest.raises(TypeError, match="must be integers"):
        SimplicialComplex.from_simplices([(vertex, "a")])
