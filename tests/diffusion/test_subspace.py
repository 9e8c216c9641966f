"""Chains inside a Hodge subspace: they never leave it, whatever the denoiser says."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.diffusion import (
    HeatKernel,
    HodgeNoise,
    HodgeSubspace,
    MaternKernel,
    ddim,
    ddpm,
    dpmpp_2m,
    dpmpp_2m_sde,
    edm_sigmas,
    heun_edm,
    heun_flow,
    linear_schedule,
    q_sample,
    spaced_times,
)
from simplex.operators import (
    betti_numbers,
    boundary_matrix,
    coboundary_matrix,
    down_laplacian,
    up_laplacian,
)
from simplex.testing import random_complex, random_orientation, relabel
from tests.cases import over
from tests.tables import COMPLEXES


SUBSPACES = {  # which of (gradient, curl, harmonic) each of them keeps
    "gradient": (True, False, False),
    "curl": (False, True, False),
    "harmonic": (False, False, True),
    "divergence-free": (False, True, True),
    "curl-free": (True, False, True),
    "gradient and curl": (True, True, False),
}


def leaky(x, t):
    """A denoiser that knows nothing of subspaces."""
    return torch.sin(3 * x) + 0.1 * x.flip(0) + 0.3


SCHEDULE = linear_schedule(100)
TIMES = spaced_times(SCHEDULE, 6)
SAMPLERS = {
    "ddpm": lambda m, x, noise: ddpm(m, x, SCHEDULE, TIMES, noise=noise),
    "ddpm on x0": lambda m, x, noise: ddpm(m, x, SCHEDULE, TIMES, prediction="x0", noise=noise),
    "ddim": lambda m, x, noise: ddim(m, x, SCHEDULE, TIMES, eta=0.5, noise=noise),
    "dpmpp_2m": lambda m, x, noise: dpmpp_2m(m, x, SCHEDULE, TIMES),
    "dpmpp_2m_sde": lambda m, x, noise: dpmpp_2m_sde(m, x, SCHEDULE, TIMES, noise=noise),
    "heun_edm": lambda m, x, noise: heun_edm(m, 10 * x, edm_sigmas(5), churn=2.0, noise=noise),
    "heun_flow": lambda m, x, noise: heun_flow(m, x, torch.linspace(0, 1, 5)),
}


@over("subspace", SUBSPACES)
@over("name", ["torus", "union"])
def test_projections_are_the_dense_ones(name, subspace, dtype):
    K = COMPLEXES[name]
    for k in range(K.dim + 1):
        n = K.num_simplices(k)
        eye = torch.eye(n, dtype=torch.float64)
        gradient, curl = (
            L @ torch.linalg.pinv(L, hermitian=True)
            for L in (m(K, k, dtype=eye.dtype).to_dense() for m in (down_laplacian, up_laplacian))
        )
        parts = (gradient, curl, eye - gradient - curl)
        expected = sum(
            (part for part, keep in zip(parts, SUBSPACES[subspace], strict=True) if keep), 0 * eye
        )
        flows = HodgeSubspace(K, subspace, k=k)
        got = flows.project(eye.to(dtype)).double()
        torch.testing.assert_close(
            got, expected, atol=1e-6 if dtype == torch.float32 else 1e-11, rtol=0
        )
        assert flows.dim == round(float(expected.trace()))


@over("noise", [None, "coloured"])
@over("name", SAMPLERS)
@over("subspace", ["divergence-free", "gradient"])
def test_the_whole_chain_stays_inside(subspace, name, noise):
    sampler = SAMPLERS[name]
    K = COMPLEXES["house"]
    base = HodgeNoise(K, MaternKernel(), harmonic=HeatKernel(2.0)) if noise else None
    flows, seen = HodgeSubspace(K, subspace, noise=base), []

    def watched(x, t):
        seen.append(x.clone())
        return leaky(x, t)

    start = flows.sample(torch.empty(K.num_simplices(1), 3, dtype=torch.float64))
    end = sampler(flows.denoiser(watched), start, flows)
    assert len(seen) >= 6
    matrices = {
        "divergence-free": boundary_matrix(K, 1, dtype=start.dtype),
        "gradient": coboundary_matrix(K, 1, dtype=start.dtype),
    }
    for x in [*seen, end]:
        assert float((matrices[subspace] @ x).norm()) < 1e-9 * max(1.0, float(x.norm()))
    outside = sampler(leaky, start, flows)
    assert float((matrices[subspace] @ outside).norm()) > 1e-2  # the projection is needed


def test_noised_data_stay_inside(dtype):
    K = COMPLEXES["torus"]
    flows = HodgeSubspace(K, "divergence-free")
    data = flows.project(torch.randn(21, 4, dtype=dtype))
    for t in (1, 50, 100):
        x = q_sample(data, torch.tensor(t), SCHEDULE, flows.sample(data))
        divergence = boundary_matrix(K, 1, dtype=dtype) @ x
        assert float(divergence.norm()) < (1e-5 if dtype == torch.float32 else 1e-10)


@over("seed", [0, 1])
def test_projections_move_with_names_and_orientations(seed):
    K = random_complex(seed)
    signs, names = random_orientation(K, seed), torch.randperm(K.num_simplices(0))
    for subspace in SUBSPACES:
        x = torch.randn(K.num_simplices(1), 2, dtype=torch.float64)
        y = HodgeSubspace(K, subspace).project(x)
        renamed = relabel(K, names)
        moved = HodgeSubspace(renamed.complex, subspace).project(renamed.move(x, 1))
        torch.testing.assert_close(moved, renamed.move(y, 1), atol=1e-10, rtol=0)
        turn = signs[1][:, None]
        turned = HodgeSubspace(K.reorient(signs), subspace).project(turn * x)
        torch.testing.assert_close(turned, turn * y, atol=1e-10, rtol=0)


@over("seed", [0, 1])
def test_draws_are_white_on_the_subspace(seed):
    K, draws = COMPLEXES["torus"], 20_000
    flows = HodgeSubspace(K, "harmonic")
    like = torch.empty(21, draws, dtype=torch.float64)
    energy = flows.sample(like, generator=torch.Generator().manual_seed(seed)).square().sum(0)
    assert flows.dim == betti_numbers(K)[1] == 2
    assert abs(float(energy.mean()) - 2) < 4 * (2 * 2 / draws) ** 0.5  # χ² of 2 degrees


def test_whitening_inverts_inside():
    K = COMPLEXES["torus"]
    flows = HodgeSubspace(K, "divergence-free", noise=HodgeNoise(K, MaternKernel(), HeatKernel()))
    epsilon = flows.project(torch.randn(21, 2, dtype=torch.float64))
    coloured = flows.noise.color(epsilon)
    torch.testing.assert_close(flows.project(coloured), coloured, atol=1e-10, rtol=0)
    torch.testing.assert_close(flows.whiten(coloured), epsilon, atol=1e-10, rtol=0)


def test_parts_of_a_union_and_batches():
    parts = [COMPLEXES["house"], COMPLEXES["torus"]]
    union = SimplicialComplex.disjoint_union(parts)
    x = torch.randn(union.num_simplices(1), 2, dtype=torch.float64)
    together = HodgeSubspace(union, "gradient").project(x)
    pieces = x.split([part.num_simplices(1) for part in parts])
    alone = [
        HodgeSubspace(part, "gradient").project(piece)
        for part, piece in zip(parts, pieces, strict=True)
    ]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-11, rtol=0)
    rows = HodgeSubspace(union, "gradient").project(x.T[..., None])
    torch.testing.assert_close(rows[..., 0], together.T, atol=1e-11, rtol=0)


def test_gradients_flow_through_the_projection():
    flows = HodgeSubspace(COMPLEXES["house"], "curl-free")
    x = torch.randn(flows.complex.num_simplices(1), 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(flows.project, (x,), fast_mode=True)


def test_bad_arguments_are_refused():
    K = COMPLEXES["house"]
    with pytest.raises(ValueError, match="subspace must be one of"):
        HodgeSubspace(K, "rotational")
    flows = HodgeSubspace(K, "gradient")
    with pytest.raises(ValueError, match="finite"):
        flows.project(torch.full((K.num_simplices(1), 1), torch.nan))
    with pytest.raises(ValueError, match="one value per simplex"):
        flows.project(torch.zeros(3, 1))
