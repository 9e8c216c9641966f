"""``simplex plot``: odd names, and pictures that would never end."""

import itertools

from simplex.cli import main
from tests.cases import over


@over("name", ["price$x^{$.edges", "$.edges", "a_$b$.edges"])
def test_names_of_files_and_vertices_are_no_formulas(tmp_path, capsys, name):
    (tmp_path / name).write_text("a$_ b^$\n")
    place = tmp_path / "picture.svg"
    assert main(["plot", str(tmp_path / name), "--out", str(place), "--labels"]) == 0
    assert "f-vector (2, 1)" in capsys.readouterr().out
    assert place.exists()


def test_a_picture_of_very_many_triangles_is_refused_with_the_remedy(tmp_path, capsys):
    edges = itertools.combinations(range(70), 2)  # 54,740 triangles
    (tmp_path / "all.edges").write_text("".join(f"{u} {v}\n" for u, v in edges))
    call = ["plot", str(tmp_path / "all.edges"), "--out", str(tmp_path / "all.png")]
    assert main(call) == 2
    said = capsys.readouterr().err
    assert "at most 50000 triangles to be drawn, got 54740" in said
    assert "--max-dim 1" in said
    assert not (tmp_path / "all.png").exists()
    assert main([*call, "--max-dim", "1"]) == 0
