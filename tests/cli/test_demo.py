"""The demo, with its training cut short: everything is printed and drawn."""

import pytest

from simplex.cli import main


SHORT = {
    "_demo._TRAIN": 8,
    "_demo._TEST": 4,
    "_demo._TRAINING": {"epochs": 1, "batch_size": 16, "lr": 2e-3, "step_size": 5},
    "_demo_flows._STEPS": 3,
    "_demo_flows._TEST": 30,
}
OTHER_JOBS = ("lift_les_miserables", "compare_classical_pairs", "train_on_flows")


@pytest.fixture
def short(monkeypatch):
    for name, value in SHORT.items():
        monkeypatch.setattr(f"simplex.cli.{name}", value)


def distances(out, name):
    """The three numbers of a row, for gradient, curl and harmonic part."""
    (row,) = [line for line in out.splitlines() if line.startswith(name)]
    return [float(number) for number in row.split()[-3:]]


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
        assert all(0 < distance < 2 for distance in distances(out, name))
    assert "Smaller is better." in out
    pictures = sorted(path.name for path in (tmp_path / "new" / "folder").glob("*.png"))
    assert pictures == ["edge_flows.png", "flows.png", "les_miserables.png", "training.png"]
    assert all(name in out for name in pictures)


def test_the_distances_of_generated_flows_are_zero_for_equal_samples_and_know_their_part(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr("simplex.cli._demo_flows._TEST", 40)
    for job in OTHER_JOBS:
        monkeypatch.setattr(f"simplex.cli._demo.{job}", lambda *_: None)

    def printed(generate):
        monkeypatch.setattr("simplex.cli._demo_flows._generate", lambda made, *_: generate(made))
        assert main(["demo", "--out", str(tmp_path)]) == 0
        return distances(capsys.readouterr().out, "generated")

    assert printed(lambda made: made.test) == [0, 0, 0]
    for i in range(3):
        found = printed(lambda made, i=i: made.test + made.parts(made.test)[i])
        assert found[i] > 0.3
        assert max(found[:i] + found[i + 1 :]) < 1e-3
