"""EMPSN: volumes and angles against other formulas, Euclidean motions, the formula pair by pair."""

import copy
import math

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import EMPSN, EMPSNConv, boundary_invariants, simplex_volumes, upper_invariants
from simplex.testing import (
    assert_batch_consistent,
    assert_inputs_untouched,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
    random_orientation,
    relabel,
)
from tests.tables import COMPLEXES


MAX_DIM = 3
FLAT = [name for name, K in COMPLEXES.items() if K.dim <= MAX_DIM]
exact = {"atol": 1e-10, "rtol": 0}


def positions(complex_, dim=4, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(complex_.num_simplices(0), dim, dtype=dtype, generator=generator)


def motion(dim, seed, reflect=False):
    """A random orthogonal matrix of determinant +1, or -1, and a translation."""
    generator = torch.Generator().manual_seed(seed)
    turn = torch.linalg.qr(torch.randn(dim, dim, dtype=torch.float64, generator=generator)).Q
    if (torch.linalg.det(turn) < 0) != reflect:
        turn[:, 0] = -turn[:, 0]
    return turn, 3 * torch.randn(dim, dtype=torch.float64, generator=generator)


def cayley_menger(points):
    """The volume from the distances alone."""
    k = len(points) - 1
    squared = ((points[:, None] - points[None]) ** 2).sum(-1)
    bordered = np.pad(squared, ((1, 0), (1, 0)), constant_values=1.0)
    bordered[0, 0] = 0
    value = (-1) ** (k + 1) * np.linalg.det(bordered) / (2**k * math.factorial(k) ** 2)
    return math.sqrt(max(value, 0))


def cosine_of_angle(common, a, b):
    """The angle at the common face: what is left of a and b when its directions are taken away."""
    u, v = a - common[0], b - common[0]
    span = (common[1:] - common[0]).T
    if span.shape[1]:
        base = np.linalg.qr(span)[0]
        u, v = u - base @ (base.T @ u), v - base @ (base.T @ v)
    return u @ v / (np.linalg.norm(u) * np.linalg.norm(v))


@pytest.mark.parametrize("name", COMPLEXES)
def test_volumes_are_those_of_the_distances(name):
    complex_ = COMPLEXES[name]
    pos = positions(complex_)
    for k in range(complex_.dim + 1):
        expected = [cayley_menger(pos[list(s)].numpy()) for s in complex_.simplices(k).tolist()]
        expected = torch.tensor(expected, dtype=torch.float64)
        torch.testing.assert_close(simplex_volumes(complex_, pos, k), expected, atol=1e-8, rtol=0)


@pytest.mark.parametrize("name", FLAT)
def test_invariants_from_their_definition(name):
    complex_ = COMPLEXES[name]
    pos = positions(complex_)
    points = pos.numpy()
    for k in range(complex_.dim + 1):
        table = upper_invariants(complex_, pos, k)
        for row, delta in enumerate(complex_.simplices(k + 1).tolist()):
            for i, b in enumerate(delta):  # the i-th facet lacks the i-th vertex
                others = [v for v in delta if v != b]
                for j, a in enumerate(others):
                    common = points[[v for v in others if v != a]]
                    sigma, tau = points[others], points[[v for v in delta if v != a]]
                    expected = [
                        np.linalg.norm(points[a] - points[b]),
                        np.linalg.norm(common - points[a], axis=-1).sum(),
                        np.linalg.norm(common - points[b], axis=-1).sum(),
                        cayley_menger(sigma) if k else 1.0,
                        cayley_menger(tau) if k else 1.0,
                        cosine_of_angle(common, points[a], points[b]) if k else 1.0,
                    ]
                    found = table[row, i, j].numpy()
                    np.testing.assert_allclose(found, expected, atol=1e-8)
        if k > 0:
            table = boundary_invariants(complex_, pos, k)
            for row, sigma in enumerate(complex_.simplices(k).tolist()):
                for i, b in enumerate(sigma):
                    tau = points[[v for v in sigma if v != b]]
                    expected = [
                        np.linalg.norm(tau - points[b], axis=-1).sum(),
                        cayley_menger(tau) if k > 1 else 1.0,
                        cayley_menger(points[sigma]),
                    ]
                    np.testing.assert_allclose(table[row, i].numpy(), expected, atol=1e-8)


def test_the_regular_tetrahedron():
    corners = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]).double()
    complex_ = COMPLEXES["filled tetrahedron"]
    corners = corners / math.sqrt(8)  # edges of length 1
    volumes = [1, 1, math.sqrt(3) / 4, 1 / (6 * math.sqrt(2))]
    for k, volume in enumerate(volumes):
        found = simplex_volumes(complex_, corners, k)
        torch.testing.assert_close(found, torch.full_like(found, volume))
    dihedral = upper_invariants(complex_, corners, 2)[..., 5]
    torch.testing.assert_close(dihedral, torch.full_like(dihedral, 1 / 3))
    at_corners = upper_invariants(complex_, corners, 1)[..., 5]
    torch.testing.assert_close(at_corners, torch.full_like(at_corners, 1 / 2))


