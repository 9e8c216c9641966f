"""The text files of TU data: read exactly, as PyG reads them, or refused by file and line."""

import random

import pytest
import torch

from simplex.datasets import tu_dataset, tu_folds
from tests.cases import over
from tests.datasets.tu_folders import (
    NAME,
    RefusedError,
    mutated,
    random_files,
    read_by_the_book,
    write,
)


GOOD = {
    "A": "1, 2\n2, 1\n3,4\n4,3\n",
    "graph_indicator": "1\n1\n2\n2\n",
    "graph_labels": "0\n1\n",
    "node_labels": "0\n1\n0\n1\n",
}


def assert_graphs(dataset, graphs):
    assert len(dataset) == len(graphs)
    for item, graph in zip(dataset, graphs, strict=True):
        assert torch.equal(item.x, torch.tensor(graph["x"]))
        assert item.edge_index.T.tolist() == graph["edges"]
        assert item.complex.simplices(1).tolist() == [e for e in graph["edges"] if e[0] < e[1]]
        assert item.y.tolist() == torch.tensor(graph["y"]).tolist()
        if any(each for each in graphs[0]["edge_attr"]):
            edge_attr = torch.tensor(graph["edge_attr"]).view(-1, item.edge_attr.shape[1])
            assert torch.equal(item.edge_attr, edge_attr)


@over("seed", range(4))
def test_random_folders_come_back_and_mutated_ones_too_or_are_refused(tmp_path, seed):
    rng, refused = random.Random(seed), 0
    for _ in range(25):
        files = random_files(rng)
        assert_graphs(tu_dataset(NAME, write(tmp_path, files), max_dim=1), read_by_the_book(files))
        files = mutated(files, rng)
        write(tmp_path, files)
        try:
            graphs = read_by_the_book(files)
        except RefusedError:
            refused += 1
            with pytest.raises(ValueError, match=rf"{NAME}_\w+\.txt.* must "):
                tu_dataset(NAME, tmp_path, max_dim=1)
        else:
            assert_graphs(tu_dataset(NAME, tmp_path, max_dim=1), graphs)
    assert 5 <= refused <= 24


