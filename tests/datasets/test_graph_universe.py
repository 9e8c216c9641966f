"""Universes of graphs: the package's own graphs, kept on the disk; the triangles it counts."""

import sys

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.data import SimplicialDataset
from simplex.datasets import UNIVERSE_SETTINGS, fixed_split, graph_universe
from tests.cases import over


SETTING = "h_mid__d_hi__pl_lo"


def store(folder, count, **changes):
    """A file of as many triangles with one edge at their first vertex."""
    edges = torch.tensor([[0, 1, 1, 2, 0, 2, 0, 3], [1, 0, 2, 1, 2, 0, 3, 0]])
    tables = {
        "x": torch.arange(60.0 * count).view(-1, 15), "edges": edges.repeat(1, count),
        "communities": torch.arange(4 * count) % 20,
        "sizes": torch.full((count,), 4), "num_edges": torch.full((count,), 8),
    }  # fmt: skip
    torch.save(tables | changes, folder / f"{SETTING}-{count}-42.pt")
    return folder


@pytest.mark.slow  # the import of the package alone takes seconds
def test_the_graphs_are_those_of_the_package(tmp_path):
    pytest.importorskip("graph_universe", reason="the extra universe is not installed")
    from graph_universe import GraphFamilyGenerator, GraphUniverse

    universe = GraphUniverse(
        K=20, feature_dim=15, center_variance=0.2, cluster_variance=0.4,
        edge_propensity_variance=0.5, seed=42,
    )  # fmt: skip
    family = GraphFamilyGenerator(
        universe=universe, n_graphs=4, n_nodes_range=[50, 300], n_communities_range=[5, 10],
        homophily_range=[0.4, 0.6], avg_degree_range=[4.0, 5.0], degree_separation_range=[0.5, 1.0],
        power_law_exponent_range=[1.5, 2.0], seed=42,
    )  # fmt: skip
    family.generate_family(show_progress=False)
    communities, triangles = (
        graph_universe(SETTING, tmp_path, num_graphs=4, task=task)
        for task in ("communities", "triangles")
    )
    for i, sample in enumerate(family.graphs):
        graph = sample.to_pyg_graph("community_detection")
        for key in ("x", "y", "edge_index"):
            assert torch.equal(communities[i][key], graph[key]), key
        count = sample.count_triangles_graph()
        assert triangles[i].y.tolist() == [count]
        assert triangles[i].complex.f_vector[2] == count
        torch.testing.assert_close(
            triangles[i].x_1, graph.x[triangles[i].complex.simplices(1)].mean(1)
        )


@pytest.mark.slow
def test_numpys_state_is_put_back_and_an_unwritable_place_costs_a_warning(tmp_path):
    pytest.importorskip("graph_universe", reason="the extra universe is not installed")
    (tmp_path / "file").write_text("")
    np.random.seed(7)
    expected = np.random.rand(3)
    np.random.seed(7)
    with pytest.warns(UserWarning, match="not kept, and drawn again"):
        dataset = graph_universe("h_hi__d_lo__pl_hi", tmp_path / "file", num_graphs=3)
    assert len(dataset) == 3
    assert np.array_equal(np.random.rand(3), expected)


def test_what_is_stored_needs_no_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "graph_universe", None)
    store(tmp_path, 4)
    communities = graph_universe(SETTING, tmp_path, num_graphs=4)
    assert [item.complex.f_vector for item in communities] == [(4, 4, 1)] * 4
    assert communities[1].y.tolist() == [4, 5, 6, 7]
    assert communities[1].x_2[0].tolist() == communities[1].x[:3].mean(0).tolist()
    graphs = graph_universe(SETTING, tmp_path, num_graphs=4, max_dim=1, task="triangles")
    assert graphs.to_batch().complex.dim == 1
    assert graphs.to_batch().y.tolist() == [1.0] * 4
    with pytest.raises(ImportError, match=r"simplex-networks\[universe\]"):
        graph_universe(SETTING, tmp_path, num_graphs=5)


def test_what_is_drawn_is_kept_in_the_cache_and_found_beside_other_data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SIMPLEX_DATA", str(tmp_path / "data"))
    for place in (tmp_path / "data" / "universe", tmp_path / "cache" / "simplex" / "universe"):
        place.mkdir(parents=True)
        store(place, 3)
        assert len(graph_universe(SETTING, num_graphs=3)) == 3
        (place / f"{SETTING}-3-42.pt").unlink()


def test_masks_are_of_whole_graphs_by_numpys_permutation(tmp_path):
    count = 40
    store(tmp_path, count)
    order = np.random.RandomState(42).permutation(count)
    expected = {"train_mask": order[:28], "val_mask": order[28:34], "test_mask": order[34:]}
    for task in ("communities", "triangles"):
        dataset = graph_universe(SETTING, tmp_path, num_graphs=count, task=task)
        for key, ids in expected.items():
            marked = [i for i in range(count) if bool(dataset[i][key].all())]
            assert marked == sorted(ids)
            assert int(dataset.to_batch()[key].sum()) == len(ids) * len(dataset[0].y)
        parts = fixed_split(dataset)
        assert [part.tolist() for part in parts] == [sorted(ids) for ids in expected.values()]
        assert fixed_split(dataset[[5, 3]])[0].tolist() == [
            i for i, item in enumerate((5, 3)) if item in expected["train_mask"]
        ]


def test_what_has_no_split_of_items():
    K = SimplicialComplex.from_simplices([(0, 1)])
    union = SimplicialComplex.disjoint_union([K, K])
    with pytest.raises(ValueError, match=r"must have a boolean train_mask .*, got none"):
        fixed_split(SimplicialDataset.from_union(union))
    masks = dict.fromkeys(("train_mask", "val_mask", "test_mask"), torch.arange(4) > 2)
    slices = dict.fromkeys(masks, torch.tensor([0, 2, 4]))
    with pytest.raises(ValueError, match="the same for all rows of an item, got 1 of 2 rows"):
        fixed_split(SimplicialDataset.from_union(union, fields=masks, slices=slices))
    with pytest.raises(TypeError, match="must be a SimplicialDataset"):
        fixed_split(K)


@over(
    "change",
    [
        {"x": torch.zeros(3, 15)},
        {"edges": torch.full((2, 32), 4)},
        {"edges": torch.zeros(2, 31, dtype=torch.int64)},
        {"sizes": None},
        {"communities": torch.zeros(16)[:, None]},
    ],
)
def test_a_damaged_file_is_refused(tmp_path, change):
    store(tmp_path, 4, **change)
    with pytest.raises(ValueError, match=r"-4-42\.pt must hold 4 graphs .* Delete it"):
        graph_universe(SETTING, tmp_path, num_graphs=4)


def test_wrong_options(tmp_path):
    assert len(UNIVERSE_SETTINGS) == 12
    with pytest.raises(ValueError, match="setting must be one of 'h_lo__d_lo__pl_lo'"):
        graph_universe("h_lo", tmp_path)
    with pytest.raises(ValueError, match="task must be one of 'communities', 'triangles'"):
        graph_universe(SETTING, tmp_path, task="squares")
