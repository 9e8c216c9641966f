"""Topological flow matching: bridges against hyperbolic functions, flows against their ends."""

import math
from itertools import pairwise

import pytest
import torch

from simplex import SimplicialComplex
from simplex.diffusion import (
    HeatFlow,
    bridge_weights,
    control_weights,
    heun_flow,
    phi_1,
    phi_2,
)
from simplex.operators import down_laplacian, hodge_decomposition, up_laplacian
from simplex.testing import random_complex, random_orientation, relabel
from tests.cases import over
from tests.tables import COMPLEXES


RATES = [(0.0, 0.0), (1.0, 1.0), (0.3, 2.0), (2.0, 0.0)]


def dense(K, k, rates):
    """The eigenvalues and eigenvectors of A = κ_d L_d + κ_u L_u."""
    down, up = (L(K, k, dtype=torch.float64).to_dense() for L in (down_laplacian, up_laplacian))
    return torch.linalg.eigh(rates[0] * down + rates[1] * up)


def pair(K, k, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    n = K.num_simplices(k)
    return [torch.randn(n, 3, generator=generator, dtype=dtype) for _ in range(2)]


# --- one mode -------------------------------------------------------------------------------------


@over("a", [1e-3, 0.1, 0.7, 3.0, 20.0])
@over("t", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_the_safe_forms_are_the_hyperbolic_ones(a, t):
    rate, time = torch.tensor(a, dtype=torch.float64), torch.tensor(t, dtype=torch.float64)
    start, end = bridge_weights(rate, time)
    assert float(start) == pytest.approx(math.sinh(a * (1 - t)) / math.sinh(a), abs=1e-12)
    assert float(end) == pytest.approx(math.sinh(a * t) / math.sinh(a), abs=1e-12)
    on_start, on_end = control_weights(rate, time)
    scale = a * math.exp(a * t) / math.sinh(a)
    assert float(on_end) == pytest.approx(scale, rel=1e-10)
    assert float(on_start) == pytest.approx(-scale * math.exp(-a), rel=1e-10)


@over("t", [0.1, 0.5, 0.8])
@over("a", [0.0, 0.3, 5.0, 40.0])
def test_the_control_is_the_derivative_plus_the_decay(a, t):
    rate = torch.tensor(a, dtype=torch.float64)
    time = torch.tensor(t, dtype=torch.float64, requires_grad=True)
    for place in (0, 1):
        weight = bridge_weights(rate, time)[place]
        (slope,) = torch.autograd.grad(weight, time)
        control = control_weights(rate, time)[place]
        torch.testing.assert_close(control, slope + a * weight.detach(), atol=1e-10, rtol=1e-10)


@over("t", [0.0, 0.3, 1.0])
def test_without_decay_the_path_is_straight(t, dtype):
    time = torch.tensor(t, dtype=dtype)
    for a in (0.0, 1e-12):
        rate = torch.tensor(a, dtype=dtype)
        torch.testing.assert_close(
            torch.stack(bridge_weights(rate, time)), torch.stack([1 - time, time])
        )
        torch.testing.assert_close(
            torch.stack(control_weights(rate, time)), torch.tensor([-1.0, 1.0], dtype=dtype)
        )


@over("weights", [bridge_weights, control_weights])
def test_values_and_gradients_are_finite_at_both_ends(weights, dtype):
    a = torch.tensor([0.0, 1e-30, 1e-8, 1.0, 50.0, 1e4], dtype=dtype, requires_grad=True)
    t = torch.tensor([[0.0], [0.5], [1.0]], dtype=dtype, requires_grad=True)
    values = torch.stack(weights(a, t))
    gradients = torch.autograd.grad(values.sum(), (a, t))
    assert all(bool(x.isfinite().all()) for x in (values, *gradients))


@over("phi", [phi_1, phi_2])
def test_phi_and_its_derivatives_have_no_seam(phi):
    x = torch.tensor([0.0, 1e-9, 0.1, 0.4999, 0.5, 0.5001, 2.0, 30.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(phi, (x[2:].clone().requires_grad_(),))
    s = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    integrand = torch.exp(-x[:, None] * s) * (1.0 if phi is phi_1 else 1 - s)
    torch.testing.assert_close(phi(x), integrand.mean(1), atol=1e-7, rtol=0)
    y = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(phi(y).sum(), y)
    torch.testing.assert_close(slope, (-s * integrand).mean(1), atol=1e-7, rtol=0)


# --- on complexes ---------------------------------------------------------------------------------


@over("rates", RATES)
@over(
    "name, k", [("house", 0), ("house", 1), ("torus", 1), ("torus", 2), ("union", 1), ("edge", 1)]
)
def test_paths_and_controls_are_those_of_the_eigenbasis(name, k, rates, dtype):
    K = COMPLEXES[name]
    flow = HeatFlow(K, k, down=rates[0], up=rates[1])
    z, x0 = pair(K, k, dtype)
    values, vectors = dense(K, k, rates)
    y0, y1 = (vectors.T @ x.double() for x in (z, x0))
    for t in (0.0, 0.4, 1.0):
        for got, weights in (
            (flow.path(x0, z, t), bridge_weights),
            (flow.control(x0, z, t), control_weights),
        ):
            start, end = weights(values.clamp(min=0)[:, None], torch.tensor(t, dtype=torch.float64))
            expected = vectors @ (start * y0 + end * y1)
            tolerance = 2e-5 if dtype == torch.float32 else 1e-10
            torch.testing.assert_close(got.double(), expected, atol=tolerance, rtol=tolerance)
    heat = (vectors * torch.exp(-0.7 * values)) @ vectors.T @ z.double()
    torch.testing.assert_close(flow.heat(z, 0.7).double(), heat, atol=1e-5, rtol=1e-5)
    drift = -(vectors * values) @ vectors.T @ z.double()
    torch.testing.assert_close(flow.drift(z).double(), drift, atol=1e-4, rtol=1e-5)


def test_paths_have_their_ends_and_harmonic_parts_go_straight():
    K = COMPLEXES["torus"]
    z, x0 = pair(K, 1)
    flow = HeatFlow(K, down=2.0, up=2.0)
    torch.testing.assert_close(flow.path(x0, z, 0.0), z, atol=1e-12, rtol=0)
    torch.testing.assert_close(flow.path(x0, z, 1.0), x0, atol=1e-12, rtol=0)
    middle, straight = (
        hodge_decomposition(K, x)[2] for x in (flow.path(x0, z, 0.3), 0.7 * z + 0.3 * x0)
    )
    torch.testing.assert_close(middle, straight, atol=1e-10, rtol=0)


def test_no_rates_is_flow_matching():
    K = COMPLEXES["house"]
    z, x0 = pair(K, 1)
    flow = HeatFlow(K, down=0.0, up=0.0)
    torch.testing.assert_close(flow.path(x0, z, 0.25), 0.75 * z + 0.25 * x0)
    torch.testing.assert_close(flow.control(x0, z, 0.25), x0 - z)


@over("k", [0, 1, 2])
def test_times_may_differ_from_part_to_part_and_sample_to_sample(k):
    parts = [COMPLEXES["house"], COMPLEXES["torus"], COMPLEXES["torus"]]
    union = SimplicialComplex.disjoint_union(parts)
    z, x0 = pair(union, k)
    times = torch.tensor([0.2, 0.9, 0.5], dtype=torch.float64)
    together = HeatFlow(union, k).path(x0, z, times[union.part(k)])
    sizes = [part.num_simplices(k) for part in parts]
    alone = [
        HeatFlow(part, k).path(a, b, t)
        for part, a, b, t in zip(parts, x0.split(sizes), z.split(sizes), times, strict=True)
    ]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-11, rtol=0)
    batch = HeatFlow(union, k).control(x0.T[..., None], z.T[..., None], times)
    singly = [HeatFlow(union, k).control(x0[:, i], z[:, i], times[i]) for i in range(3)]
    torch.testing.assert_close(batch[..., 0], torch.stack(singly), atol=1e-11, rtol=0)


@over("seed", [0, 1])
def test_paths_move_with_names_and_orientations(seed):
    K = random_complex(seed)
    z, x0 = pair(K, 1, seed=seed)
    rates = {"down": 0.4, "up": 1.3}
    path = HeatFlow(K, **rates).path(x0, z, 0.3)
    renamed = relabel(K, torch.randperm(K.num_simplices(0)))
    moved = HeatFlow(renamed.complex, **rates).path(renamed.move(x0, 1), renamed.move(z, 1), 0.3)
    torch.testing.assert_close(moved, renamed.move(path, 1), atol=1e-11, rtol=0)
    signs = random_orientation(K, seed)
    turn = signs[1][:, None]
    turned = HeatFlow(K.reorient(signs), **rates).path(turn * x0, turn * z, 0.3)
    torch.testing.assert_close(turned, turn * path, atol=1e-11, rtol=0)


# --- flows ----------------------------------------------------------------------------------------


def test_the_exact_control_leads_from_end_to_end_at_second_order():
    """The integrator is exact in the drift, of order 2 in the control."""
    K = COMPLEXES["torus"]
    flow = HeatFlow(K, down=0.5, up=0.5)
    z, x0 = pair(K, 1)

    def control(x, t):
        return flow.control(x0, z, float(t[0]))

    errors = []
    for steps in (6, 12, 24):
        x = flow.sample(control, z, torch.linspace(0, 1, steps + 1, dtype=torch.float64))
        errors.append(float((x - x0).norm() / x0.norm()))
    assert errors[2] < 0.01
    assert all(3.5 < a / b < 4.5 for a, b in pairwise(errors))


def test_stiff_drifts_need_no_small_steps():
    """Constant controls are integrated exactly, at rates where Heun's method explodes."""
    K = COMPLEXES["torus"]
    flow = HeatFlow(K, down=50.0, up=50.0)
    z, pull = pair(K, 1)
    got = flow.sample(lambda x, t: pull, z, [0.0, 0.5, 1.0])
    values, vectors = dense(K, 1, (50.0, 50.0))
    decay, mean = torch.exp(-values), phi_1(values.clamp(min=0))
    expected = vectors @ (decay[:, None] * (vectors.T @ z) + mean[:, None] * (vectors.T @ pull))
    torch.testing.assert_close(got, expected, atol=1e-9, rtol=0)
    exploded = heun_flow(flow.velocity(lambda x, t: pull), z, torch.tensor([0.0, 0.5, 1.0]))
    assert float(exploded.norm()) > 1e3 * float(expected.norm())


def test_the_whole_velocity_runs_in_other_solvers():
    K = COMPLEXES["house"]
    flow = HeatFlow(K)
    z, x0 = pair(K, 1)
    times = torch.linspace(0, 1, 31, dtype=torch.float64)
    got = heun_flow(flow.velocity(lambda x, t: flow.control(x0, z, float(t[0]))), z, times)
    torch.testing.assert_close(got, x0, atol=0.03, rtol=0)


def test_the_loss_vanishes_at_the_control_and_has_gradients():
    K = COMPLEXES["house"]
    flow = HeatFlow(K)
    z, x0 = pair(K, 1)
    exact = flow.loss(lambda x, t: flow.control(x0, z, 0.4), x0, z, 0.4)
    torch.testing.assert_close(exact, torch.zeros(len(x0)).double(), atol=0, rtol=0)
    weight = torch.zeros((), dtype=torch.float64, requires_grad=True)
    loss = flow.loss(lambda x, t: weight * x, x0, z, 0.4)
    torch.testing.assert_close(loss.detach(), flow.control(x0, z, 0.4).square().mean(1))
    (slope,) = torch.autograd.grad(loss.sum(), weight)
    assert float(slope.abs()) > 0


def test_the_loss_is_per_row():
    K = COMPLEXES["house"]
    flow, t = HeatFlow(K), torch.tensor([0.2, 0.9, 0.5], dtype=torch.float64)
    z, x0 = (each.T[..., None] for each in pair(K, 1))  # (3, n_1, 1)
    together = flow.loss(lambda x, t: x.tanh() * t[:, None, None], x0, z, t)
    assert together.shape == (3,)
    for i in range(3):
        row = slice(i, i + 1)
        alone = flow.loss(lambda x, t: x.tanh() * t[:, None, None], x0[row], z[row], t[row])
        torch.testing.assert_close(together[row], alone)


def test_gradients_flow_through_paths():
    flow, (z, x0) = HeatFlow(COMPLEXES["house"]), pair(COMPLEXES["house"], 1)
    z.requires_grad_(), x0.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: flow.path(a, b, 0.3), (z, x0), fast_mode=True)
    assert torch.autograd.gradcheck(flow.drift, (z,), fast_mode=True)


def test_bad_arguments_are_refused():
    K = COMPLEXES["torus"]
    flow, (z, x0) = HeatFlow(K), pair(K, 1)
    with pytest.raises(ValueError, match=r"down must be a finite number in \[0, ∞\), got -1"):
        HeatFlow(K, down=-1.0)
    with pytest.raises(ValueError, match="shape of the data"):
        flow.path(z[:, :1], x0, 0.5)
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        flow.path(x0, z, 1.5)
    with pytest.raises(ValueError, match="constant on each part"):
        flow.path(x0, z, torch.linspace(0, 1, 21))
    with pytest.raises(ValueError, match="leading dimensions"):
        flow.path(x0, z, torch.zeros(5))
    with pytest.raises(ValueError, match="increase"):
        flow.sample(lambda x, t: x, z, [0.0, 0.5, 0.5])
    with pytest.raises(TypeError, match="float32 or float64"):
        flow.heat(torch.zeros(21, 1, dtype=torch.int64), 0.1)

    def broken(x, t):
        return x * (torch.nan if float(t[0]) > 0.4 else 1.0)

    with pytest.raises(ValueError, match=r"NaN or infinite at step 0, time 0\.5"):
        flow.sample(broken, z, [0.0, 0.5, 1.0])
