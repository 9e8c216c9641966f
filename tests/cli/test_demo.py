"""The demo, with its training cut short: everything is printed and drawn."""

import pytest

from simplex.cli import _demo, main


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(_demo, "_TRAIN", 8)
    monkeypatch.setattr(_demo, "_TEST", 4)
    monkeypatch.setattr(_demo, "_TRAINING", _demo._TRAINING | {"epochs": 1})


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
    pictures = sorted(path.name for path in (tmp_path / "new" / "folder").glob("*.png"))
    assert pictures == ["flows.png", "les_miserables.png", "training.png"]
    assert all(name in out for name in pictures)
