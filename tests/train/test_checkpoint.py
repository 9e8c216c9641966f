"""What is saved comes back: tensors of all kinds and shapes, and plain values."""

import random
from collections import OrderedDict

import pytest
import torch

from simplex.train import TrainSettings, cross_validate, read_checkpoint, save_checkpoint
from tests.train.scripted import Scripted, points


def test_round_trip(tmp_path):
    state = {
        "weights": OrderedDict(a=torch.randn(3, 2), b=torch.tensor(1.5)),
        "moments": {0: {"step": torch.tensor(7.0), "mean": torch.randn(2, 0)}, 1: [None, True]},
        "table": torch.randn(4, 9, dtype=torch.float64),
        "count": torch.tensor([2, 3]),
        "choices": [(1, 0.1 + 0.2, "word")],
        "empty": {},
    }
    path = tmp_path / "state.pt"
    save_checkpoint(path, {"lr": 0.1}, state)
    settings, read = read_checkpoint(path)
    assert settings == {"lr": 0.1}
    assert list(read) == list(state)
    for name in ("a", "b"):
        assert torch.equal(read["weights"][name], state["weights"][name])
    assert read["moments"][0]["step"].shape == ()
    assert read["moments"][0]["mean"].shape == (2, 0)
    assert read["moments"][1] == [None, True]
    assert torch.equal(read["table"], state["table"])
    assert read["table"].dtype == torch.float64
    assert read["count"].tolist() == [2, 3]
    assert (read["choices"], read["empty"]) == (state["choices"], {})
    assert not (tmp_path / "state.pt.new").exists()
    read["weights"]["a"].zero_()
    assert read["weights"]["b"] == 1.5


def test_another_format(tmp_path):
    path = tmp_path / "state.pt"
    folds = [(torch.arange(4), torch.arange(4, 6))]
    arguments = (points([0, 1] * 3), folds, Scripted, TrainSettings(epochs=1))
    for found in (1, 2):
        torch.save({"format": found, "settings": {}, "state": {}}, path)
        with pytest.raises(ValueError, match=f"must have checkpoint format 3, got {found}"):
            read_checkpoint(path)
        with pytest.raises(ValueError, match=f"must have checkpoint format 3, got {found}"):
            cross_validate(*arguments, checkpoint=path, resume=True)


def test_every_flipped_bit_and_every_cut_is_noticed(tmp_path):
    path, rng = tmp_path / "state.pt", random.Random(0)
    save_checkpoint(path, {"lr": 0.1}, {"weights": torch.randn(8, 8), "table": [1, "word"]})
    whole = path.read_bytes()
    places = [*range(0, 110, 3), *(rng.randrange(len(whole)) for _ in range(60))]
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"state\.pt must (be|have) .*start again"):
            read_checkpoint(path)
        path.write_bytes(whole[:place])
        with pytest.raises(ValueError, match=r"state\.pt must be a checkpoint .*start again"):
            read_checkpoint(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ValueError, match=r"unreadable file \(its checksum is another one"):
        read_checkpoint(path)


def test_settings_are_plain_values(tmp_path):
    path = tmp_path / "state.pt"
    save_checkpoint(path, {"option": test_round_trip, "sizes": (1, 2), "place": tmp_path}, {})
    assert read_checkpoint(path)[0] == {
        "option": "<function test_round_trip>",
        "sizes": [1, 2],
        "place": str(tmp_path),
    }
