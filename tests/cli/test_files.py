"""What the readers make of good files: lifted, saved, and read back."""

import torch

from simplex.cli import main
from tests.cases import over


def lift(name, *options):
    """The complex that ``simplex lift`` saves; one part for each graph of the file."""
    assert main(["lift", name, "--out", "K.pt", *options]) == 0
    return torch.load("K.pt", weights_only=True)


@over(
    "name, f_vector, labels",
    [
        ("triangle.edges", (4, 4, 1), None),
        ("names.csv", (4, 4, 1), ("ann", "bob", "cy", "dan")),
        ("semicolon.csv", (3, 2), (1, 2, 3)),
        ("isolated.txt", (3, 1), ("a", "b", "lonely")),
        ("gaps.edgelist", (3, 2), (10, 20, 30)),
        ("tabs.tsv", (2, 1), ("two words", "other name")),
        ("padded.csv", (3, 2), ("01", "1", "010")),
        ("u_v.txt", (3, 3, 1), ("u", "v", "w")),
        ("only_u_v.txt", (2, 1), ("u", "v")),
        ("loop.txt", (2, 1), None),
        ("header.g6", (4, 6, 4), None),
        ("sparse.s6", (4, 6, 4), None),
        ("complex.pt", (5, 7, 4, 1), None),
    ],
)
def test_good_files(files, name, f_vector, labels):
    K = lift(name)
    assert K.f_vector == f_vector
    assert K.vertex_labels == labels


def test_names_of_graphml(files):
    K = lift("novel.graphml")
    assert K.f_vector == (77, 254, 467)
    assert K.vertex_labels is not None
    assert "Valjean" in K.vertex_labels


def test_many_graphs(files):
    found = [K.f_vector for K in lift("many.g6").split()]
    assert found == [(6, 6), (6, 6, 2), (3, 2), (3, 2)]
    assert [K.dim for K in lift("list.pt").split()] == [3, 1]


def test_max_dim_cuts_lifts_and_saved_complexes(files):
    assert lift("header.g6", "--max-dim", "3").f_vector == (4, 6, 4, 1)
    assert lift("triangle.edges", "--max-dim", "0").f_vector == (4,)
    assert lift("complex.pt", "--max-dim", "1").f_vector == (5, 7)


def test_endings_may_be_capital(files):
    (files / "UPPER.TXT").write_text("0 1\n")
    assert lift("UPPER.TXT").f_vector == (2, 1)
