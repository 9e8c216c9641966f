"""What a notebook shows of a complex."""

import re
import xml.etree.ElementTree as ET

from simplex import SimplicialComplex
from simplex.lifting import clique_complex
from simplex.operators import betti_numbers
from tests.cases import over
from tests.tables import COMPLEXES


@over("name", COMPLEXES)
def test_numbers_and_every_simplex_are_shown(name):
    K = COMPLEXES[name]
    text = K._repr_html_()
    root = ET.fromstring(text)
    assert f">{K.f_vector}<" in text
    assert f"Betti numbers</th><td>{betti_numbers(K)}<" in text or K.dim < 0
    assert len(root.findall(".//circle")) == K.num_simplices(0)
    assert len(root.findall(".//polygon")) == K.num_simplices(2)
    places = [float(x) for c in root.findall(".//circle") for x in (c.get("cx"), c.get("cy"))]
    assert all(0 <= x <= 180 for x in places)
    points = {(c.get("cx"), c.get("cy")) for c in root.findall(".//circle")}
    assert len(points) == K.num_simplices(0)  # no two fall together
    path = root.find(".//path")
    assert len(re.findall("M", path.get("d") if path is not None else "")) == K.num_simplices(1)


def test_names_are_never_markup_and_large_complexes_have_no_picture():
    text = SimplicialComplex.from_simplices([("<b>", "a&'\"")])._repr_html_()
    assert [title.text for title in ET.fromstring(text).findall(".//title")] == ["<b>", "a&'\""]
    large = SimplicialComplex.from_simplices([(0, 1)], num_vertices=1000)._repr_html_()
    assert "(1000, 1)" in large
    assert "svg" not in large
    assert "Betti" not in large
    full = clique_complex([(i, j) for i in range(30) for j in range(i)], 2)._repr_html_()
    assert "svg" not in full  # 4060 triangles
