"""Every network by its name, at every level."""

import pytest
import torch

from simplex.train import MODELS, Experiment, Task, make_model
from tests.cases import over
from tests.train.made import dataset


@over("name", sorted(MODELS))
@over("level", [None, 0, 2])
def test_every_name_gives_a_network_with_a_row_for_each_target(name, level):
    data = dataset(4, "classes")
    batch, encodings = data.to_batch(), ()
    if name == "empsn":  # the last two columns are its positions
        encodings, data._data.pos = ("positions",), data._data.x[:, 1:]
    experiment = Experiment(
        "made", model=name, hidden_channels=4, num_layers=1, encodings=encodings, dropout=0.0
    )
    model = make_model(experiment, data, Task("classes", 3, level)).eval()
    answer = model(batch.cochains(), batch.complex)
    rows = 4 if level is None else batch.complex.num_simplices(level)
    assert answer.shape == (rows, 3)
    assert bool(answer.isfinite().all())


@over("model", ["marked-sin", "gin", "empsn"])
@over("name", ["hidden_channels", "dropout", "reduce"])
def test_an_option_that_is_a_setting_is_refused_in_words(model, name):
    data, encodings = dataset(4, "classes"), ()
    if model == "empsn":
        encodings, data._data.pos = ("positions",), data._data.x[:, 1:]
    made = Experiment("made", model=model, options={name: 1}, encodings=encodings)
    setting = "readout" if name == "reduce" else name
    with pytest.raises(ValueError, match=f"got '{name}'. Give the setting {setting}"):
        make_model(made, data, Task("classes", 3))


def test_weights_are_drawn_anew():
    data, task = dataset(4, "classes"), Task("classes", 3)
    torch.manual_seed(0)
    first, second = (make_model(Experiment("made"), data, task).state_dict() for _ in range(2))
    assert any(not torch.equal(first[name], second[name]) for name in first)
