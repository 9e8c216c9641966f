"""Candidates are vertex ids: shifted in batches, cut with their vertices."""

import torch
from torch_geometric.data import Batch
from torch_geometric.loader import DataLoader

from simplex import SimplicialComplex
from simplex.data import SimplicialData, SimplicialDataset
from tests.cases import over
from tests.tables import COMPLEXES


def item(name, m, k=1):
    K = COMPLEXES[name]
    n = K.num_simplices(0)
    rows = torch.stack([torch.randperm(n)[: k + 1] for _ in range(m)])
    x = [torch.ones(K.num_simplices(j), 1) for j in range(3)]
    return SimplicialData.from_complex(
        K.skeleton(2), x, max_dim=2, candidates=rows, y_candidates=torch.arange(m).float()
    )


def items():
    return [item("house", 5), item("torus", 3), item("filled triangle", 4)]


def by_hand(listed):
    shift, rows = 0, []
    for data in listed:
        rows.append(data.candidates + shift)
        shift += data.complex.num_simplices(0)
    return torch.cat(rows)


@over("make", [
    Batch.from_data_list,
    lambda listed: next(iter(DataLoader(listed, batch_size=3))),
    lambda listed: SimplicialDataset(*SimplicialDataset.collate(listed)[:2]).to_batch(),
])  # fmt: skip
def test_batches_shift_them_by_vertices_and_give_them_back(make):
    listed = items()
    batch = make(listed)
    assert torch.equal(batch.candidates, by_hand(listed))
    assert batch.y_candidates.tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3]
    assert torch.equal(
        batch.complex.part(0)[batch.candidates[:, 0]].bincount(), torch.tensor([5, 3, 4])
    )
    for before, after in zip(listed, batch.to_data_list(), strict=True):
        assert torch.equal(before.candidates, after.candidates)
        assert torch.equal(before.y_candidates, after.y_candidates)


def test_subsets_of_a_data_set_and_files(tmp_path):
    listed = items()
    SimplicialDataset.save(listed, tmp_path / "data.pt")
    dataset = SimplicialDataset.from_file(tmp_path / "data.pt")
    chosen = dataset[[2, 0, 2]]
    expected = [listed[2], listed[0], listed[2]]
    assert torch.equal(chosen.to_batch().candidates, by_hand(expected))
    assert torch.equal(dataset[1].candidates, listed[1].candidates)


def test_of_a_union_in_one_item():
    union = SimplicialComplex.disjoint_union([COMPLEXES["house"], COMPLEXES["house"]])
    data = SimplicialData.from_complex(union, candidates=torch.tensor([[0, 9]]))
    batch = Batch.from_data_list([data, data])
    assert batch.candidates.tolist() == [[0, 9], [10, 19]]


def test_subgraphs_keep_those_of_which_all_vertices_stay():
    data = item("house", 5)  # as many as vertices: still no field of vertices
    data.candidates = torch.tensor([[0, 1], [4, 2], [3, 2], [2, 0], [3, 4]])
    assert not data.is_node_attr("candidates")
    assert not data.is_node_attr("y_candidates")
    small = data.subgraph(torch.tensor([False, False, True, True, True]))
    assert small.candidates.tolist() == [[2, 0], [1, 0], [1, 2]]
    assert small.y_candidates.tolist() == [1, 2, 4]
    assert small.complex.f_vector == (3, 3, 1)