def test_flat_simplices_have_finite_gradients():
    complex_ = COMPLEXES["filled tetrahedron"]
    for pos in (torch.zeros(4, 3), torch.arange(12.0).view(4, 3), torch.eye(4)[:, :2]):
        pos = pos.double().requires_grad_()
        values = [upper_invariants(complex_, pos, k).sum() for k in range(3)]
        values += [boundary_invariants(complex_, pos, k).sum() for k in range(1, 4)]
        (gradient,) = torch.autograd.grad(sum(values), pos)
        assert all(value.isfinite() for value in values)
        assert gradient.isfinite().all()


def test_gradients_of_the_invariants():
    complex_ = COMPLEXES["filled tetrahedron"]
    pos = positions(complex_, 3).requires_grad_()
    for k in range(3):
        assert torch.autograd.gradcheck(lambda p, k=k: upper_invariants(complex_, p, k), (pos,))
        assert torch.autograd.gradcheck(
            lambda p, k=k: boundary_invariants(complex_, p, k + 1), (pos,)
        )


def conv_from_pairs(conv, x, complex_, pos):
    """The layer simplex by simplex, with the first dense layer applied to the concatenation."""

    def message(m, own, other, invariants):
        weight = torch.cat([m.receive.weight, m.send.weight, m.see.weight], 1)
        first = weight @ torch.cat([own, other, torch.stack(invariants)]) + m.receive.bias
        second = torch.nn.functional.silu(m.second(torch.nn.functional.silu(first)))
        return second * torch.sigmoid(m.gate(second))

    def volume(s):
        return simplex_volumes(COMPLEXES[_FULL[len(s)]], pos[list(s)], len(s) - 1)[0]

    levels = [list(map(tuple, complex_.simplices(k).tolist())) for k in range(complex_.dim + 1)]
    result, moved = [], pos.clone()
    for k, level in enumerate(levels):
        rows = []
        for s, sigma in enumerate(level):
            state = [x[k][s]]
            if k > 0:
                total = x[k].new_zeros(conv.out_channels)
                for b in sigma:
                    tau = tuple(v for v in sigma if v != b)
                    invariants = [
                        sum((pos[p] - pos[b]).norm() for p in tau),
                        volume(tau),
                        volume(sigma),
                    ]
                    other = x[k - 1][levels[k - 1].index(tau)]
                    total = total + message(conv.boundary[k - 1], x[k][s], other, invariants)
                state.append(total)
            if k < MAX_DIM:
                total, shift, count = x[k].new_zeros(conv.out_channels), 0, 0
                for delta in levels[k + 1] if k < complex_.dim else []:
                    if not set(sigma) < set(delta):
                        continue
                    for a in sigma:
                        (b,) = set(delta) - set(sigma)
                        tau = tuple(v for v in delta if v != a)
                        common = [v for v in sigma if v != a]
                        cosine = (
                            cosine_of_angle(*(pos[i].numpy() for i in (common, a, b))) if k else 1
                        )
                        zero = torch.zeros((), dtype=pos.dtype)
                        invariants = [
                            (pos[a] - pos[b]).norm(),
                            sum(((pos[p] - pos[a]).norm() for p in common), zero),
                            sum(((pos[p] - pos[b]).norm() for p in common), zero),
                            volume(sigma),
                            volume(tau),
                            torch.tensor(cosine, dtype=pos.dtype),
                        ]
                        other = x[k][levels[k].index(tau)]
                        arrived = message(conv.upper[k], x[k][s], other, invariants)
                        total, count = total + arrived, count + 1
                        if k == 0:
                            shift = shift + (pos[s] - pos[b]) * conv.move(arrived)
                state.append(total)
                if k == 0:
                    moved[s] = pos[s] + shift / max(count, 1)
            rows.append(conv.skip[k](x[k][s]) + conv.update[k](torch.cat(state)))
        result.append(torch.stack(rows) if rows else x[k].new_zeros(0, conv.out_channels))
    return result, moved


_FULL = {1: "one vertex", 2: "edge", 3: "filled triangle", 4: "filled tetrahedron"}


