"""Splits: the drawn ones of TopoBench, those of masks, those of folds, and what is refused."""

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.data import SimplicialData, SimplicialDataset
from simplex.train import Split, fold_splits, mask_splits, random_splits
from tests.cases import over
from tests.train.made import dataset


@over("count, fraction", [(188, 0.5), (1113, 0.5), (41, 0.6), (8, 0.2)])
def test_random_splits_are_those_of_topobench(count, fraction):
    """Its own words: seed numpy once, permute ten times, cut at the rounded down sizes."""
    np.random.seed(42)
    drawn = [np.random.permutation(count) for _ in range(10)]
    first, second = int(count * fraction), int(count * ((1 - fraction) / 2))
    seeds = (9, 0, 3)
    rest = (1 - fraction) / 2
    for seed, split in zip(seeds, random_splits(count, seeds, (fraction, rest, rest)), strict=True):
        parts = np.split(drawn[seed], [first, first + second])
        assert [part.tolist() for part in split.parts] == [part.tolist() for part in parts]


def test_the_first_permutation_is_the_known_one():
    (split,) = random_splits(10, (0,))
    assert torch.cat(split.parts).tolist() == [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]
    assert [len(part) for part in split.parts] == [5, 2, 3]


def masked(**masks):
    K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3)])
    return SimplicialData.from_complex(K, **masks)


def rows(*ids, count=4):
    return torch.isin(torch.arange(count), torch.tensor(ids))


def test_masks():
    plain = masked(train_mask=rows(0, 2), val_mask=rows(1), test_mask=rows(3))
    (split,) = mask_splits(plain)
    assert [part.tolist() for part in split.parts] == [[0, 2], [1], [3]]
    several = masked(
        train_mask=torch.stack([rows(0), rows(1)], 1),
        val_mask=torch.stack([rows(1), rows(0)], 1),
        test_mask=rows(2, 3),
    )
    found = [[part.tolist() for part in split.parts] for split in mask_splits(several)]
    assert found == [[[0], [1], [2, 3]], [[1], [0], [2, 3]]]
    edges = masked(train_mask_1=rows(0, count=3), test_mask_1=rows(2, count=3))
    assert [part.tolist() for part in mask_splits(edges, 1)[0].parts] == [[0], [], [2]]


@over(
    "masks, level, words",
    [
        ({}, 0, "data must have train_mask, got none"),
        ({"train_mask": rows(0), "test_mask": rows()}, 0, "test_mask must mark at least one row"),
        ({"train_mask": rows(0, 1), "test_mask": rows(1)}, 0, r"1 rows in both.*train_mask &= ~te"),
        ({"train_mask": rows(0), "test_mask": rows(1, count=3)}, 0, "test_mask must have 4 rows"),
        ({}, 2, "level must be at most the dimension of the complex, 1, got 2"),
    ],
)
def test_masks_that_are_refused(masks, level, words):
    with pytest.raises(ValueError, match=words):
        mask_splits(masked(**masks), level)


def test_masks_of_another_kind():
    with pytest.raises(TypeError, match=r"train_mask must be boolean, got torch\.int64"):
        mask_splits(masked(train_mask=torch.tensor([0, 1]), test_mask=rows(3)))
    with pytest.raises(ValueError, match="data must have train_mask, got none"):
        mask_splits(dataset(2, "classes"))


def test_masks_of_many_items():
    """One row per item, or one per vertex where those of an item agree."""
    union = dataset(3, "classes").to_batch().complex
    sizes = union.part_pointer(0).diff()
    of_items = {"train": rows(0, count=3), "val": rows(2, count=3), "test": rows(1, count=3)}

    def made(masks, slices=None):
        fields = {f"{name}_mask": mask for name, mask in masks.items()}
        pointers = None if slices is None else dict.fromkeys(fields, slices)
        return SimplicialDataset.from_union(union, fields=fields, slices=pointers)

    spread = {name: mask.repeat_interleave(sizes) for name, mask in of_items.items()}
    for data in (made(of_items), made(spread, union.part_pointer(0))):
        (split,) = mask_splits(data)
        assert [part.tolist() for part in split.parts] == [[0], [2], [1]]
    spread["train"][-1] = True
    with pytest.raises(ValueError, match="train_mask must say the same for all simplices"):
        mask_splits(made(spread, union.part_pointer(0)))


def test_folds_are_splits_without_validation():
    (split,) = fold_splits([(torch.tensor([2, 0]), torch.tensor([1]))])
    assert [part.tolist() for part in split.parts] == [[2, 0], [], [1]]


@over(
    "parts, words",
    [
        (([0, 1], [1], [2]), "train and validation must not overlap, got 1 ids in both"),
        (([0, 1], [], []), "test must hold at least one id, got none"),
        (([0, 0], [], [1]), "train must hold every id once"),
    ],
)
def test_parts_that_are_refused(parts, words):
    with pytest.raises(ValueError, match=words):
        Split(*map(torch.tensor, parts))


@over(
    "arguments, words",
    [
        ((10, (10,)), "seeds must be an integer from 0 to 9, got 10"),
        ((10, (0,), (0.5, 0.5, 0.5)), "fractions must add up to 1"),
        ((10, ()), "seeds must be a list of at least one"),
    ],
)
def test_draws_that_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        random_splits(*arguments)
