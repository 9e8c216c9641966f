"""The user's own files: what is read of them, and one clear sentence for what is wrong."""

import gzip
import json

import pytest
import torch
from torch_geometric.data import Data, InMemoryDataset

from simplex.datasets import read_dataset
from tests.cases import over
from tests.train.tiny import write_tiny


NODES = "graph,id,kind,size\nA,x,red,1\nA,y,blue,\nA,z,red,4\nB,x,red,2\nB,y,blue,5\n"
EDGES = "graph,source,target,length\nA,x,y,1\nA,y,z,2\nA,z,x,3\nB,y,x,4\nB,x,y,6\n"
GRAPHS = "graph,score\nA,0.5\nB,1.5\n"


def written(folder, **texts):
    """Files by their stems."""
    paths = [folder / f"{stem}.csv" for stem in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    return paths


def test_tables_become_complexes_with_features_and_targets(tmp_path):
    paths = written(tmp_path, graphs=GRAPHS, nodes=NODES, edges=EDGES)
    data = read_dataset(paths, "score", features=["size", "kind", "length"])
    assert (data.level, data.kind, data.graph_names) == (None, "numbers", ["A", "B"])
    assert data.vertex_names == ["x", "y", "z", "x", "y"]
    first, second = data.dataset
    assert first.complex.f_vector == (3, 3, 1)
    assert second.complex.f_vector == (2, 1)
    assert (first.y.tolist(), second.y.tolist()) == ([0.5], [1.5])
    size = torch.tensor([1.0, 4, 2, 5])
    size = (size - size.mean()) / size.std(correction=0)
    x = torch.cat([first.x, second.x])  # blue, red, the size, whether it is missing
    assert x[:, :2].tolist() == [[0, 1], [1, 0], [0, 1], [0, 1], [1, 0]]
    torch.testing.assert_close(x[:, 2], torch.stack([size[0], size[0] * 0, *size[1:]]))
    assert x[:, 3].tolist() == [0, 1, 0, 0, 0]
    length = torch.tensor([1.0, 2, 3, 4, 6])
    length = (length - length.mean()) / length.std(correction=0)
    torch.testing.assert_close(first.x_1[:, -1], length[[0, 2, 1]])  # edges xy, xz, yz
    torch.testing.assert_close(second.x_1[:, -1], length[3:].mean()[None])  # listed twice


def test_a_folder_another_separator_and_encoding_are_the_same(tmp_path):
    paths = written(tmp_path, graphs=GRAPHS, nodes=NODES, edges=EDGES)
    expected = read_dataset(paths, "score").dataset.to_batch()
    other = tmp_path / "other"
    other.mkdir()
    for stem, text in (("graphs", GRAPHS), ("nodes", NODES), ("edges", EDGES)):
        marked = text.replace(",", ";").replace("0.5", "0,5").replace("1.5", "1,5")
        (other / f"{stem}.csv").write_bytes(b"\xef\xbb\xbf" + marked.replace("\n", "\r\n").encode())
    (other / "nodes.csv").unlink()
    (other / "nodes.csv.gz").write_bytes(gzip.compress(NODES.encode()))
    got = read_dataset(other, "score").dataset.to_batch()
    for key in ("x", "x_1", "x_2", "y", "facets_1"):
        assert torch.equal(got[key], expected[key])


def test_classes_of_nodes_keep_their_names_and_missing_ones_are_no_rows(tmp_path):
    nodes = (
        'id,team,note,split\n"b, jr",red,one,train\na,,two,\nc,blue,three,test\nd,red,four,val\n'
    )
    edges = 'source,target\n"b, jr",a\nc,a\nd,d\n'
    data = read_dataset(written(tmp_path, nodes=nodes, edges=edges), "team", features=[])
    (item,) = data.dataset
    assert (data.level, data.form["classes"]) == (0, ["blue", "red"])
    assert data.vertex_names == ["b, jr", "a", "c", "d"]
    assert item.y.tolist() == [1, -1, 0, 1]
    assert item.known_mask.tolist() == [True, False, True, True]
    assert item.train_mask.tolist() == [True, False, False, False]
    assert item.test_mask.tolist() == [False, False, True, False]
    assert "1 edges from a node to itself: left out" in data.notes


def test_a_target_of_edges(tmp_path):
    edges = "from,to,trust,years\nb,a,0.5,1\nc,b,,2\na,c,0.9,3\n"
    data = read_dataset(written(tmp_path, friends=edges), "trust")
    assert data.vertex_names == ["b", "a", "c"]
    torch.testing.assert_close(
        data.dataset[0].y_1, torch.tensor([0.5, float("nan"), 0.9]), equal_nan=True
    )
    assert data.dataset[0].x_1.shape == (3, 2)


@over(
    "text, weights",
    [("# who\nann bob\nbob cid\n", None), ("ann\tbob\t0.5\nbob\tcid\t2\n", [0.5, 2.0])],
)
def test_an_edge_list_without_headings(tmp_path, text, weights):
    path = tmp_path / "friends.edges"
    path.write_text(text)
    data = read_dataset(path, None if weights is None else "weight")
    assert data.vertex_names == ["ann", "bob", "cid"]
    item = data.dataset[0]
    assert item.complex.simplices(1).tolist() == [[0, 1], [1, 2]]
    if weights is not None:
        assert item.y_1.tolist() == weights
    path.write_text(text + "dan\n")
    with pytest.raises(ValueError, match=r"line [34]: must be the two ends"):
        read_dataset(path)


@over("text, kind", [("0,1,0,1", "classes"), ("0.5,1,2,3", "numbers"), ("u,v,u,v", "classes")])
def test_the_kind_is_seen(tmp_path, text, kind):
    rows = "".join(f"{i},{value}\n" for i, value in enumerate(text.split(",")))
    paths = written(tmp_path, nodes="id,t\n" + rows, edges="source,target\n0,1\n2,3\n")
    assert read_dataset(paths, "t").kind == kind


def test_several_columns_are_labels(tmp_path):
    paths = written(
        tmp_path, nodes="id,a,b\n0,1,0\n1,,1\n2,0,0\n", edges="source,target\n0,1\n2,1\n"
    )
    data = read_dataset(paths, "a,b")
    assert data.kind == "labels"
    expected = torch.tensor([[1, 0], [float("nan"), 1], [0, 0]])
    torch.testing.assert_close(data.dataset[0].y, expected, equal_nan=True)


def test_new_files_are_read_as_the_first_ones(tmp_path):
    paths = written(tmp_path, nodes=NODES, edges=EDGES, graphs=GRAPHS)
    first = read_dataset(paths, "score", features=["kind", "size"])
    nodes = "graph,size,id,kind\nB,5,y,blue\nB,2,x,red\nNEW,,u,\n"
    edges = "graph,source,target\nB,x,y\n"
    second = read_dataset(written(tmp_path, nodes=nodes, edges=edges), form=first.form)
    assert second.graph_names == ["B", "NEW"]
    known, new = second.dataset
    torch.testing.assert_close(known.x, first.dataset[1].x[[1, 0]])
    assert new.x.tolist() == [[0, 0, 0, 1]]


@over(
    "texts, target, words",
    [
        ({"edges": ""}, "t", "edges.csv must have a line of headings and rows, got an empty"),
        ({"edges": "source,target\n"}, "t", "rows below its headings, got none"),
        ({"edges": "1,2\n2,3\n"}, "t", "begin with a line of headings, got numbers"),
        ({"edges": "source,target,w,w\n1,2,3,4\n"}, "t", "a heading of its own.*'w' twice"),
        ({"edges": "source,target\n1,2\n1\n"}, "t", "line 3: must have 2 fields as the head"),
        ({"edges": "source,target\n1,2\n"}, "t", "target must be a column.*got 't'"),
        ({"nodes": "id,t\n1,u\n"}, "t", "one table must be of edges.*got none"),
        ({"edges": "source,target,t\n1,2,a\n2,1,b\n"}, "t", "an edge must have one target"),
        ({"edges": "source,target,t\n1,2,1\n2,3,2\n"}, "t", "kind must be said.*whole numbers"),
        (
            {"edges": "source,target,t\n" + "".join(f"1,{i + 2},w{i}\n" for i in range(12))},
            "t",
            "classes that several rows share, got 12 of them in 12 rows",
        ),
        ({"edges": "source,target,t\n1,2,u\n2,3,u\n"}, "t", "at least two classes, got 'u' alone"),
        (
            {"nodes": "id,t\n1,u\n1,v\n", "edges": "source,target\n1,1\n"},
            "t",
            "line 3: a node must",
        ),
        ({"nodes": "id,t\n1,u\n2,v\n", "edges": "source,target\n1,9\n"}, "t", "got '9'. Add a row"),
        (
            {"nodes": NODES, "edges": EDGES, "graphs": "graph,s\nA,1.5\nB,\n"},
            "s",
            "target must be the",
        ),
        (
            {"nodes": NODES, "edges": EDGES, "graphs": "graph,s\nA,1.5\n"},
            "s",
            "graph must be one of",
        ),
        (
            {"nodes": NODES, "edges": EDGES, "graphs": GRAPHS + "C,1\n"},
            "score",
            "every graph must have a node, got none for 'C'",
        ),
        (
            {"nodes": "id,t\n,u\n", "edges": "source,target\n1,2\n"},
            "t",
            "must have an id, got an em",
        ),
    ],
)
def test_wrong_tables(tmp_path, texts, target, words):
    with pytest.raises(ValueError, match=words):
        read_dataset(written(tmp_path, **texts), target)


@over(
    "nodes, words",
    [
        ("graph,id,size\nA,x,1\n", "must have the columns of the training, got no 'kind'"),
        ("graph,id,size,kind\nA,x,1,green\n", "a category of the training.*got 'green'"),
        ("graph,id,size,kind\nA,x,big,red\n", "must hold numbers as in training, got 'big'"),
    ],
)
def test_files_unlike_those_of_the_training(tmp_path, nodes, words):
    paths = written(tmp_path, nodes=NODES, edges=EDGES, graphs=GRAPHS)
    form = read_dataset(paths, "score").form
    new = written(tmp_path, n=nodes, e="graph,source,target,length\nA,x,x,1\n")
    with pytest.raises(ValueError, match=words):
        read_dataset(new, form=form)


# --- graphs of PyG, hypergraphs, the TU layout ----------------------------------------------------


def ring(size, **fields):
    ids = torch.arange(size)
    edge_index = torch.stack(
        [torch.cat([ids, ids]), torch.cat([(ids + 1) % size, (ids + 2) % size])]
    )
    return Data(edge_index=edge_index, **fields)


def stored(dataset_graphs):
    data, slices = InMemoryDataset.collate(dataset_graphs)
    return data.to_dict(), slices, Data


@over("form", ["list", "tuple", "stored"])
def test_graphs_of_pyg(tmp_path, form):
    graphs = [ring(n, x=torch.arange(n)[:, None], y=torch.tensor(n % 2)) for n in (5, 6, 7)]
    kinds = {"list": list, "tuple": tuple, "stored": stored}
    path = tmp_path / "graphs.pt"
    torch.save(kinds[form](graphs), path)
    data = read_dataset(path)
    assert [item.complex.num_simplices(0) for item in data.dataset] == [5, 6, 7]
    assert data.dataset.y.tolist() == [1, 0, 1]
    assert data.dataset[0].x.dtype == torch.float32
    assert any("x: whole numbers" in note for note in data.notes)
    one_hot = read_dataset(path, categories=["x"])
    assert torch.equal(one_hot.dataset[2].x, torch.eye(7))


def test_one_graph_of_pyg_with_targets_of_its_vertices(tmp_path):
    graph = ring(6, y=torch.arange(6) % 3, edge_attr=torch.arange(12.0))
    torch.save(graph, tmp_path / "graph.pt")
    data = read_dataset(tmp_path / "graph.pt", reduce="mean")
    assert data.level == 0
    assert data.dataset[0].x.tolist() == [[1.0]] * 6
    assert data.dataset[0].x_1.shape == (12, 2)


class Foreign:
    """What no file of graphs holds."""


@over(
    "content, words",
    [
        (Foreign(), "got a pickled .*Foreign.*No code of a file is run"),
        ({"a": 1}, "must hold PyG Data objects.*got dict"),
        ([], "must hold PyG Data objects.*an empty list"),
        ([Data(x=torch.ones(2, 1))], "graphs with edge_index, got none in item 0"),
        ([ring(5, x=torch.ones(5, 1)), ring(5, x=torch.ones(5, 2))], "item 1.*x of 1 columns"),
        (b"damaged", "got a damaged or another file"),
    ],
)
def test_wrong_graph_files(tmp_path, content, words):
    path = tmp_path / "graphs.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(ValueError, match=words):
        read_dataset(path)


def hypergraph(folder):
    people = [{"node": i, "attrs": {"age": 20 + i, "team": "ab"[i % 2]}} for i in range(6)]
    meetings = [{"edge": f"m{i}", "attrs": {"kind": ["lunch", "work"][i // 2]}} for i in range(4)]
    joined = [{"edge": f"m{i}", "node": i + j} for i in range(4) for j in range(3)]
    path = folder / "meetings.json"
    path.write_text(json.dumps({"nodes": people, "edges": meetings, "incidences": joined}))
    return path


def test_names_are_no_classes_of_a_hypergraph(tmp_path):
    path = hypergraph(tmp_path)
    stored = json.loads(path.read_text())
    stored["nodes"] = [{"node": i, "attrs": {"name": f"n{i}"}} for i in range(12)]
    path.write_text(json.dumps(stored))
    with pytest.raises(ValueError, match="several rows share, got 12 of them in 12 rows"):
        read_dataset(path, "name")


@over("target, level, rows", [("team", 0, [0, 1, 0, 1, 0, 1]), ("kind", 2, [0, 0, 1, 1])])
def test_a_hypergraph(tmp_path, target, level, rows):
    data = read_dataset(hypergraph(tmp_path), target)
    assert data.level == level
    assert data.dataset[0][f"y_{level}" if level else "y"].tolist() == rows
    assert data.dataset[0].x.shape == (6, 1 if target == "team" else 3)
    assert data.vertex_names == list("012345")
    again = read_dataset(hypergraph(tmp_path), form=data.form)
    assert torch.equal(again.dataset[0].x_2, data.dataset[0].x_2)


def test_a_folder_in_the_layout_of_the_tu_collection(tmp_path):
    write_tiny(tmp_path)
    for folder in (tmp_path / "TINY", tmp_path / "TINY" / "raw"):
        data = read_dataset(folder)
        assert len(data.dataset) == 16
        assert data.form["classes"] == ["0", "2"]


@over(
    "name, words",
    [
        ("absent.csv", "absent.csv: no such file or folder"),
        ("empty", "must be a folder of tables .* or of TU text files.*got neither"),
        ("text.doc", "text.doc must be tables .csv"),
    ],
)
def test_what_is_no_data(tmp_path, name, words):
    (tmp_path / "empty").mkdir(exist_ok=True)
    (tmp_path / "text.doc").write_text("words")
    with pytest.raises(ValueError, match=words):
        read_dataset(tmp_path / name)


def test_a_form_of_another_kind(tmp_path):
    form = read_dataset(hypergraph(tmp_path), "team").form
    with pytest.raises(
        ValueError, match="of the kind of the training data, hypergraph, got tables"
    ):
        read_dataset(written(tmp_path, nodes=NODES, edges=EDGES), form=form)