@over(
    "what, content, message",
    [
        ("A", None, "must be a file of the data set, got no such file"),
        ("graph_indicator", None, "must be a file of the data set, got no such file"),
        ("graph_labels", None, "must hold the classes of the graphs, or TOY_graph_attributes.txt"),
        ("graph_labels", "0\n", r"must have 2 lines, one per graph .*, got 1\. Restore"),
        ("graph_labels", "0\n1\n1\n", "must have 2 lines, one per graph .*, got 3"),
        ("graph_labels", "0\n1", r"line 2: the last line must end with a newline, got '1'"),
        ("graph_labels", "0\n0.5\n", r"line 2: a line must be one integer, got '0\.5'.*attributes"),
        ("graph_labels", "0\n\n", "line 2: a line must be one integer, got an empty line"),
        ("graph_labels", "0, 1\n1, 1\n", "line 1: a line must be one integer, got '0, 1'"),
        ("graph_attributes", "0.5\nnan\n", "line 2: a line must be one finite number, got 'nan'"),
        ("graph_attributes", "inf\n1\n", "line 1: a line must be one finite number, got 'inf'"),
        ("graph_attributes", "1e39\n1\n", "line 1: numbers must be finite in float32"),
        ("graph_attributes", "1, 2\n1\n", "line 2: a line must be 2 finite numbers with commas"),
        ("node_labels", "0\n1\n0\n", "must have 4 lines, one per vertex, .*, got 3"),
        ("node_labels", "0\n1\n0\n1.5\n", "line 4: a line must be one integer, got '1.5'. Real"),
        (
            "node_labels",
            "0\n1\n0\n999999999999\n",
            "1000000000000 columns must fit in half",
        ),
        ("node_attributes", "0\n1\n0\nx\n", "line 4: a line must be one finite number, got 'x'"),
        ("edge_labels", "0\n1\n", r"must have 4 lines, one per line of TOY_A\.txt, got 2"),
        ("edge_attributes", "", "must have 4 lines, one per line of"),
        ("A", "1, 2\n0, 1\n", "line 2: the vertices must be numbers from 1 to 4, got 0, 1"),
        ("A", "1, 2\n2, 1\n5, 1\n", "line 3: the vertices must be numbers from 1 to 4, got 5, 1"),
        ("A", "2, 3\n3, 2\n", "line 1: an edge must join vertices of one graph, .* graphs 1 and 2"),
        ("A", "1, 2\n2, 1\n3, 4\n", "line 3: an edge must be listed in both directions.* Add 4, 3"),
        (
            "A",
            "1 2\n2 1\n",
            "line 1: a line must be 2 integers with commas.*, got '1 2'",
        ),
        ("A", "1, 2\n2, 1\n3, 4\n4", "line 4: the last line must end with a newline, got '4'"),
        ("graph_indicator", "", "must have one line per vertex, got an empty file"),
        ("graph_indicator", "1\n2\n1\n2\n", r"line 3: the graphs .* must be 1, 2, … .* 1 after 2"),
        (
            "graph_indicator",
            "1\n1\n3\n3\n",
            "line 3: the graphs .* a vertex, got 3 after",
        ),
        ("graph_indicator", "0\n0\n1\n1\n", "line 1: the graphs of the vertices must be .* got 0"),
        ("graph_indicator", "1\n1\n2\n0\n", "line 4: the graphs of the vertices must be"),
        ("graph_labels", "0\n\x1b[31m\n", r"got '\\x1b\[31m'"),
    ],
)
def test_what_breaks_the_format_is_refused_by_file_and_line(tmp_path, what, content, message):
    files = {key: value for key, value in GOOD.items() if key != what}
    write(tmp_path, files if content is None else files | {what: content})
    with pytest.raises(ValueError, match=rf"TOY_{what}\.txt.*{message}"):
        tu_dataset(NAME, tmp_path)


@over(
    "change, f_vectors",
    [
        ({}, [(2, 1), (2, 1)]),
        ({"A": ""}, [(2,), (2,)]),
        ({"A": "1, 2\n2, 1\n"}, [(2, 1), (2,)]),  # the last graph has no edge
        ({"A": "1, 2\r\n\t2 ,1\r\n"}, [(2, 1), (2,)]),
        ({"A": "2, 1\n1, 1\n1, 2\n1, 2\n"}, [(2, 1), (2,)]),  # a loop, an edge that comes twice
        ({"graph_indicator": "1\n1\n1\n1\n", "graph_labels": "7\n"}, [(4, 2)]),
        ({"graph_indicator": "1\n1\n1\n2\n", "A": "1, 3\n3, 1\n"}, [(3, 1), (1,)]),
    ],
)
def test_what_follows_the_format_is_taken(tmp_path, change, f_vectors):
    dataset = tu_dataset(NAME, write(tmp_path, GOOD | change))
    assert [item.complex.f_vector for item in dataset] == f_vectors
    assert [len(item.x) for item in dataset] == [each[0] for each in f_vectors]


def test_targets_and_attributes(tmp_path):
    attributes = {"node_attributes": "0.5\n1\n2\n3e1\n", "graph_attributes": "-1.5\n2\n"}
    write(tmp_path, GOOD | attributes | {"edge_labels": "5\n5\n7\n7\n"})
    dataset = tu_dataset(NAME, tmp_path)
    assert dataset.y.tolist() == [-1.5, 2.0]
    assert dataset[1].x.tolist() == [[2, 1, 0], [30, 0, 1]]
    assert dataset[1].edge_attr.tolist() == [[0, 0, 1], [0, 0, 1]]
    assert dataset.to_batch().edge_attr.shape == (4, 3)
    without = tu_dataset(NAME, tmp_path, use_node_attr=False)
    assert without[1].x.tolist() == [[1, 0], [0, 1]]
    write(tmp_path, GOOD | {"graph_attributes": "1, 2\n3, 4.5\n"})
    assert tu_dataset(NAME, tmp_path)[1].y.tolist() == [[3.0, 4.5]]


