"""The demo, with its training cut short: everything is printed and drawn."""

import pytest
import torch

from simplex.cli import _demo, _demo_flows, main
from simplex.datasets import planted_flows


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(_demo, "_TRAIN", 8)
    monkeypatch.setattr(_demo, "_TEST", 4)
    monkeypatch.setattr(_demo, "_TRAINING", _demo._TRAINING | {"epochs": 1})
    monkeypatch.setattr(_demo_flows, "_STEPS", 3)
    monkeypatch.setattr(_demo_flows, "_TEST", 30)


def test_demo(short, tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "new" / "folder")]) == 0
    out = capsys.readouterr().out
    assert "(77, 254, 467, 639, 644, 476, 252, 91, 20, 2)" in out
    assert "Betti numbers (1, 3, 0" in out
    rows = [line.split()[-5:] for line in out.splitlines() if " / " in line or "copy" in line]
    assert rows[:6] == [
        ["=", "apart", "apart", "apart", "apart"],
        ["=", "apart", "apart", "apart", "apart"],
        ["=", "=", "=", "apart", "apart"],
        ["=", "=", "=", "apart", "apart"],
        ["=", "=", "apart", "=", "apart"],
        ["=", "=", "=", "=", "="],
    ]
    assert "8 training and 4 test flows" in out
    for name in ("oriented, tanh", "oriented, ReLU", "graph only"):
        assert name in out
    for name in ("generated", "a Gaussian fitted to the data", "fresh data: the floor"):
        (row,) = [line for line in out.splitlines() if line.startswith(name)]
        distances = [float(number) for number in row.split()[-3:]]
        assert all(0 < distance < 2 for distance in distances)
    assert "Smaller is better." in out
    pictures = sorted(path.name for path in (tmp_path / "new" / "folder").glob("*.png"))
    assert pictures == ["edge_flows.png", "flows.png", "les_miserables.png", "training.png"]
    assert all(name in out for name in pictures)


def test_the_distances_of_generated_flows_are_zero_for_equal_samples_and_know_their_part():
    generator = torch.Generator().manual_seed(0)
    made = planted_flows("annulus", 0, 40, size=(3, 12), dtype=torch.float64, generator=generator)
    x = made.test
    assert _demo_flows._distances(made, x, x) == [0, 0, 0]
    for i, part in enumerate(made.parts(x)):
        distances = _demo_flows._distances(made, x + part, x)
        assert distances[i] > 0.3
        assert max(distances[:i] + distances[i + 1 :]) < 1e-9
