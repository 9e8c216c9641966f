"""Networks on rings: graphs of every source are lifted alike, trained on, and predicted."""

import csv

import pytest
import torch
from torch_geometric.data import Data

from simplex.cli import main
from simplex.datasets import read_dataset, tu_dataset
from simplex.lifting import ring_complex, ring_lengths
from simplex.train import Experiment, TrainSettings, predict_files, run_experiment
from simplex.transforms import lift_dataset
from tests.cases import over


SHORT = TrainSettings.preset("topobench", epochs=2, min_epochs=0, check_every=1)
SQUARE, PENTAGON = ([(i, (i + 1) % n) for i in range(n)] for n in (4, 5))


def molecules():
    """Squares with a tail against pentagons: six vertices and edges or five."""
    shapes = [[*SQUARE, (3, 4)], PENTAGON] * 5
    return [
        Data(
            x=torch.eye(2)[[v % 2 for v in range(5)]],
            edge_index=torch.tensor(shape).T,
            edge_attr=torch.tensor([[float(u + v)] for u, v in shape]),
            y=torch.tensor([i % 2]),
        )
        for i, shape in enumerate(shapes)
    ]


def write_tables(folder):
    """The same graphs as tables."""
    nodes, edges, graphs = ["graph,id,kind"], ["graph,source,target,length"], ["graph,kind_of"]
    for g, data in enumerate(molecules()):
        nodes += [f"{g},{v},{'ab'[v % 2]}" for v in range(5)]
        edges += [f"{g},{u},{v},{u + v}" for u, v in data.edge_index.T.tolist()]
        graphs.append(f"{g},{'square' if g % 2 == 0 else 'pentagon'}")
    for name, lines in (("nodes", nodes), ("edges", edges), ("graphs", graphs)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


def write_tu(folder):
    edges, owner = [], []
    for g, data in enumerate(molecules()):
        for u, v in data.edge_index.T.tolist():
            edges += [f"{5 * g + u + 1}, {5 * g + v + 1}", f"{5 * g + v + 1}, {5 * g + u + 1}"]
        owner += [str(g + 1)] * 5
    tables = {
        "A": edges,
        "graph_indicator": owner,
        "graph_labels": ["1", "2"] * 5,
        "node_labels": [str(v % 2) for v in range(5)] * 10,
    }
    raw = folder / "RINGS" / "raw"
    raw.mkdir(parents=True)
    for key, lines in tables.items():
        (raw / f"RINGS_{key}.txt").write_text("\n".join(lines) + "\n")
    return raw


@over("apex", ["sum", "token"])
def test_every_source_gives_the_ring_complexes(apex, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    given = molecules()
    torch.save(given, folder / "graphs.pt")
    (tables := folder / "tables").mkdir()
    raw = write_tu(folder)
    options = {"rings": 6, "apex": apex}
    expected = lift_dataset(given, edge_attr="mean", **options)
    sets = {
        "pt": read_dataset(folder / "graphs.pt", **options).dataset,
        "tables": read_dataset(write_tables(tables), "kind_of", **options).dataset,
        "tu": tu_dataset("RINGS", folder, **options),
        "tu folder": read_dataset(raw, **options).dataset,
    }
    union = ring_complex(given, 6)
    assert union.num_simplices(0) == 60
    for name, dataset in sets.items():
        batch = dataset.to_batch()
        assert batch.complex == union, name
        assert torch.equal(ring_lengths(batch.complex, 1), ring_lengths(union, 1))
        assert torch.equal(batch.x, expected.to_batch().x), name
        widths = [x.shape[1] for x in batch.cochains()]
        assert widths == ([3, 3, 3] if "tu" in name else [3, 4, 3])
    assert torch.equal(sets["pt"].to_batch().x_1, expected.to_batch().x_1)
    length = sets["tables"].to_batch().x_1[:, -1]
    assert (length[ring_lengths(union, 1) > 0] == 0).all()  # an edge of an apex has none


def test_a_run_on_rings_predicts_other_files(tmp_path):
    torch.save(molecules(), tmp_path / "graphs.pt")
    experiment = Experiment(
        str(tmp_path / "graphs.pt"), rings=6, apex="token", model="sin", hidden_channels=4,
        num_layers=1, protocol="topobench", seeds=(0,), train=SHORT,
    )  # fmt: skip
    run_experiment(experiment, tmp_path / "run", report=lambda line: None)
    torch.save(molecules()[:3], tmp_path / "others.pt")
    assert len(predict_files(tmp_path / "run", tmp_path / "others.pt").rows) == 3
    argv = ["train", "--dataset", str(tmp_path / "graphs.pt"), "--rings", "6", "--apex", "mean"]
    argv += ["--model", "f-vector", "--epochs", "2", "--seeds", "0", "--out", str(tmp_path / "cli")]
    assert main(argv) == 0
    with (tmp_path / "cli" / "metrics.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 3


@over(
    "call, words",
    [
        (lambda: Experiment("MUTAG", rings=2), "rings must be .* 3"),
        (lambda: Experiment("MUTAG", apex="sum"), "apex must be left out without rings"),
        (lambda: Experiment("MUTAG", rings=6, apex="max"), "apex must be one of"),
        (lambda: Experiment("MUTAG", rings=6, max_dim=0), "max_dim must be"),
        (lambda: Experiment("MUTAG", rings=6, task="links"), "rings must be left out with task"),
        (
            lambda: run_experiment(Experiment("cora", rings=6, protocol="fixed"), "run"),
            "rings must be left out for cora",
        ),
    ],
)
def test_experiments_that_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_files_whose_rings_cannot_be_filled(tmp_path):
    graph = molecules()[0]
    torch.save([graph.clone().update({"y": torch.arange(5)})] * 4, tmp_path / "nodes.pt")
    with pytest.raises(ValueError, match="left out for targets of vertices"):
        read_dataset(tmp_path / "nodes.pt", rings=6)
    (tmp_path / "edges.csv").write_text("source,target,w\n0,1,1.5\n1,2,2.5\n2,3,1.5\n3,0,2.5\n")
    with pytest.raises(ValueError, match="left out for targets or parts of nodes"):
        read_dataset(tmp_path / "edges.csv", "w", rings=6)
    torch.save(list(lift_dataset(molecules())), tmp_path / "lifted.pt")
    with pytest.raises(ValueError, match="left out for complexes, which have been lifted"):
        read_dataset(tmp_path / "lifted.pt", rings=6)
