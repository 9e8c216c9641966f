"""The page of a complex: what it knows, that names cannot break it, and that a browser runs it."""

import json
import math
import re
import shutil
import subprocess
from html import unescape

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.lifting import clique_complex
from simplex.plot import ComplexPage, view_complex
from tests.cases import over
from tests.tables import COMPLEXES


def data_of(page):
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.html, re.S)
    assert len(found) == 1
    return json.loads(found[0])


@over("name", COMPLEXES)
def test_the_page_knows_every_simplex(name):
    K = COMPLEXES[name]
    data = data_of(view_complex(K))
    assert data["counts"] == [K.num_simplices(k) for k in range(max(K.dim, 0) + 1)]
    for k in range(1, K.dim + 1):
        assert data["simplices"][k] == K.simplices(k).ravel().tolist()
        assert data["facets"][k] == K.facets(k).ravel().tolist()
    place = torch.tensor(data["positions"]).view(-1, data["axes"])
    assert place.shape == (K.num_simplices(0), 2)
    assert K.dim < 0 or float(place.norm(dim=1).max()) <= 1 + 1e-4
    turned = data["turned"] or [False] * K.num_simplices(1)
    assert turned == (K.orientation(1) < 0).tolist()


def test_positions_keep_their_shape_in_the_plane_and_in_space():
    K = COMPLEXES["hollow tetrahedron"]
    place = torch.tensor([[0.0, 0, 0], [6, 0, 0], [0, 8, 0], [0, 0, 24]])
    data = data_of(view_complex(K, place))
    assert (data["axes"], data["solid"]) == (3, True)
    seen = torch.tensor(data["positions"]).view(4, 3)
    assert torch.allclose(torch.pdist(seen), torch.pdist(place) / 13, atol=1e-4)  # half a diagonal
    assert data_of(view_complex(K, place[:, :2]))["axes"] == 2
    assert data_of(view_complex(K, dims=3))["axes"] == 3


@over("size", [1e308, 1e300, 1e155, 1e-200, 1e-320])
def test_positions_of_any_size_have_their_shape(size):
    K = COMPLEXES["hollow tetrahedron"]
    place = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [-1, 0, 1]], dtype=torch.float64)
    seen = data_of(view_complex(K, place * size))["positions"]
    assert seen == pytest.approx(data_of(view_complex(K, place))["positions"], abs=1e-3)


@over(
    "name",
    [
        "</script><script>alert(1)</script>",
        "<b>",
        "<!--<script>",
        "&amp;",
        "{{data}}",
        "\u2028",
        'ü"',
    ],
)
def test_names_are_never_markup(name):
    K = SimplicialComplex.from_simplices([(name, "b", "c")])
    page = view_complex(K, colors={name: {0: [name, "y", name]}}, title=name)
    assert page.html.count("<script") == page.html.count("</script>") == 2
    data = data_of(page)
    assert data["title"] == data["labels"][0] == name
    assert data["cochains"][0] == {
        "name": name, "words": [name, "y"], "flow": False, "values": [[0.0, 1.0, 0.0], None, None]
    }  # fmt: skip
    frame = page._repr_html_()
    assert frame.count("<") == 2  # the frame, and nothing of the page in it


def test_values_that_are_no_numbers_have_words():
    K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
    K = K.with_filtration([[-math.inf, 0.0, 1e-30], [math.inf, 1.23456789]], monotone=False)
    data = data_of(view_complex(K, colors={"x": [math.nan, None, 1e300]}))
    assert data["filtration"] == [["-inf", 0.0, 1e-30], ["inf", 1.234568]]
    assert data["cochains"][0]["values"] == [[None, None, 1e300], None]
    assert [cochain["name"] for cochain in data["cochains"]] == ["x", "filtration"]


def test_values_are_taken_in_many_forms():
    K = COMPLEXES["house"]  # 5 vertices, 6 edges, 1 triangle
    edges = torch.arange(6.0)
    expected = [None, [0.0, 1, 2, 3, 4, 5], None]
    for given in (edges, edges.tolist(), edges.numpy(), {1: edges}, [None, edges, None]):
        assert data_of(view_complex(K, colors={"x": given}))["cochains"][0]["values"] == expected
    both = data_of(view_complex(K, colors={"x": [torch.ones(5, 2), edges]}))["cochains"]
    assert [(c["name"], c["values"]) for c in both] == [
        ("x 0", [[1.0] * 5, expected[1], None]),
        ("x 1", [[1.0] * 5, None, None]),
    ]
    first = data_of(view_complex(K, colors={"x": edges}, flows={"f": edges}))
    assert [(c["name"], c["flow"]) for c in first["cochains"]] == [("f", True), ("x", False)]
    assert first["first_cochain"] == 0


