"""Files to feed the command line, good and bad, made anew in a temporary folder."""

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex


TEXTS = {
    "triangle.edges": "# comment\n0 1\n1 2 0.5\n0 2\n\n2 3\n",
    "names.csv": 'source,target\nann,bob\nbob,cy\n"cy",ann\ndan,ann\n',
    "semicolon.csv": "1;2;7\n2;3;7\n",
    "isolated.txt": "a b\nlonely\n",
    "gaps.edgelist": "10 30 {'weight': 2, 'why': 'so'}\n30 20 {}\n",
    "tabs.tsv": "two words\tother name\n",
    "padded.csv": "01,1\n1,010\n",
    "u_v.txt": "u v\nv w\nw u\n",
    "only_u_v.txt": "u v {}\n",
    "loop.txt": "0 1\n1 1\n",
    "path.txt": "".join(f"{i} {i + 1}\n" for i in range(2000)),
    "hexagon.txt": "0 1\n1 2\n2 3\n3 4\n4 5\n5 0\n",
    "triangles.txt": "0 1\n1 2\n2 0\n3 4\n4 5\n5 3\n",
    # bad ones
    "empty.txt": "",
    "comments.txt": "# nothing here\n",
    "prose.txt": "it was the best of times\n",
    "nan.txt": "1 nan\n",
    "nan_weight.txt": "1 2 nan\n",
    "adjacency.txt": "0 1 2 3\n1 2\n2 3\n",
    "missing_end.csv": "1,2\n3,\n",
    "bad.g6": "E???\n~~~ not graph6 ~~~\n",
    "empty.g6": "\n",
    "no.graphml": "<graphml></graphml>",
    "other.graphml": "this is no xml",
    "unknown.foo": "0 1\n",
}
MANY = [
    nx.cycle_graph(6),
    nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3)),
    nx.path_graph(3),
]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder of input files, which is also the current one."""
    monkeypatch.chdir(tmp_path)
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder.pt").mkdir()
    (tmp_path / "many.g6").write_bytes(
        b"".join(nx.to_graph6_bytes(graph, header=False) for graph in [*MANY, nx.path_graph(3)])
    )
    (tmp_path / "header.g6").write_bytes(nx.to_graph6_bytes(nx.complete_graph(4)))
    (tmp_path / "sparse.s6").write_bytes(nx.to_sparse6_bytes(nx.complete_graph(4)))
    nx.write_graphml(nx.les_miserables_graph(), tmp_path / "novel.graphml")
    nx.write_graphml(nx.DiGraph([(0, 1)]), tmp_path / "directed.graphml")
    garbage = bytes(range(256)) * 4
    for ending in ("txt", "g6", "graphml", "pt"):
        (tmp_path / f"garbage.{ending}").write_bytes(garbage)
    K = SimplicialComplex.from_simplices([(0, 1, 2, 3), (3, 4)])
    torch.save(K, tmp_path / "complex.pt")
    torch.save([K, K.skeleton(1)], tmp_path / "list.pt")
    torch.save(torch.ones(3), tmp_path / "tensor.pt")
    broken = SimplicialComplex(3, [torch.tensor([[1, 0], [1, 0]])])
    torch.save(broken, tmp_path / "broken.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "complex.pt").read_bytes()[:200])
    return tmp_path
