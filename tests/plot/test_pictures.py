"""Pictures: what is drawn, and what is refused."""

from io import BytesIO

import networkx as nx
import numpy as np
import pytest
import torch
from matplotlib import pyplot
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import proj3d

from simplex import SimplicialComplex
from simplex.lifting import clique_complex
from simplex.operators import betti_numbers, hodge_laplacian
from simplex.persistence import persistence
from simplex.plot import (
    draw_barcode,
    draw_coloring,
    draw_complex,
    draw_diagram,
    draw_flow,
    draw_response,
    draw_spectrum,
    pivot_layout,
    spring_layout,
)
from simplex.wl import simplicial_wl
from tests.cases import over
from tests.tables import COMPLEXES


def axes():
    return Figure().add_subplot()


@over("name", COMPLEXES)
def test_every_simplex_is_drawn(name):
    K = COMPLEXES[name]
    triangles, edges, vertices = draw_complex(K, ax=axes(), labels=True).collections
    assert len(triangles.get_paths()) == K.num_simplices(2)
    assert len(edges.get_paths()) == K.num_simplices(1)
    assert len(vertices.get_offsets()) == K.num_simplices(0)


def space():
    return Figure().add_subplot(projection="3d")


@over("name", ["hollow tetrahedron", "filled tetrahedron", "house", "two components"])
def test_in_space_edges_and_triangles_are_sorted_together(name):
    K = COMPLEXES[name]
    place = torch.randn(K.num_simplices(0), 3)
    ax = draw_complex(K, place, ax=space(), labels=True)
    ax.figure.savefig(BytesIO(), format="png")
    shapes, *dots = ax.collections
    assert len(shapes.get_paths()) == K.num_simplices(1) + K.num_simplices(2)
    solid = name == "hollow tetrahedron"  # where every edge is in two triangles
    assert len(dots) == (not solid)
    fills = shapes.get_facecolor()[:, 3]
    assert sorted({round(float(a), 3) for a in fills if a > 0}) == (
        [1.0] if solid else [round(min(0.35, 0.2 * K.num_simplices(1) / K.num_simplices(2)), 3)]
    )


def test_axes_of_the_plane_and_of_space():
    K, place = COMPLEXES["house"], torch.randn(5, 3)
    with pytest.raises(ValueError, match=r"axes in space .* got axes of the plane"):
        draw_complex(K, place, ax=axes())
    assert draw_complex(K, place[:, :2], ax=space()).name == "3d"
    assert draw_complex(K, dims=3, ax=space()).name == "3d"
    with pytest.raises(ValueError, match=r"of shape \(5, 2\), got \(5, 3\)"):
        draw_complex(K, place, ax=axes(), dims=2)


def test_labels_do_not_cover_each_other():
    hub = SimplicialComplex.from_simplices([("hub", f"leaf {i}") for i in range(30)])
    near = torch.zeros(31, 2)
    near[:, 0] = torch.linspace(0, 1e-3, 31)
    apart = torch.stack([torch.zeros(31), torch.arange(31.0)], 1)
    wide = clique_complex(nx.gnp_random_graph(60, 0.1, seed=0), 1)
    wide = wide.with_vertex_labels([f"WMW\n{v}" if v % 3 else f"MW@ {v}" for v in range(60)])
    for K, place, least, most in ((hub, near, 1, 4), (hub, apart, 11, 31), (wide, None, 20, 60)):
        figure = Figure(figsize=(5, 5), layout="constrained")
        ax = figure.add_subplot()
        ax.set_title("a title\nof two lines")
        draw_complex(K, place, ax=ax, labels=True)
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in ax.texts]
        assert least <= len(boxes) <= most
        assert K is not hub or ax.texts[0].get_text() == "hub"  # it has the most edges
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
        for x, y in ax.transData.transform(ax.collections[2].get_offsets()):
            assert not any(a.x0 < x < a.x1 and a.y0 < y < a.y1 for a in boxes)


@over("dims", [2, 3])
def test_a_layout_by_distances_keeps_them(dims):
    grid = clique_complex(nx.grid_2d_graph(12, 12), 1)
    place = pivot_layout(grid, dims=dims)
    assert place.shape == (144, dims)
    assert torch.equal(place, pivot_layout(grid, dims=dims))
    lengths = (place[grid.simplices(1)[:, 0]] - place[grid.simplices(1)[:, 1]]).norm(dim=1)
    assert 0.6 < float(lengths.min()) <= float(lengths.max()) < 1.6
    hops = torch.from_numpy(nx.floyd_warshall_numpy(nx.grid_2d_graph(12, 12)))
    flat = torch.corrcoef(torch.stack([torch.cdist(place, place).flatten(), hops.flatten()]))
    assert float(flat[0, 1]) > 0.95