@pytest.mark.parametrize("name", ["house", "random 0", "random 1", "filled tetrahedron", "union"])
@torch.no_grad()
def test_layer_is_its_formula(name):
    complex_ = COMPLEXES[name]
    conv = EMPSNConv(2, 4, MAX_DIM).double()
    x, pos = random_cochains(complex_, 2, MAX_DIM, dtype=torch.float64), positions(complex_, 3)
    h, moved = conv(x, complex_, pos)
    expected, expected_pos = conv_from_pairs(conv, x, complex_, pos)
    for y, z in zip(h, expected, strict=False):
        torch.testing.assert_close(y, z, **exact)
    torch.testing.assert_close(moved, expected_pos, **exact)


@pytest.mark.parametrize("reflect", [False, True])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("dim", "max_dim"), [(2, 2), (3, 3), (5, 3)])
def test_features_are_invariant_and_positions_equivariant(dim, max_dim, seed, reflect):
    complex_ = random_complex(seed, max_dim=max_dim)
    turn, step = motion(dim, seed, reflect)
    x = random_cochains(complex_, 2, max_dim, dtype=torch.float64)
    pos = positions(complex_, dim, seed=seed)
    conv = EMPSNConv(2, 4, max_dim).double()
    (h, moved), (g, followed) = conv(x, complex_, pos), conv(x, complex_, pos @ turn.T + step)
    for y, z in zip(h, g, strict=True):
        torch.testing.assert_close(z, y, **exact)
    torch.testing.assert_close(followed, moved @ turn.T + step, **exact)
    assert (moved - pos).abs().max() > 1e-3
    model = EMPSN(2, 4, 3, num_layers=2, max_dim=max_dim, update_pos=True).double()
    torch.testing.assert_close(
        model(x, complex_, pos @ turn.T + step), model(x, complex_, pos), **exact
    )
    others = model(x, complex_, 2 * pos)
    assert (others - model(x, complex_, pos)).abs().max() > 1e-3  # sizes are seen


@pytest.mark.parametrize("seed", range(2))
def test_equivariant_under_relabelling_blind_to_orientation(seed, dtype):
    complex_ = random_complex(seed)
    x = random_cochains(complex_, 2, dtype=dtype)
    pos = positions(complex_, 3, dtype, seed)
    names = torch.randperm(8, generator=torch.Generator().manual_seed(seed))
    conv = EMPSNConv(2, 4, complex_.dim).to(dtype)
    moved = relabel(complex_, names)
    image = torch.empty_like(pos).index_copy(0, names, pos)
    h, after = conv(x, complex_, pos)
    g, followed = conv([moved.move(v, k) for k, v in enumerate(x)], moved.complex, image)
    close = exact if dtype == torch.float64 else {"atol": 1e-4, "rtol": 1e-4}
    for k, (y, z) in enumerate(zip(h, g, strict=True)):
        torch.testing.assert_close(z, moved.move(y, k), **close)
    torch.testing.assert_close(followed[names], after, **close)
    turned, _ = conv(x, complex_.reorient(random_orientation(complex_)), pos)
    for y, z in zip(h, turned, strict=True):
        assert torch.equal(y, z)


@pytest.mark.parametrize("update_pos", [False, True])
def test_batched_and_untouched(update_pos, dtype):
    # Positions ride along as features of the vertices.
    network = EMPSN(2, 4, 3, num_layers=2, max_dim=3, update_pos=update_pos).to(dtype)

    def layer(x, complex_):
        return network([x[0][:, :2], *x[1:]], complex_, x[0][:, 2:])

    items = [
        (random_cochains(K, (5, 2, 2, 2), 3, dtype=dtype, seed=i), K)
        for i, K in enumerate([random_complex(0), COMPLEXES["empty"], COMPLEXES["house"]])
    ]
    assert_batch_consistent(layer, items)
    assert_inputs_untouched(layer, *items[0])
    assert_permutation_equivariant(layer, *items[0])
    h, pos = network.encode(
        [items[0][0][0][:, :2], *items[0][0][1:]], items[0][1], items[0][0][0][:, 2:]
    )
    assert [tuple(y.shape) for y in h] == [(n, 4) for n in items[0][1].f_vector]
    assert torch.equal(pos, items[0][0][0][:, 2:]) != update_pos


def test_gradients_against_finite_differences():
    complex_ = COMPLEXES["filled triangle"]
    conv = EMPSNConv(2, 3, 2).double()
    x = random_cochains(complex_, 2, dtype=torch.float64)
    inputs = [*(v.requires_grad_() for v in x), positions(complex_, 3).requires_grad_()]

    def call(*inputs):
        h, pos = conv(inputs[:-1], complex_, inputs[-1])
        return (*h, pos)

    assert torch.autograd.gradcheck(call, inputs, fast_mode=True)


