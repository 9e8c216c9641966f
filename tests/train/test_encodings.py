"""Encodings by their names."""

import pytest
import torch
from torch_geometric.data import Data

from simplex.datasets import tu_dataset
from simplex.train import Experiment, Task, encoding_names, make_model, read_encoding
from simplex.transforms import Degrees, RandomWalkReturns, lift_dataset
from tests.cases import over
from tests.train.tiny import write_tiny


@over("name", sorted(set(encoding_names()) - {"positions"}))
def test_every_name_appends_columns_to_a_whole_data_set(tmp_path, name):
    folder = tmp_path / name
    dataset = tu_dataset("TINY", write_tiny(folder))
    encoded = read_encoding(name, seed=1)(dataset)
    assert encoded[0].x.shape[1] > 3
    assert len(encoded) == len(dataset)
    again = read_encoding(name, seed=1)(dataset)
    assert torch.equal(encoded[3].x_1, again[3].x_1)


def test_options_are_literals_words_and_ranges():
    made = read_encoding("Degrees(form=log, dims=(0, 1), adjacencies=['upper'])")
    assert isinstance(made, Degrees)
    assert (made.form, made.dims, made.adjacencies) == ("log", (0, 1), ("upper",))
    walks = read_encoding("random_walk(steps=range(1, 4))")
    assert isinstance(walks, RandomWalkReturns)
    assert list(walks.steps) == [1, 2, 3]


@over("text", ["", "nothing", "degrees(", "degrees(1)", "degrees(**{})", "degrees(form=exec('1'))"])
def test_what_is_refused(text):
    with pytest.raises(ValueError, match="encodings must"):
        read_encoding(text)


def test_a_block_of_hopse_for_each_encoding(tmp_path):
    experiment = Experiment("TINY", model="hopse", encodings=("degrees(dims=[0])", "degrees"))
    dataset = tu_dataset("TINY", write_tiny(tmp_path))
    for text in experiment.encodings:
        dataset = read_encoding(text)(dataset)
    model = make_model(experiment, dataset, Task.of(dataset))
    assert model.convs[0].columns == [[3, 3, 3], [3, 3], [3, 3]]


def test_positions_reach_the_network_that_moves_with_them():
    edge_index = torch.tensor([[0, 1, 2, 0], [1, 2, 0, 3]])
    generator = torch.Generator().manual_seed(0)
    graphs = [
        Data(
            x=torch.ones(4, 2),
            edge_index=edge_index,
            y=torch.tensor([i]),
            pos=torch.randn(4, 3, generator=generator),
        )
        for i in range(2)
    ]
    dataset = lift_dataset(graphs)
    experiment = Experiment("points", model="empsn", encodings=("positions",), dropout=0.0)
    placed = read_encoding("positions")(dataset)
    assert torch.equal(placed[1].x[:, 2:], graphs[1].pos)
    model = make_model(experiment, placed, Task.of(dataset)).eval()
    turn, _ = torch.linalg.qr(torch.randn(3, 3, generator=generator))
    batch = placed.to_batch()
    x = batch.cochains()
    moved = torch.cat([x[0][:, :2], x[0][:, 2:] @ turn + 1], 1)
    answer = model(x, batch.complex)
    torch.testing.assert_close(model([moved, *x[1:]], batch.complex), answer)
    assert (answer[0] - answer[1]).abs().max() > 1e-4
    with pytest.raises(ValueError, match="encodings must end with 'positions'"):
        make_model(Experiment("points", model="empsn"), dataset, Task.of(dataset))
    del dataset._data.pos
    with pytest.raises(ValueError, match="data must have positions pos"):
        read_encoding("positions")(dataset)


def test_sann_gathers_once_unless_it_is_told_otherwise():
    gather = "gather(hops=2, channels=16)"
    assert Experiment("MUTAG", model="sann").encodings == (gather,)
    assert Experiment("MUTAG", model="sann", encodings=["degrees"]).encodings == ("degrees", gather)
    assert Experiment("MUTAG", model="sann", encodings="Gather(hops=1)").encodings == (
        "Gather(hops=1)",
    )
    assert Experiment("MUTAG", model="sann", options={"hops": 1}).encodings == ()
    assert Experiment("MUTAG", model="sin").encodings == ()
