"""Higher-order data: what is written is read, closed downward, and filtered by first appearance."""

import itertools

import pytest
import torch

from simplex.datasets import read_benson
from tests.cases import over


def write(prefix, simplices, times, labels=None):
    """The format, written line by line."""
    files = {
        "nverts": [len(simplex) for simplex in simplices],
        "simplices": [vertex for simplex in simplices for vertex in simplex],
        "times": times,
    }
    if labels is not None:
        files["node-labels"] = [f"{vertex} {name}" for vertex, name in labels.items()]
    for part, lines in files.items():
        text = "".join(f"{line}\n" for line in lines)
        prefix.with_name(f"{prefix.name}-{part}.txt").write_text(text, encoding="utf-8")
    return prefix


def random_list(seed, num_vertices=9, num_simplices=14, largest=6):
    """Vertices 3, 6, 9, …, some never used; simplices that come more than once."""
    generator = torch.Generator().manual_seed(seed)

    def draw(high):
        return int(torch.randint(0, high, (1,), generator=generator))

    simplices = [
        [3 * v + 3 for v in torch.randperm(num_vertices, generator=generator)[: 1 + draw(largest)]]
        for _ in range(num_simplices)
    ]
    simplices = [[int(v) for v in simplex] for simplex in simplices]
    simplices += simplices[:3]
    return simplices, [draw(50) - 20 for _ in simplices]


def first_appearances(simplices, times, max_dim):
    """From the definition: the least time over all listed simplices that contain the set."""
    found = {}
    for simplex, time in zip(simplices, times, strict=True):
        for size in range(1, max_dim + 2):
            for face in itertools.combinations(sorted(simplex), size):
                found[face] = min(time, found.get(face, time))
    return found


@over("max_dim", [0, 1, 2, 3, 5, 8])
@over("seed", range(4))
def test_complex_and_filtration_from_the_definition(tmp_path, seed, max_dim):
    simplices, times = random_list(seed)
    K = read_benson(write(tmp_path / "some-data", simplices, times), max_dim).complex.validate()
    expected = first_appearances(simplices, times, max_dim)
    found = {
        tuple(K.vertex_labels[v] for v in simplex): value
        for k in range(K.dim + 1)
        for simplex, value in zip(K.simplices(k).tolist(), K.filtration[k].tolist(), strict=True)
    }
    assert found == expected
    assert list(K.vertex_labels) == sorted({v for simplex in simplices for v in simplex})
    for k in range(1, K.dim + 1):  # monotone
        assert bool((K.filtration[k - 1][K.facets(k)] <= K.filtration[k][:, None]).all())


@over("seed", range(2))
def test_the_list_is_kept_as_it_was(tmp_path, seed):
    simplices, times = random_list(seed)
    data = read_benson(write(tmp_path / "x", simplices, times))
    names = [data.complex.vertex_labels[v] for v in data.vertices.tolist()]
    bounds = data.pointer.tolist()
    assert [names[a:b] for a, b in itertools.pairwise(bounds)] == simplices
    assert data.times.tolist() == times


def test_names_of_vertices(tmp_path):
    labels = {1: "Ada  Lovelace", 2: "Émilie du Châtelet", 5: "7", 9: "never met"}
    prefix = write(tmp_path / "met", [[5, 1], [2]], [1, 0], labels)
    K = read_benson(prefix).complex
    assert K.vertex_labels == ("Ada  Lovelace", "Émilie du Châtelet", "7")
    assert K.simplices(1).tolist() == [[0, 2]]
    write(tmp_path / "met", [[5, 1], [2, 4]], [1, 0], labels)
    with pytest.raises(ValueError, match=r"each of the 4 vertices, got none for vertex 4"):
        read_benson(prefix)


def test_a_folder_stands_for_its_files(tmp_path):
    write(tmp_path / "email-Enron", [[1, 2, 3]], [5])
    assert read_benson(tmp_path).complex == read_benson(str(tmp_path / "email-Enron")).complex
    write(tmp_path / "other", [[1, 2, 3]], [5])
    with pytest.raises(ValueError, match=r"one file NAME-nverts\.txt, got 2\. .*email-Enron\."):
        read_benson(tmp_path)


def test_nothing_is_an_empty_complex(tmp_path):
    data = read_benson(write(tmp_path / "none", [], []))
    assert data.complex.dim == -1
    assert data.pointer.tolist() == [0]


def test_one_large_simplex_is_cut_and_not_closed(tmp_path):
    data = read_benson(write(tmp_path / "large", [range(1, 201), [1, 2]], [7, 3]), max_dim=1)
    assert data.complex.f_vector == (200, 19900)
    assert sorted(data.complex.filtration[1].unique().tolist()) == [3, 7]
    assert data.complex.filtration[0].tolist() == [3, 3, *[7] * 198]
    with pytest.raises(ValueError, match="faces of dimension 99 of simplices with 200 vertices"):
        read_benson(tmp_path / "large", max_dim=99)


@over(
    "part, text, message",
    [
        ("nverts", None, r"x-nverts\.txt must be there"),
        ("times", None, r"x-times\.txt must be there"),
        ("nverts", "2\n2\n", "the sum 4 for 5 lines"),
        ("nverts", "6\n-1\n", "positive numbers .* the sum 5 for 5"),
        ("nverts", "5\n0\n", "positive numbers"),
        ("nverts", "2.0\n3.0\n", "one integer a line"),
        ("nverts", "two\nthree\n", "one integer a line, got .*two"),
        ("simplices", "1\n2\n3\n4\n", "the sum 5 for 4 lines"),
        ("simplices", "", "the sum 5 for 0 lines"),
        ("simplices", "1\n2\n3\n4\n4.5\n", r"one integer a line, got .*4\.5"),
        ("simplices", "1\n2\n3\n4\n4\n", r"distinct, got one twice in simplex 2 of .*simplices"),
        ("simplices", "1 2\n3 4\n5 6\n", "one integer a line, got 2 in each"),
        ("simplices", "1\n2\n3\n4 5\n", "one integer a line"),
        ("simplices", "1\n2\n3\n4\n99999999999999999999\n", "one integer a line"),
        ("times", "1\n", "one line per simplex, got 2 and 1 lines"),
        ("times", "1\nnan\n", "one integer a line"),
        ("times", "# comment\n1\n2\n", "one integer a line"),
        ("node-labels", "1 a\nb\n", "line 2 of .* number of a vertex and its label, got 'b'"),
        ("node-labels", "1\n", "line 1 of"),
        ("node-labels", "1 a\n1 a\n1 b\n", "once, got vertex 1 again in line 3"),
    ],
)
def test_wrong_files_are_refused(tmp_path, part, text, message):
    prefix = write(tmp_path / "x", [[1, 2], [3, 4, 5]], [1, 2])
    path = tmp_path / f"x-{part}.txt"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_benson(prefix)


def test_wrong_arguments_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"one file NAME-nverts\.txt, got 0"):
        read_benson(tmp_path)
    with pytest.raises(ValueError, match="max_dim must be non-negative, got -1"):
        read_benson(tmp_path, -1)
    with pytest.raises(TypeError, match="max_dim must be an integer"):
        read_benson(tmp_path, 2.0)