def test_every_parameter_is_used_and_drawn_anew():
    complex_ = COMPLEXES["filled tetrahedron"]
    conv = EMPSNConv(2, 4, MAX_DIM)
    h, pos = conv(random_cochains(complex_, 2), complex_, positions(complex_, 3).float())
    (sum(y.square().sum() for y in h) + pos.square().sum()).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in conv.parameters())
    before = {name: value.clone() for name, value in conv.state_dict().items()}
    conv.reset_parameters()
    assert all(not torch.equal(before[name], v) for name, v in conv.state_dict().items())
    model = EMPSN(2, 4, 3, num_layers=2, max_dim=MAX_DIM)
    model(random_cochains(complex_, 2), complex_, positions(complex_, 3).float()).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_widths_copies_and_states():
    complex_ = COMPLEXES["filled tetrahedron"]
    pos = positions(complex_, 3).float()
    x = random_cochains(complex_, (5, 2, 3, 4))
    h, _ = EMPSNConv((5, 2, 3, 4), 4, MAX_DIM)(x, complex_, pos)
    assert [tuple(y.shape) for y in h] == [(4, 4), (6, 4), (4, 4), (1, 4)]
    lazy, known = EMPSNConv(-1, 4, MAX_DIM), EMPSNConv((5, 2, 3, 7), 4, MAX_DIM)
    x = random_cochains(complex_, (5, 2, 3, 7))
    lazy(x, complex_, pos)
    known.load_state_dict(lazy.state_dict())
    for other in (known, copy.deepcopy(known)):
        for y, z in zip(lazy(x, complex_, pos)[0], other(x, complex_, pos)[0], strict=True):
            assert torch.equal(y, z)


@pytest.mark.parametrize("name", ["empty", "one vertex", "isolated vertices", "edge"])
def test_empty_ranks(name):
    complex_ = COMPLEXES[name]
    model = EMPSN(2, 4, 3, num_layers=2, max_dim=2)
    x = random_cochains(complex_, 2, 2)
    assert model(x, complex_, positions(complex_, 3).float()).isfinite().all()


def test_autocast():
    complex_ = COMPLEXES["torus"]
    conv, x = EMPSNConv(2, 4, 2), random_cochains(COMPLEXES["torus"], 2)
    pos = positions(complex_, 3).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough, moved = conv(x, complex_, pos)
    h, exactly = conv(x, complex_, pos)
    assert moved.dtype == torch.float32
    torch.testing.assert_close(moved, exactly, atol=0.1, rtol=0.1)
    for y, z in zip(rough, h, strict=True):
        torch.testing.assert_close(y.float(), z, atol=0.2, rtol=0.1)


def test_traces_as_one_graph_with_dynamic_sizes():
    conv = EMPSNConv(2, 4, 2).double()
    compiled = torch.compile(conv, fullgraph=True, dynamic=True, backend="eager")
    for seed in range(3):
        complex_ = random_complex(seed, num_vertices=8 + seed, max_dim=2)
        x, pos = random_cochains(complex_, 2, 2, dtype=torch.float64), positions(complex_, 3)
        (h, moved), (g, followed) = conv(x, complex_, pos), compiled(x, complex_, pos)
        torch.testing.assert_close(followed, moved)
        for y, z in zip(h, g, strict=True):
            torch.testing.assert_close(z, y)


def test_a_bend_between_two_triangles_is_seen_by_moving_positions_alone():
    """No tetrahedron holds both triangles, so no invariant does."""
    complex_ = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3)])
    flat = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], dtype=torch.float64)
    bent = flat.clone()
    bent[3] = torch.tensor([0.5, 0.5, math.sqrt(0.5)], dtype=torch.float64)
    x = [torch.ones(n, 1, dtype=torch.float64) for n in complex_.f_vector]
    for update_pos in (False, True):
        model = EMPSN(1, 8, 3, num_layers=2, max_dim=2, update_pos=update_pos).double()
        gap = (model(x, complex_, flat) - model(x, complex_, bent)).abs().max()
        assert (gap > 1e-6) == update_pos


def test_repr_and_wrong_positions():
    conv = EMPSNConv(16, 32, 2)
    assert repr(conv) == "EMPSNConv(16, 32, max_dim=2)"
    x = random_cochains(COMPLEXES["house"], 16)
    with pytest.raises(ValueError, match=r"pos must have shape \(n_0, D\) with n_0 = 5, got"):
        conv(x, COMPLEXES["house"], torch.zeros(4, 3))