def test_components_are_set_side_by_side():
    parts = [nx.cycle_graph(5), nx.path_graph(80), nx.star_graph(4), *[nx.empty_graph(1)] * 9]
    K = clique_complex(nx.disjoint_union_all(parts), 1)
    place, start, boxes = pivot_layout(K), 0, []
    for graph in parts:
        own = place[start : start + len(graph)]
        boxes.append((own.amin(0), own.amax(0)))
        start += len(graph)
    for i, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:i]:
            assert bool(((high < other_low) | (other_high < low)).any())
    assert pivot_layout(COMPLEXES["empty"]).shape == (0, 2)
    with pytest.raises(ValueError, match="at most 100000 vertices"):
        pivot_layout(SimplicialComplex(100_001))


@over("name", ["torus", "house", "union", "hollow triangle"])
def test_the_spectrum_is_that_of_the_laplacian(name):
    K = COMPLEXES[name]
    drawn = draw_spectrum(K, 1, count=99, ax=axes()).lines
    values = torch.tensor([y for line in drawn for y in line.get_ydata()], dtype=torch.float64)
    dense = torch.linalg.eigvalsh(hodge_laplacian(K, 1, dtype=torch.float64).to_dense())
    assert torch.allclose(values.sort().values, dense, atol=1e-7)
    harmonic = [line for line in drawn if line.get_label().startswith("harmonic")]
    assert sum(len(line.get_ydata()) for line in harmonic) == betti_numbers(K)[1]


def test_responses_are_drawn_by_name():
    ax = draw_response({"one": torch.ones_like, "line": lambda at: at}, 4.0, ax=axes())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "line"]
    assert ax.lines[1].get_ydata().tolist() == ax.lines[1].get_xdata().tolist()
    assert ax.lines[1].get_xdata()[[0, -1]].tolist() == [0, 4]
    assert len(draw_response(torch.ones_like, 1.0, ax=axes()).lines) == 1
    with pytest.raises(TypeError, match="responses must be functions"):
        draw_response([1.0], 1.0, ax=axes())
    with pytest.raises(ValueError, match="one value per frequency"):
        draw_response(lambda at: at[:3], 1.0, ax=axes())


@over("name", ["house", "torus", "bow tie", "isolated vertices"])
def test_classes_have_colours(name):
    K = COMPLEXES[name]
    for rounds in (0, 1, None):
        coloring = simplicial_wl(K, max_rounds=rounds)
        fills, lines, dots = draw_coloring(K, coloring, ax=axes()).collections
        for k, colors in enumerate(
            [dots.get_facecolor(), lines.get_color(), fills.get_facecolor()]
        ):
            found = {tuple(c) for c in np.asarray(colors).tolist()} if k <= K.dim else set()
            assert len(found) == (coloring.num_classes[k] if k <= K.dim else 0)
    with pytest.raises(TypeError, match="coloring must be a Coloring"):
        draw_coloring(K, [0, 1], ax=axes())
    with pytest.raises(ValueError, match="a colour for each simplex of K"):
        draw_coloring(K, simplicial_wl(COMPLEXES["3-sphere"]), ax=axes())


def test_every_class_is_drawn_and_those_that_stay_are_marked():
    K = COMPLEXES["house"]
    K = K.with_filtration([torch.full((n,), float(k)) for k, n in enumerate(K.f_vector)])
    D = persistence(K)
    bars, points = draw_barcode(D, ax=axes()), draw_diagram(D, ax=axes())
    assert sum(len(c.get_paths()) for c in bars.collections) == len(D)
    assert sum(len(c.get_offsets()) for c in points.collections) == len(D)
    arrows = [line for line in bars.lines if line.get_marker() == ">"]
    assert sum(len(line.get_xdata()) for line in arrows) == len(D.essential()) > 0
    assert draw_diagram(D[:0], ax=axes()).collections[:] == []


@over("draw", [draw_barcode, draw_diagram])
def test_diagrams_that_are_refused(draw):
    with pytest.raises(TypeError, match="D must be a Diagram"):
        draw(COMPLEXES["house"], ax=axes())
    two = SimplicialComplex.disjoint_union([SimplicialComplex(1).with_filtration([[0.0]])] * 2)
    with pytest.raises(ValueError, match="of one part, got 2"):
        draw(persistence(two), ax=axes())