@over(
    "given, error, message",
    [
        (
            {"colors": {"x": [1.0] * 4}},
            ValueError,
            "each simplex of one dimension, 5, 6, 1 of them",
        ),
        ({"colors": {"x": {7: [1.0]}}}, ValueError, "for dimensions 0 … 2, got 7"),
        (
            {"colors": {"x": {1: [1.0]}}},
            ValueError,
            "each of the 6 simplices of dimension 1, got 1",
        ),
        ({"colors": {"x": "words"}}, ValueError, "of one dimension, 5, 6, 1 of them, got None"),
        ({"colors": {"x": [{}] * 5}}, TypeError, "must be a tensor, an array or lists of numbers"),
        ({"colors": {"x": {0: 1j * torch.ones(5)}}}, TypeError, "must be real"),
        ({"colors": [1.0] * 5}, TypeError, "colors must be a mapping from names"),
        ({"colors": {"x": torch.ones(6, 40)}}, ValueError, "at most 32 channels, got 40"),
        ({"flows": {"x": {0: [1.0] * 5}}}, ValueError, "flows.*must be numbers on edges"),
        ({"flows": {"x": ["a"] * 6}}, ValueError, "flows.*must be numbers on edges"),
        ({"flows": [1.0] * 6}, TypeError, "^flows must be a mapping from names"),
        ({"flows": {"x": [1.0] * 5}}, ValueError, r"^flows\['x'\] .* 6 simplices of dim.*got 5"),
        ({"flows": {"x": [{}] * 6}}, TypeError, r"^flows\['x'\] must be a tensor"),
        (
            {"positions": [[0, 0]] * 4 + [[0, torch.nan]]},
            ValueError,
            r"must be finite, got \(0.0, nan\) for vertex 4\.$",
        ),
        (
            {"positions": [[0, 0]] * 3 + [[0, torch.inf]] * 2},
            ValueError,
            r"must be finite, got \(0.0, inf\) for vertex 3 and others like it for 1 more",
        ),
        ({"positions": torch.zeros(5, 4)}, ValueError, r"of shape \(5, 2 or 3\), got \(5, 4\)"),
        ({"dims": 4}, ValueError, "dims must be an integer from 2 to 3"),
        ({"title": 3}, TypeError, "title must be a string"),
        ({"max_simplices": 4}, ValueError, "at most 4 vertices to be shown on a page, got 5"),
    ],
)
def test_what_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        view_complex(COMPLEXES["house"], **given)
    with pytest.raises(ValueError, match=r"say of which dimension.* fit 0 and 1"):
        view_complex(COMPLEXES["hollow triangle"], colors={"x": [1.0, 2.0, 3.0]})


def test_what_does_not_fit_is_said_and_the_rest_is_there():
    K = clique_complex(nx.complete_graph(6), 5)
    with pytest.warns(
        UserWarning, match="holds 50 simplices: the 15 of dimension 3, 6 of dimension"
    ):
        page = view_complex(K, max_simplices=50, colors={"x": {3: torch.ones(15)}})
    data = data_of(page)
    assert data["counts"] == [6, 15, 20]
    assert data["notes"] == list(page.notes)
    assert not data["whole"]
    assert data["summary"] == "f-vector (6, 15, 20)"  # Betti numbers would be those of a part


def test_the_page_is_whole_and_written_as_it_is(tmp_path):
    page = view_complex(COMPLEXES["torus"], path=tmp_path / "page.html")
    assert isinstance(page, ComplexPage)
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.html
    assert not re.search(r"<link|\ssrc=|@import|url\(|https?:|\{\{", page.html)
    page.save(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "page.html").read_bytes()


DRIVER = """
<script>
const send = (kind, x, y, more) => canvas.dispatchEvent(
  new PointerEvent(kind, { clientX: x, clientY: y, pointerId: 1, bubbles: true, ...more }));
canvas.setPointerCapture = () => {};
const report = {};
const hoverAt = (x, y) => { send("pointermove", x, y); return tip.hidden ? "" : tip.textContent; };
project();
report.vertex = hoverAt(SEEN[0], SEEN[1]);
report.edge = hoverAt((SEEN[0] + SEEN[3]) / 2, (SEEN[1] + SEEN[4]) / 2);
report.triangle = hoverAt((SEEN[0] + SEEN[3] + SEEN[6]) / 3, (SEEN[1] + SEEN[4] + SEEN[7]) / 3);
const range = [...document.querySelectorAll("input[type=range]")].pop();
range.value = 0;
range.dispatchEvent(new Event("input"));
report.early = hoverAt((SEEN[0] + SEEN[3]) / 2, (SEEN[1] + SEEN[4]) / 2);
report.said = range.previousElementSibling.textContent;
look.hasse = true;
drawHasse();
report.hasse = hoverAt(...seenInHasse(0, 2));
range.value = range.max;
range.dispatchEvent(new Event("input"));
drawHasse();
report.top = hoverAt(...seenInHasse(2, 0));
const drawn = ctx.getImageData(0, 0, canvas.width, canvas.height).data.some((x) => x > 0);
report.drawn = drawn;
const done = Object.assign(document.createElement("pre"), { id: "report" });
done.textContent = JSON.stringify(report);
document.body.append(done);
</script>
</body>"""


@pytest.mark.slow
def test_a_browser_shows_names_values_and_growth(tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on PATH")
    K = SimplicialComplex.from_simplices([("<i>a", "b", "c"), ("c", "d")])
    K = K.with_filtration([[0.0] * 4, [1.0] * 4, [2.0]])
    place = [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]]
    page = view_complex(K, place, colors={"size": {0: [1.5, 2, 3, 4], 2: [7.0]}})
    (tmp_path / "page.html").write_text(page.html.replace("</body>", DRIVER), encoding="utf-8")
    run = subprocess.run(
        [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000",
         f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--dump-dom",
         f"file://{tmp_path / 'page.html'}"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "CONSOLE" not in run.stderr, run.stderr
    report = json.loads(
        unescape(re.search(r'<pre id="report">(.*?)</pre>', run.stdout, re.DOTALL)[1])
    )
    assert report == {
        "vertex": "vertex 0: <i>a\nsize: 1.5\nfiltration: 0",
        "edge": "edge 0: <i>a, b\nfiltration: 1",
        "triangle": "triangle 0: <i>a, b, c\nsize: 7\nfiltration: 2",
        "early": "",
        "said": "0: 4 + 0 + 0, χ = 4",
        "hasse": "vertex 2: c\nsize: 3\nfiltration: 0",
        "top": "triangle 0: <i>a, b, c\nsize: 7\nfiltration: 2",
        "drawn": True,
    }
