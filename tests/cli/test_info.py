"""``simplex info``: what is said of a complex beside its counts."""

import json

from simplex.cli import main
from simplex.operators import betti_numbers
from tests.tables import COMPLEXES


def test_torsion_and_kinds_are_said(tmp_path, capsys):
    K = COMPLEXES["projective plane"]
    place = tmp_path / "plane.facets"
    place.write_text("".join(" ".join(map(str, row)) + "\n" for row in K.simplices(2).tolist()))
    assert main(["info", str(place)]) == 0
    said = capsys.readouterr().out
    mod_2, mod_3 = betti_numbers(K, prime=2), betti_numbers(K, prime=3)
    assert f"{mod_2} modulo 2, {mod_3} modulo 3: there is torsion" in said
    assert "degrees               5 to 5, 5 on average" in said
    assert "kind                  pure, a manifold\n" in said  # of 20 triangles half are filled
    assert main(["info", str(place), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["betti_numbers_mod_2"] == [1, 1, 1]
    assert facts["is_manifold"]
    assert not facts["is_flag"]
    assert facts["bytes"] == place.stat().st_size


def test_a_graph_has_no_torsion_and_its_cliques_are_filled(tmp_path, capsys):
    (tmp_path / "tail.edges").write_text("0 1\n1 2\n2 0\n2 3\n")
    assert main(["info", str(tmp_path / "tail.edges")]) == 0
    said = capsys.readouterr().out
    assert "torsion" not in said
    assert "kind                  all cliques filled\n" in said
