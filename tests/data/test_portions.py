"""Portions of a data set: parts of processes, batches that fit in memory, a few of the fields."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.data import SimplicialData, SimplicialDataset
from tests.cases import over


def of_sizes(sizes):
    made = []
    for i, n in enumerate(sizes):
        K = SimplicialComplex.from_simplices([], num_vertices=n)
        made.append(SimplicialData.from_complex(K, torch.ones(n, 1), y=torch.tensor([i])))
    return SimplicialDataset.from_items(made)


RANDOM = torch.randint(1, 50, (40,), generator=torch.Generator().manual_seed(0)).tolist()


@over("ranks", [1, 2, 3, 50])
@over("sizes", [[1], [3, 3], [1, 1, 90, 1], RANDOM])
def test_shards_are_the_whole_in_its_order_and_of_about_equal_size(sizes, ranks):
    made = of_sizes(sizes)
    for whole in (made, made[torch.randperm(len(sizes))]):
        parts = [whole.shard(rank, ranks) for rank in range(ranks)]
        assert [int(i.y) for part in parts for i in part] == [int(i.y) for i in whole]
        total = [int(part.item_sizes.sum()) for part in parts]
        assert all(abs(each - sum(sizes) / ranks) <= max(sizes) for each in total)


def test_a_rank_that_is_none_is_refused():
    for rank, ranks in ((2, 2), (-1, 2), (0, 0)):
        with pytest.raises(ValueError, match=r"^(rank|num_ranks) must be"):
            of_sizes([1, 2]).shard(rank, ranks)


@over("most", [1, 60, 10**6])
def test_batches_are_all_items_in_order(most):
    whole = of_sizes(RANDOM)
    batches = list(whole[::-1].batches(most))
    assert torch.cat([each.y for each in batches]).tolist() == list(range(40))[::-1]
    counts = [int(each.num_simplices.sum()) for each in batches]
    assert all(n <= most or batch.num_graphs == 1 for n, batch in zip(counts, batches, strict=True))


def test_some_of_the_fields(tmp_path):
    whole = SimplicialDataset.to_disk(tmp_path / "data", of_sizes(RANDOM))
    light = whole[3:].only("y", "no field")
    assert set(light[0].keys()) == {"y", "num_simplices", "num_nodes"}
    assert torch.equal(light.to_batch().y, whole[3:].to_batch().y)
    assert [each.num_nodes for each in light] == RANDOM[3:]
    assert "x" in whole[3]