def test_arrows_do_not_depend_on_the_orientation():
    K = COMPLEXES["house"]
    place, flow = torch.randn(5, 2), torch.tensor([1.0, -1.0, 0.0, 0.5, -0.5, 0.0])
    signs = torch.tensor([1, -1, -1, 1, -1, 1])
    arrows = draw_flow(K, place, flow, ax=axes()).collections[-1]
    turned = draw_flow(K.reorient({1: signs}), place, signs * flow, ax=axes()).collections[-1]
    assert len(arrows.U) == 4
    for part in ("U", "V", "X", "Y"):
        assert getattr(arrows, part).tolist() == getattr(turned, part).tolist()
    tail, head = place[K.simplices(1)[0]]
    assert arrows.U[0] == pytest.approx(float(head[0] - tail[0]))


def test_arrows_in_space_start_where_the_flow_does():
    K = COMPLEXES["house"]
    place, flow = torch.randn(5, 3), torch.tensor([1.0, -1.0, 0.0, 0.5, -0.5, 0.0])
    ax = draw_flow(K, place, flow, ax=space())
    arrows = ax.collections[-1]
    lines = np.array(list(arrows._segments3d))
    ends = K.simplices(1)[flow != 0]
    ends = torch.where(flow[flow != 0, None] > 0, ends, ends.flip(1))
    for arrow, (tail, head) in enumerate(place[ends].numpy()):
        shaft, barbs = lines[arrow], lines[[4 + arrow, 8 + arrow]]
        assert np.allclose(
            sorted(shaft.tolist()), sorted([tail.tolist(), head.tolist()]), atol=1e-6
        )
        assert np.abs(barbs - head).sum(-1).min(1).max() < 1e-6  # both meet at the head
    colors = arrows.get_color()
    assert colors[:, 3].tolist() == [1, 1, 0.5, 0.5] * 3
    assert draw_flow(K, place[:, :2], flow, ax=space()).name == "3d"
    ax.figure.savefig(BytesIO(), format="png")


def test_a_zero_flow_has_no_arrow():
    K = COMPLEXES["house"]
    assert len(draw_flow(K, torch.randn(5, 2), torch.zeros(6), ax=axes()).collections) == 3


def test_limits_in_space_do_not_depend_on_what_is_in_memory(monkeypatch):
    monkeypatch.setattr(np, "empty", lambda shape, *_, **__: np.full(shape, np.nan))
    ax = Figure().add_subplot(projection="3d")
    draw_complex(COMPLEXES["house"], torch.rand(5, 3), ax=ax)  # edges beside triangles
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim(), *ax.get_zlim()]).all()


def test_the_layout_is_reproducible():
    K = COMPLEXES["torus"]
    assert torch.equal(spring_layout(K, seed=1), spring_layout(K, seed=1))
    assert not torch.equal(spring_layout(K, seed=1), spring_layout(K, seed=2))


def test_bad_input_is_refused():
    K = COMPLEXES["house"]
    with pytest.raises(ValueError, match="positions must be"):
        draw_complex(K, torch.zeros(4, 2), ax=axes())
    with pytest.raises(ValueError, match="positions must be"):
        draw_complex(K, torch.full((5, 2), torch.nan), ax=axes())
    with pytest.raises(ValueError, match="flow must be"):
        draw_flow(K, torch.zeros(5, 2), torch.zeros(5), ax=axes())
    for call, error, message in (
        (lambda: draw_flow(K, None, "flow"), TypeError, "flow must be a tensor, an array or lists"),
        (lambda: draw_flow(K, None, 1j * torch.ones(6)), TypeError, "flow must be real"),
        (lambda: draw_flow(K, [[0.0, 1.0], [2.0]], [0.0] * 6), TypeError, "positions must be a"),
        (
            lambda: draw_complex(K, torch.full((5, 3), 1e150, dtype=torch.float64), ax=space()),
            ValueError,
            "to 1e.100 for",
        ),
        (
            lambda: draw_complex(K, torch.full((5, 2), 1e-300, dtype=torch.float64)),
            ValueError,
            "of a size from 1e-280 to 1e.300 for a picture, got 1e-300",
        ),
        (lambda: draw_complex(K, {0: (0, 1), 2: (1, 1)}), ValueError, "none for 1 and 2 others"),
        (lambda: draw_complex(nx.path_graph(2)), TypeError, "K must be a SimplicialComplex"),
        (lambda: draw_flow(nx.path_graph(2), None, [1.0]), TypeError, "K must be a Simplicial"),
        (lambda: spring_layout(K, seed=0.5), TypeError, "seed must be an integer"),
        (lambda: spring_layout([(0, 1)]), TypeError, "K must be a SimplicialComplex"),
    ):
        with pytest.raises(error, match=message):
            call()
    with pytest.raises(ValueError, match="at most 5000 vertices"):
        spring_layout(SimplicialComplex.from_simplices([], num_vertices=5001))


