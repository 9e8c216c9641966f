"""What a task refuses, and by which words: each a sentence with its remedy."""

from functools import partial

import pytest
import torch
from torch_geometric.data import Data

from simplex.data import SimplicialDataset
from simplex.train import (
    Configuration,
    Split,
    Task,
    TrainSettings,
    random_splits,
    run_protocols,
)
from simplex.transforms import lift_dataset
from tests.cases import over
from tests.train.made import Plain, dataset, single


def with_y(values, count=3):
    K = dataset(count, "classes").to_batch().complex
    return SimplicialDataset.from_union(K, fields={"y": torch.as_tensor(values)})


@over(
    "data, options, words",
    [
        (with_y([1, 2, 1]), {}, r"classes 0 … C-1, got \[1, 2\]. Number them anew.*return_inverse"),
        (with_y([0, 2, 0]), {}, r"classes 0 … C-1, got \[0, 2\]. Number them anew"),
        (with_y([-5, 1, 0]), {}, r"classes 0 … C-1, got \[-5, 0, 1\]"),
        (with_y([0.0, 1, torch.nan]), {"kind": "classes"}, "a class for each row, got NaN"),
        (with_y([1, 1, 1]), {}, r"at least two classes, got \[1\] alone"),
        (with_y([0, 1, 0]), {"target": "z"}, r"There is y\."),
        (with_y([0.5, 1, 0]), {"kind": "classes"}, "whole numbers for classes.*kind='numbers'"),
        (with_y([0.5, 1, 2]), {"kind": "labels"}, "y must be 0 or 1 for labels"),
        (with_y([0.5, torch.inf, 2]), {}, "y must be finite numbers"),
        (with_y([[0.5, torch.nan]] * 3), {}, "only missing ones in column 1"),
        (with_y([0, 1, 0]), {"target": "z"}, "target must be a field of the data, got 'z'"),
        (with_y([0, 1, 0]), {"level": 5}, "at most the dimension of the complex.*larger max_dim"),
        (with_y([0, 1, 0]), {"level": 1}, "target must be a field of the data, got 'y_1'"),
        (with_y([0, 1, 0]), {"level": 0}, "y must have one target for each of the 18 simplices"),
        (with_y([0, 1, 0]), {"metrics": ("mae",)}, "mae.*It is one of numbers"),
        (with_y([0, 1, 0]), {"metrics": ("mcc",)}, "metrics must be among accuracy"),
        (with_y([0, 1, 0]), {"loss": "huber"}, "loss must be among cross_entropy"),
        (with_y([0, 1, 0]), {"class_weights": (1.0,)}, "'balanced' or 2 positive numbers"),
        (with_y([0.5, 1, 2]), {"class_weights": "balanced"}, "None for numbers"),
        (with_y([0.5, 1, 2]), {"signed": True}, "signed must be False but for numbers of k-simpl"),
    ],
)
def test_tasks_that_are_refused(data, options, words):
    with pytest.raises(ValueError, match=words):
        Task.of(data, **options)


def test_a_target_that_some_graphs_lack():
    edges = torch.tensor([[0, 1], [1, 0]])
    graphs = [Data(x=torch.ones(2, 1), edge_index=edges, y=torch.tensor([i])) for i in range(3)]
    graphs[1].y = None
    with pytest.raises(ValueError, match=r"got no 'y' in item 1 and one in item 0. Set it in all"):
        lift_dataset(graphs)


def trained(data, split, task, protocol="held-out", model=Plain, **settings):
    point = Configuration(
        partial(model, task.num_outputs, task.level), TrainSettings(1, **settings)
    )
    return run_protocols(data, [split], [point], [protocol], task=task)


def ids(*numbers):
    return torch.tensor(numbers, dtype=torch.int64)


@over(
    "values, split, metric, words",
    [
        ([0, 0, 0, 1, 1], Split(ids(0, 1), ids(2), ids(3, 4)), "accuracy", "no row of class 1"),
        ([0, 1, 0, 1, 1], Split(ids(0, 1), ids(2, 3), ids(4)), "auroc", "at least two classes for"),
        ([0, 1, 0, -1, 1], Split(ids(0, 1), ids(2), ids(3)), "accuracy", r"0, 1\]. -1 marks"),
    ],
)
def test_splits_without_a_class(values, split, metric, words):
    data = with_y(values, 5)
    with pytest.raises(ValueError, match=words):
        trained(data, split, Task("classes", 2, metrics=(metric,)))


@over("value", [torch.nan, torch.inf])
def test_features_that_are_no_numbers(value):
    data = with_y([0, 1, 0, 1, 1], 5)
    x = [torch.ones(n, 1) for n in data.to_batch().complex.f_vector]
    x[1][2] = value
    data = SimplicialDataset.from_union(
        data.to_batch().complex, x, fields={"y": torch.tensor([0, 1, 0, 1, 1])}
    )
    with pytest.raises(ValueError, match=r"x_1 must be finite.*mark the rows"):
        trained(data, Split(ids(0, 1), ids(2), ids(3, 4)), Task("classes", 2))


def test_splits_beyond_the_data_or_without_a_validation():
    data = dataset(4, "classes")
    task = Task("classes", 3)
    with pytest.raises(IndexError, match=r"splits\[0\]\.test must hold ids 0 … 3 of the items"):
        trained(data, Split(ids(0), ids(1), ids(7)), task)
    with pytest.raises(ValueError, match=r"must hold ids for 'held-out', got none. Take 'nested'"):
        trained(data, Split(ids(0), ids(), ids(1)), task)
    with pytest.raises(ValueError, match=r"must be empty for 'nested'.*Take 'held-out'"):
        trained(data, Split(ids(0, 1), ids(2), ids(3)), task, "nested")


def test_rows_that_no_split_has_may_lack_a_class():
    data = single("classes", 0)
    data._data.y[:2] = -1
    task = Task.of(data)
    n = len(data._data.y)
    split = Split(torch.arange(2, n - 2), ids(n - 2), ids(n - 1))
    assert len(trained(data, split, task).choices) == 1


def test_models_of_another_shape():
    data = dataset(8, "classes")
    split = random_splits(8, (0,))[0]
    for outputs, level, words in ((5, None, "out_channels=3"), (3, 0, "a row for each of the")):
        point = Configuration(partial(Plain, outputs, level), TrainSettings(1))
        with pytest.raises(ValueError, match=words):
            run_protocols(data, [split], [point], ["held-out"], task=Task("classes", 3))


def test_models_without_the_level():
    data = single("classes", 0)
    point = Configuration(partial(Plain, 3), TrainSettings(1))
    split = random_splits(10, (0,))[0]
    with pytest.raises(ValueError, match=r"a row for each of the 10 targets, got 1. Give it level"):
        run_protocols(data, [split], [point], ["held-out"], task=Task("classes", 3, 0))


def test_a_class_of_one_row_may_be_in_any_part():
    data = dataset(6, "classes")
    data._data.y = torch.tensor([0, 1, 0, 1, 2, 2])
    point = Configuration(partial(Plain, 3), TrainSettings(1))
    parts = [torch.tensor(ids) for ids in ([0, 1], [2], [3, 4, 5])]
    with pytest.raises(ValueError, match="train must hold every class, got no row of class 2"):
        run_protocols(data, [Split(*parts)], [point], ["held-out"], task=Task("classes", 3))
    data._data.y[5] = 0
    outcome = run_protocols(data, [Split(*parts)], [point], ["held-out"], task=Task("classes", 3))
    assert len(outcome.choices) == 1