def assert_as_pyg(name, root, folder):
    """The same tensors as from PyG, which keeps its own files in ``folder``."""
    from torch_geometric.datasets import TUDataset

    (folder / name).mkdir(parents=True)
    (folder / name / "raw").symlink_to(root / name / "raw", target_is_directory=True)
    theirs = TUDataset(str(folder), name, use_node_attr=True, use_edge_attr=True)
    ours = tu_dataset(name, root, max_dim=0)
    assert len(ours) == len(theirs)
    assert torch.equal(ours.y, theirs.y)
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.equal(mine.edge_index, other.edge_index)
        if theirs.num_features > 1:
            assert torch.equal(mine.x, other.x)
        if other.edge_attr is not None:
            assert torch.equal(mine.edge_attr, other.edge_attr)


@pytest.mark.parametrize(
    "names", [["MUTAG"], pytest.param(["PTC", "PROTEINS", "NCI1"], marks=pytest.mark.slow)], ids=len
)
def test_as_pyg_reads_them(shared_data, tmp_path, names):
    for name in names:
        assert_as_pyg(name, shared_data / "tu", tmp_path)


def test_attributes_and_edge_labels_as_pyg_reads_them(tmp_path):
    rng = random.Random(0)
    for i in range(8):
        files, sizes = {}, [rng.randint(2, 4) for _ in range(3)]
        indicator = [g + 1 for g, size in enumerate(sizes) for _ in range(size)]
        ends = [sum(sizes[: g + 1]) for g in range(3)]
        edges = [pair for end in ends for pair in ((end, end - 1), (end - 1, end), (end, end))]
        files["A"] = "".join(f"{u}, {v}\n" for u, v in edges + edges[:2])
        files["graph_indicator"] = "".join(f"{g}\n" for g in indicator)
        files["graph_labels"] = "".join(f"{rng.randint(0, 5)}\n" for _ in sizes)
        files["node_attributes"] = "".join(f"{rng.random()}, 2\n" for _ in indicator)
        files["node_labels"] = "".join(f"{rng.randint(3, 5)}, {i % 2}\n" for i in indicator)
        files["edge_attributes"] = "".join(f"{rng.random()}\n" for _ in range(11))
        files["edge_labels"] = "".join(f"{rng.randint(2, 4)}\n" for _ in range(11))
        assert_as_pyg(NAME, write(tmp_path / str(i), files), tmp_path / f"pyg{i}")


@over(
    "content, message",
    [
        ("4\n", r"distinct ids 0 … 3, got others in fold 7"),
        ("2\n", r"distinct ids 0 … 3, got others in fold 7"),
        ("-1\n", r"distinct ids 0 … 3, got others in fold 7"),
        ("", r"graphs to train on and to test on, got none in fold 7"),
        ("1", r"test_idx-7.txt, line 1: the last line must end with a newline"),
        ("0 1\n", r"test_idx-7.txt, line 1: a line must be one integer, got '0 1'"),
        (None, r"test_idx-7.txt must be a file of the data set"),
    ],
)
def test_fold_files_are_read_by_the_same_rules(tmp_path, content, message):
    folder = tmp_path / NAME / "10fold"
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(1, 11):
        (folder / f"train_idx-{i}.txt").write_text("3\n2\n")
        (folder / f"test_idx-{i}.txt").write_text("0\n1\n")
    place = folder / "test_idx-7.txt"
    place.unlink()
    if content is not None:
        place.write_text(content)
    with pytest.raises(ValueError, match=message):
        tu_folds(NAME, torch.zeros(4, dtype=torch.int64), tmp_path)
