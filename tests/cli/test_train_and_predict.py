"""Training on the user's files and predicting with what was learnt, by the command line."""

import csv
import json
import random

import pytest
import torch

from simplex.cli import main
from simplex.datasets import read_dataset
from simplex.train import read_run
from tests.cases import over
from tests.datasets.test_own_data import EDGES, GRAPHS, NODES, hypergraph, ring, written
from tests.train.tiny import write_tiny


QUICK = ["--epochs", "2", "--hidden", "4", "--layers", "1", "--seeds", "0", "--dropout", "0"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Data of every kind, in the current folder."""
    monkeypatch.chdir(tmp_path)
    nodes = "".join(f"{i},{'red' if i % 3 else 'blue'},{i % 7},{i / 2}\n" for i in range(24))
    edges = "".join(f"{i},{(i + d) % 24},{i + d}.5\n" for i in range(24) for d in (1, 2))
    written(tmp_path, nodes="id,team,age,wage\n" + nodes, edges="source,target,trust\n" + edges)
    (tmp_path / "many").mkdir()
    copies = [(NODES, "nodes"), (EDGES, "edges"), (GRAPHS, "graphs")]
    for text, stem in copies:
        heading, *rows = text.splitlines()
        lines = [f"{row[0]}{i}{row[1:]}" for i in range(6) for row in rows]
        (tmp_path / "many" / f"{stem}.csv").write_text("\n".join([heading, *lines]) + "\n")
    graphs = [
        ring(5 + i % 3, x=torch.ones(5 + i % 3, 2), y=torch.tensor([i % 2])) for i in range(12)
    ]
    torch.save(graphs, tmp_path / "graphs.pt")
    hypergraph(tmp_path)
    write_tiny(tmp_path)
    return tmp_path


def run(capsys, *argv):
    code = main([str(argument) for argument in argv])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def trained(capsys, folder, *options):
    code, out, err = run(capsys, "train", *options, *QUICK, "--out", folder)
    assert (code, err) == (0, "")
    return out


def predicted(capsys, folder, *data):
    assert run(capsys, "predict", folder, *data, "--out", "predictions.csv")[0] == 0
    with open("predictions.csv", newline="") as file:
        return list(csv.reader(file))


def test_classes_of_nodes_by_their_names(files, capsys):
    data = ["nodes.csv", "edges.csv"]
    out = trained(capsys, "run", "--dataset", *data, "--target", "team", "--metric", "f1_macro")
    assert "target team: 2 classes of nodes" in out
    assert "f1 macro over 1 split" in out.replace("_", " ")
    heads, *rows = predicted(capsys, "run", *data)
    assert heads == ["node", "team", "probability blue", "probability red"]
    assert [row[0] for row in rows] == [str(i) for i in range(24)]
    saved = read_run("run")
    read = read_dataset(data, form=saved.form)
    expected = saved.predict(read.dataset).softmax(1)
    got = torch.tensor([[float(value) for value in row[2:]] for row in rows])
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-4)
    assert [row[1] for row in rows] == [["blue", "red"][i] for i in expected.argmax(1).tolist()]
    new = written(
        files, new="wage,id,age\n1,ann,2\n3,bob,4\n", links="source,target,trust\nann,bob,\n"
    )
    assert [row[0] for row in predicted(capsys, "run", *new)[1:]] == ["ann", "bob"]


@over(
    "data, options, heads, count",
    [
        ("many", ["--target", "score"], ["graph", "score"], 12),
        ("edges.csv", ["--target", "trust"], ["node_0", "node_1", "trust"], 48),
        ("graphs.pt", ["--model", "gin"], ["graph", "y", "probability 0", "probability 1"], 12),
        ("TINY", [], ["graph", "y", "probability 0", "probability 2"], 16),
        (
            "meetings.json",
            ["--target", "team"],
            ["node", "team", "probability a", "probability b"],
            6,
        ),
    ],
)
def test_every_kind_of_files(files, capsys, data, options, heads, count):
    trained(capsys, f"run-{data}", "--dataset", f"./{data}", *options)
    rows = predicted(capsys, f"run-{data}", data)
    assert rows[0] == heads
    assert len(rows) == count + 1


def test_encodings_are_of_the_run_and_of_its_predictions(files, capsys):
    encodings = ["--encode", "degrees", "--encode", "random-walk(steps=[1, 2])"]
    trained(capsys, "run", "--dataset", "graphs.pt", "--model", "hopse", *encodings)
    settings = json.loads((files / "run" / "settings.json").read_text())
    assert settings["experiment"]["encodings"] == ["degrees", "random-walk(steps=[1, 2])"]
    model = read_run("run").model(read_dataset("graphs.pt").dataset)
    assert model.convs[0].columns[0] == [2, 3, 6]  # features, degrees, two steps of three walks
    assert len(predicted(capsys, "run", "graphs.pt")) == 13


def test_nodes_of_many_graphs_and_a_split_by_a_column(files, capsys):
    path = files / "many" / "nodes.csv"
    heading, *rows = path.read_text().splitlines()
    parts = ["train", "train", "val", "test"]
    lines = [f"{row},{parts[int(row[1]) % 4]}" for row in rows]  # of all nodes of a graph
    path.write_text("\n".join([f"{heading},split", *lines]) + "\n")
    out = trained(
        capsys,
        "run",
        "--dataset",
        "many",
        "--target",
        "kind",
        "--protocol",
        "fixed",
        "--model",
        "san",
    )
    assert "2 classes of nodes" in out
    assert "fixed" in out
    rows = predicted(capsys, "run", "many")
    assert rows[0][:3] == ["graph", "node", "kind"]
    assert len(rows) == 31


def test_options_reach_the_settings(files, capsys):
    options = ["--optimizer", "adamw", "--schedule", "warmup-cosine", "--warmup", "1"]
    options += ["--clip", "1", "--accumulate", "2", "--check-every", "2", "--min-epochs", "1"]
    options += ["--level", "vertex", "--class-weights", "balanced", "--log", "tensorboard"]
    options += ["--grid", "lr=0.1,0.01", "--search", "1", "--target", "team", "--categories", "age"]
    trained(capsys, "run", "--dataset", "nodes.csv", "edges.csv", *options)
    stored = json.loads((files / "run" / "settings.json").read_text())
    train, task = stored["experiment"]["train"], stored["task"]
    expected = {"optimizer": "adamw", "schedule": "warmup-cosine", "warmup": 1, "clip": 1.0}
    expected |= {"accumulate": 2, "check_every": 2, "min_epochs": 1}
    assert {name: train[name] for name in expected} == expected
    assert (task["level"], task["class_weights"]) == (0, "balanced")
    assert "words" in stored["form"]["features"][0]
    assert list((files / "run" / "tensorboard").iterdir())


def test_results_of_many_runs_are_one_table(files, capsys):
    trained(capsys, "runs/a", "--dataset", "graphs.pt", "--model", "f-vector")
    trained(capsys, "runs/b", "--dataset", "many", "--target", "score", "--model", "pooled")
    code, out, _ = run(capsys, "results", "runs")
    heads, _, first, second = (line.split(" | ") for line in out.splitlines())
    assert code == 0
    assert heads == ["| data", "target", "model", "protocol", "accuracy", "mae", "seconds",
                     "folder |"]  # fmt: skip
    assert (first[1:3], first[5], first[7]) == (["", "f-vector"], "", "runs/a |")
    assert (second[1:3], second[4], second[7]) == (["score", "pooled"], "", "runs/b |")
    alone = run(capsys, "results", "runs/a")[1]
    assert alone.startswith("| data | model | protocol | accuracy | seconds |\n")
    latex = run(capsys, "results", "runs/b", "runs/a", "--latex")[1]
    assert latex.startswith("\\begin{tabular}{llllrrrl}")
    assert latex.index("pooled") < latex.index("f-vector")
    assert "\\pm" in latex


@over(
    "argv, message",
    [
        (["--dataset", "nodes.csv", "edges.csv"], "target must name what is to be predicted"),
        (
            ["--dataset", "nodes.csv", "edges.csv", "--target", "age"],
            "--kind classes or --kind num",
        ),
        (["--dataset", "nowhere.csv"], "nowhere.csv: no such file or folder"),
        (["--dataset", "US-county_salary", "--root", "."], "such as us-county-"),
        (["--dataset", "graphs.pt", "--encode", "sunshine"], "encodings must be among degrees"),
        (
            ["--dataset", "graphs.pt", "--encode", "degrees(form=x)"],
            "options that degrees can take",
        ),
        (["--dataset", "graphs.pt", "--encode", "degrees(1)"], "options as in NAME(k=v"),
        (["--dataset", "graphs.pt", "--level", "planet"], "must be complex, vertex"),
        (["--dataset", "graphs.pt", "--model", "oracle"], "model must be one of bscnet"),
        (["--dataset", "graphs.pt", "--metric", "mae"], "metrics must be among accuracy"),
    ],
)
def test_wrong_options_give_one_line(files, capsys, argv, message):
    code, _, err = run(capsys, "train", *argv, "--out", "run")
    assert code == 2
    assert message in err
    assert err.count("\n") == 1


def test_predictions_of_no_run_and_of_other_data(files, capsys):
    code, _, err = run(capsys, "predict", "nowhere", "graphs.pt")
    assert (code, "folder must be of a finished run" in err) == (2, True)
    trained(capsys, "run", "--dataset", "graphs.pt", "--model", "f-vector")
    code, _, err = run(capsys, "predict", "run", "meetings.json")
    assert (code, "kind of the training data, graphs, got hypergraph" in err) == (2, True)


@over("task, data", [("links", "friends.csv"), ("triangles", "friends.csv"), ("closure", "timed")])
def test_candidates(files, capsys, task, data):
    edges = "".join(f"{i},{(i + d) % 20}\n" for i in range(20) for d in (1, 2, 3))
    written(files, friends="source,target\n" + edges)
    source = random.Random(1)
    groups = [source.sample(range(12), source.choice([2, 3])) for _ in range(80)]
    lines = {
        "nverts": [len(group) for group in groups],
        "simplices": [v + 1 for group in groups for v in group],
        "times": range(80),
    }
    (files / "timed").mkdir(exist_ok=True)
    for name, numbers in lines.items():
        (files / "timed" / f"t-{name}.txt").write_text("".join(f"{n}\n" for n in numbers))
    trained(capsys, f"run-{task}", "--dataset", data, "--task", task, "--encode", "degrees")
    settings = json.loads((files / f"run-{task}" / "settings.json").read_text())
    assert settings["task"]["candidates"]
    assert set(settings["task"]["metrics"]) == {"auroc", "average_precision"}
    code, _, err = run(capsys, "predict", f"run-{task}", data)
    assert (code, "scores candidates" in err) == (2, True)


@over(
    "argv, message",
    [
        (["graphs.pt", "--task", "links"], "dataset must be one complex for --task links"),
        (["graphs.pt", "--task", "links", "--protocol", "xu"], "protocol must be 'topobench' with"),
        (["edges.csv", "--task", "links", "--target", "trust"], "target must be left out with"),
    ],
)
def test_candidates_that_are_refused(files, capsys, argv, message):
    code, _, err = run(capsys, "train", "--dataset", *argv, "--out", "run")
    assert (code, message in err) == (2, True)


def test_features_in_double_precision_are_taken(files, capsys):
    x = torch.ones(6, 1, dtype=torch.float64)
    torch.save([ring(6, x=x, y=torch.tensor([i % 2])) for i in range(16)], "double.pt")
    out = trained(
        capsys, "run", "--dataset", "double.pt", "--metric", "accuracy", "--metric", "f1_macro"
    )
    assert "\nf1 macro: held-out 0." in out  # further metrics too
    assert len(predicted(capsys, "run", "double.pt")) == 17
