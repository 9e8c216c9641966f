"""Links and triangles through the protocols: rows are candidates, of one complex or of items."""

import importlib.util
from functools import partial

import pytest
import torch

from simplex import SimplicialComplex
from simplex.data import SimplicialDataset
from simplex.nn import SIN, CandidateNetwork
from simplex.train import Configuration, Split, Task, TrainSettings, run_protocols
from simplex.transforms import split_simplices


pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torchmetrics") is None, reason="torchmetrics is not installed"
)


def blocks(k):
    """Four cliques, of which a part is held out: what lies within one was there."""
    rows = [torch.combinations(torch.arange(8) + 8 * i, k + 1) for i in range(4)]
    generator = torch.Generator().manual_seed(0)
    split = split_simplices(
        SimplicialComplex.from_simplices(rows), k, kind="uniform", generator=generator
    )
    for data in split:
        for key, n in zip(("x", "x_1", "x_2"), data.complex.f_vector, strict=False):
            data[key] = torch.ones(n, 1)
    return split


def make(k):
    return CandidateNetwork(SIN(1, 8, 1, 1, k), 8, 1, k)


def dataset_of(items):
    return SimplicialDataset(*SimplicialDataset.collate(items)[:2])


@pytest.mark.parametrize("k", [1, 2])
def test_three_items_are_trained_on_chosen_by_and_tested_on(k):
    dataset = dataset_of(list(blocks(k)))
    task = Task.of(dataset, candidates=True, metrics=("auroc", "average_precision"))
    assert (task.kind, task.num_outputs) == ("labels", 1)
    split = Split(torch.tensor([0]), torch.tensor([1]), torch.tensor([2]))
    settings = TrainSettings(epochs=12, lr=0.02, batch_size=1)
    configuration = Configuration(partial(make, k), settings)
    outcome = run_protocols(dataset, [split], [configuration], ("held-out",), task=task)
    (choice,) = outcome.choices
    model = make(k)
    model.load_state_dict(outcome.model.state)
    assert _auroc(model, dataset[2], slice(None)) > 0.85
    assert choice.test_score == pytest.approx(_auroc(model, dataset[2], slice(None)), abs=1e-5)


def test_rows_of_one_complex_are_candidates():
    train, validation, test = blocks(1)
    sizes = [len(each.candidates) for each in (train, validation, test)]
    for key in ("candidates", "y_candidates"):
        train[key] = torch.cat([each[key] for each in (train, validation, test)])
    dataset = dataset_of([train])
    task = Task.of(dataset, candidates=True)
    split = Split(*torch.split(torch.arange(sum(sizes)), sizes))
    configuration = Configuration(partial(make, 1), TrainSettings(epochs=12, lr=0.02))
    outcome = run_protocols(dataset, [split], [configuration], ("held-out",), task=task)
    model = make(1)
    model.load_state_dict(outcome.model.state)
    (choice,) = outcome.choices
    found = _auroc(model, dataset[0], slice(sum(sizes[:2]), None))
    assert found > 0.85  # chance is 0.5
    assert choice.test_score == pytest.approx(found, abs=1e-5)


def _auroc(model, data, rows):
    """How often what was there scores above what was not."""
    with torch.no_grad():
        score = model.eval()(data.cochains(), data.complex, data.candidates)[rows, 0]
    true, false = (score[data.y_candidates[rows] == value] for value in (1, 0))
    above = (true[:, None] > false).double() + (true[:, None] == false).double() / 2
    return float(above.mean())
