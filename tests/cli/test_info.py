"""``simplex info``: what is said of a complex beside its counts."""

import json
from itertools import combinations

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.cli import main
from simplex.lifting import clique_complex, linial_meshulam_complex
from simplex.operators import betti_numbers, is_manifold, is_pure
from tests.cases import over
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


LONG = {
    "betti_numbers",
    "betti_numbers_mod_2",
    "betti_numbers_mod_3",
    "degrees",
    "is_pure",
    "is_flag",
    "is_manifold",
}


@pytest.fixture
def info(tmp_path, capsys, monkeypatch):
    """What is said of a complex, as text or as an object; with ``large`` it counts as large."""

    def say(K, *options, large=True):
        for limit in ("_MOST_LOOKED_AT", "_MOST_REDUCED"):
            monkeypatch.setattr(f"simplex.cli._info.{limit}", 0 if large else 10**6)
        torch.save(K, tmp_path / "K.pt")
        assert main(["info", str(tmp_path / "K.pt"), *options]) == 0
        said = capsys.readouterr().out
        return json.loads(said) if "--json" in options else said

    return say


def test_what_is_left_out_is_named_with_its_time_and_all_computes_it(info):
    K = COMPLEXES["projective plane"]
    said = info(K)
    for line in (
        "connected components  1\n",
        "Betti numbers         left out, less than a second\n",
        "degrees               5 to 5, 5 on average\n",
        "modulo 2 (torsion)    left out, less than a second\n",
        "all cliques filled    left out, less than a second\n",
        "a manifold            left out, less than a second\n",
        "(--all computes what is left out)\n",
    ):
        assert line in said
    assert info(K, "--all") == info(K, large=False)
    assert "left out" not in info(K, "--all")
    facts = info(K, "--json")
    assert set(facts["left_out"]) == LONG - {"degrees"}
    assert all(facts[name] is None for name in facts["left_out"])
    assert facts["connected_components"] == 1
    assert info(K, "--json", "--all") == info(K, "--json", large=False)
    assert info(K, "--json", "--all")["left_out"] == {}


def test_a_folder_on_disk_says_its_size_and_what_is_left_out(tmp_path, capsys, monkeypatch):
    (tmp_path / "tail.edges").write_text("0 1\n1 2\n2 0\n2 3\n")
    disk = tmp_path / "K"
    assert main(["lift", str(tmp_path / "tail.edges"), "--to-disk", str(disk)]) == 0
    for limit in ("_MOST_LOOKED_AT", "_MOST_REDUCED"):
        monkeypatch.setattr(f"simplex.cli._info.{limit}", 0)
    capsys.readouterr()
    assert main(["info", str(disk)]) == 0
    said = capsys.readouterr().out
    size = sum(part.stat().st_size for part in disk.rglob("*") if part.is_file())
    assert f"{size:,} bytes\n" in said
    assert "Betti numbers         left out, less than a second\n" in said
    assert "degrees               left out, less than a second\n" in said
    assert main(["info", str(disk), "--all"]) == 0
    assert "Betti numbers         (1, 0, 0)" in capsys.readouterr().out


@over("name", ["torus", "filled tetrahedron", "house"])
def test_seconds_are_proportional_to_the_size(name, info):
    K = COMPLEXES[name]
    union = SimplicialComplex.disjoint_union([K] * 20)
    tables = [union.facets(k) for k in range(1, K.dim + 1)]
    union = SimplicialComplex(union.num_simplices(0), tables)  # of one part
    once, twenty = info(K, "--json"), info(union, "--json")
    for answer, cost in once["left_out"].items():
        for unit in ("seconds", "bytes"):
            assert twenty["left_out"][answer][unit] == pytest.approx(20 * cost[unit]), answer


def test_long_and_large_answers_are_said_in_words(info, monkeypatch):
    seeded = torch.Generator().manual_seed(0)
    scattered = linial_meshulam_complex(80, 2.5 / 80, 2, generator=seeded)
    assert "modulo 2 (torsion)    left out, could take hours\n" in info(scattered)
    assert info(scattered, "--json")["left_out"]["betti_numbers"]["seconds"] is None
    assert "Betti numbers         (1, " in info(scattered, large=False)
    monkeypatch.setattr("simplex.cli._info._MOST_SCATTERED", 10)
    said = info(scattered, large=False)
    assert "Betti numbers         left out, could take hours\n" in said
    assert "kind  " in said
    assert info(scattered, "--json", large=False)["betti_numbers_mod_2"] is None
    torus = COMPLEXES["torus"]
    for rate, words in ((1e-4, "hundredths"), (0.1, "seconds"), (10.0, "minutes"), (1e3, "hours")):
        monkeypatch.setattr("simplex.cli._costs._PURE", rate)
        size = sum(torus.f_vector) * rate
        divisor = {"seconds": 1, "minutes": 60, "hours": 3600}.get(words)
        line = info(torus).split("pure                  left out, ")[1].split("\n")[0]
        if divisor is None:
            assert line == "less than a second"
            continue
        about, number, unit = line.split()
        assert (about, unit) == ("about", words)
        assert float(number) * divisor == pytest.approx(size, rel=0.3)
    monkeypatch.setattr("simplex.cli._costs._BETTI_BYTES", 10**18)
    assert "modulo 3 (torsion)    left out, too much memory: about " in info(torus)


@over("name", ["house", "bow tie", "torus", "filled tetrahedron", "4-simplex", "isolated vertices"])
def test_kinds_are_those_of_the_operators(name, info):
    K = COMPLEXES[name]
    facts = info(K, "--json", large=False)
    assert facts["is_pure"] == is_pure(K)
    assert facts["is_manifold"] == (is_manifold(K) if K.dim <= 3 else None)
    graph = nx.empty_graph(K.num_simplices(0))
    graph.add_edges_from(K.simplices(1).tolist())
    assert facts["is_flag"] == (clique_complex(graph, K.dim + 1).f_vector == K.f_vector)


def test_an_empty_graph_among_others_has_an_object(tmp_path, capsys):
    (tmp_path / "two.g6").write_text("?\n@\n")  # no vertex, one vertex
    assert main(["info", str(tmp_path / "two.g6"), "--json"]) == 0
    none, one = map(json.loads, capsys.readouterr().out.splitlines())
    assert (none["degrees"], none["connected_components"]) == (None, 0)
    assert (one["degrees"], one["connected_components"]) == ([0, 0.0, 0], 1)


def test_three_triangles_at_an_edge_are_no_manifold_and_that_costs_nothing(info):
    K = SimplicialComplex.from_simplices(list(combinations(range(5), 3)))
    assert info(K, "--json")["left_out"]["is_manifold"] == {"seconds": 0.0, "bytes": 0}
    assert info(K, "--json", "--all")["is_manifold"] is is_manifold(K) is False