def test_flows_and_places_come_as_tensors_arrays_lists_and_layouts():
    K = COMPLEXES["house"]
    place, flow = torch.randn(5, 2, dtype=torch.float64), torch.randn(6, dtype=torch.float64)
    expected = draw_flow(K, place, flow, ax=axes()).collections[-1]
    array = np.ascontiguousarray(flow.numpy()[::-1])[::-1]
    assert array.strides[0] < 0
    for places, values in (
        (place.numpy(), array),
        (place.tolist(), flow.tolist()),
        (place.numpy()[::-1].copy()[::-1], flow.clone().requires_grad_()),
        (dict(enumerate(place.numpy())), flow.numpy()),
        ({v: tuple(place[v].tolist()) for v in (4, 2, 0, 1, 3)}, flow),
    ):
        made = draw_flow(K, places, values, ax=axes()).collections[-1]
        for part in ("U", "V", "X", "Y"):
            assert getattr(made, part).tolist() == getattr(expected, part).tolist()
    ints = draw_flow(K, np.eye(5, 2, dtype=np.int8), np.ones(6, dtype=np.uint16), ax=axes())
    assert len(ints.collections[-1].U) == 6


def test_a_layout_of_networkx_is_taken_by_the_labels():
    graph = nx.Graph([("c", "a"), ("a", (1, 2)), ((1, 2), "c"), ("c", 0)])
    layout = nx.circular_layout(graph)
    K = clique_complex(graph)
    vertices = draw_complex(K, layout | {"further": [0, 0]}, ax=axes()).collections[-1]
    expected = np.array([layout[label] for label in K.vertex_labels])
    assert np.array_equal(vertices.get_offsets(), expected)
    swapped = clique_complex(nx.Graph([(1, 0)]))
    assert swapped.vertex_labels == (1, 0)
    drawn = draw_complex(swapped, {0: (5, 5), 1: (7, 7)}, ax=axes()).collections[-1]
    assert np.asarray(drawn.get_offsets()).tolist() == [[7, 7], [5, 5]]
    assert len(draw_complex(COMPLEXES["empty"], {}, ax=axes()).collections) == 3


@over("name", ["$a_$", "$x^{$", "a$", "$\\alpha$", "50% & #1_2 \\ ~ {x}", "ü"])
def test_labels_are_written_letter_by_letter(name):
    K = COMPLEXES["edge"].with_vertex_labels([name, "b"])
    ax = draw_complex(K, [[0, 0], [1, 1]], ax=axes(), labels=True)
    written = ax.texts[0]
    assert written.get_text() == name
    assert not written.get_parse_math()
    ax.figure.savefig(BytesIO(), format="png")


def test_a_picture_of_a_million_edges_is_refused_before_the_layout():
    many = SimplicialComplex(2000, [torch.zeros(1_000_001, 2, dtype=torch.int64)])
    with pytest.raises(ValueError, match=r"at most 1000000 edges .* got 1000001. Draw K.skeleton"):
        draw_complex(many, ax=axes())


def test_a_long_picture_in_space_is_not_cut_off():
    place = torch.tensor([[-1.0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0.1, 0]])
    ax = draw_complex(clique_complex(nx.complete_graph(4), 1), place, ax=space())
    x, y, _ = proj3d.proj_transform(*place.T.numpy(), ax.get_proj())
    seen = ax.transAxes.inverted().transform(ax.transData.transform(np.stack([x, y], 1)))
    assert 0 < seen.min() < 0.2
    assert 0.8 < seen.max() < 1


def test_a_planar_figure_that_is_open_does_not_stop_a_picture_in_space():
    planar = draw_complex(COMPLEXES["house"])
    try:
        ax = draw_complex(COMPLEXES["house"], torch.randn(COMPLEXES["house"].num_simplices(0), 3))
        assert ax.name == "3d"
        assert ax.figure is not planar.figure
    finally:
        pyplot.close("all")
