"""Coloured noise against dense eigenvectors, its covariance, and the symmetries of the complex."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.diffusion import (
    HeatFlow,
    HeatKernel,
    HodgeNoise,
    HodgeSubspace,
    MaternKernel,
    ddim,
    ddpm,
    elbo,
    fitted_hodge_noise,
    linear_schedule,
    spaced_times,
)
from simplex.operators import (
    chebyshev_apply,
    chebyshev_coefficients,
    down_laplacian,
    hodge_decomposition,
    hodge_laplacian,
    laplacian_halves,
    part_bound,
    up_laplacian,
)
from simplex.testing import random_complex, random_orientation, relabel
from tests.cases import over
from tests.diffusion.gaussian import exact_network, normal_log_density, posterior_variance
from tests.tables import COMPLEXES


CASES = [
    (name, k)
    for name in (
        "one vertex",
        "edge and isolated vertices",
        "house",
        "torus",
        "union",
    )
    for k in range(max(COMPLEXES[name].dim, 0) + 1)
]
KERNELS = {
    "one Matern": (MaternKernel(1.3, 0.7, 2.0),),
    "one heat": (HeatKernel(0.8, 0.9),),
    "three": (MaternKernel(1.3, 0.7, 1.5), HeatKernel(0.8, 0.9), MaternKernel(2.0, 1.0, 1.0)),
    "harmonic apart": (HeatKernel(), HeatKernel(), HeatKernel(3.0)),
}


def dense_covariance(K, k, gradient, curl=None, harmonic=None):
    """P_G ψ_G(L_d) + P_C ψ_C(L_u) + ψ_H(0) P_H, from eigenvectors."""
    n = K.num_simplices(k)
    rest, total = torch.eye(n, dtype=torch.float64), torch.zeros(n, n, dtype=torch.float64)
    for matrix, kernel in ((down_laplacian, gradient), (up_laplacian, curl or gradient)):
        values, vectors = torch.linalg.eigh(matrix(K, k, dtype=torch.float64).to_dense())
        inside = values > 1e-9
        values, vectors = values[inside], vectors[:, inside]
        total += (vectors * kernel(values)) @ vectors.T
        rest -= vectors @ vectors.T
    return total + float((harmonic or gradient)(torch.zeros(1).double())) * rest


def dense_power(matrix, exponent):
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T


def roughly(dtype):
    return {"atol": 2e-5 if dtype == torch.float32 else 1e-10, "rtol": 0}


@over("law", KERNELS)
@over("name, k", CASES)
def test_powers_are_those_of_the_dense_covariance(name, k, law, dtype):
    kernels = KERNELS[law]
    K = COMPLEXES[name]
    noise, covariance = HodgeNoise(K, *kernels, k=k), dense_covariance(K, k, *kernels)
    x = torch.eye(K.num_simplices(k), dtype=dtype)
    for exponent in (1.0, 0.5, -0.5):
        expected = dense_power(covariance, exponent)
        scale = max(1.0, float(expected.abs().max()))
        got = noise.power(x, exponent).double() / scale
        torch.testing.assert_close(got, expected / scale, **roughly(dtype))


@over("kernels", [KERNELS["one heat"], KERNELS["three"]])
@over("name, k", CASES)
def test_log_det_and_trace_are_exact(name, k, kernels):
    K = COMPLEXES[name]
    noise = HodgeNoise(K, *kernels, k=k)
    parts = [dense_covariance(part, k, *kernels) if k <= part.dim else None for part in K.split()]
    for got, function in ((noise.log_det(), torch.logdet), (noise.trace(), torch.trace)):
        expected = torch.tensor([0.0 if c is None else float(function(c)) for c in parts])
        torch.testing.assert_close(got, expected.double(), atol=1e-5, rtol=1e-6)
    whole = sum(float(torch.logdet(c)) for c in parts if c is not None)
    assert float(noise.log_det().sum()) == pytest.approx(whole, abs=1e-9)


@over("name", ["house", "torus"])
def test_the_two_halves_split_the_heat_kernel(name):
    """exp(-k_d L_d - k_u L_u) = exp(-k_d L_d) + exp(-k_u L_u) - I, by polynomials and densely."""
    K = COMPLEXES[name]
    x, rates = torch.eye(K.num_simplices(1), dtype=torch.float64), (0.3, 0.7)
    generator = sum(
        rate * matrix(K, 1, dtype=x.dtype).to_dense()
        for rate, matrix in zip(rates, (down_laplacian, up_laplacian), strict=True)
    )
    halves = []
    for rate, half, bound in zip(
        rates, laplacian_halves(K, 1, x.dtype), (part_bound(K, 1), part_bound(K, 2)), strict=True
    ):
        end = float(bound.max())
        c = chebyshev_coefficients(lambda at, r=rate: torch.exp(-r * at), end, x.dtype).tolist()
        halves.append(chebyshev_apply(half, c, end, x))
    expected = torch.linalg.matrix_exp(-generator)
    torch.testing.assert_close(sum(halves) - x, expected, atol=1e-13, rtol=0)


@over("seed", [0, 1])
@over("law", KERNELS)
def test_draws_have_the_covariance(law, seed):
    kernels = KERNELS[law]
    K, draws = COMPLEXES["house"], 10_000
    like = torch.empty(K.num_simplices(1), draws, dtype=torch.float64)
    x = HodgeNoise(K, *kernels).sample(like, generator=torch.Generator().manual_seed(seed))
    covariance = dense_covariance(K, 1, *kernels)
    spread = covariance.square() + covariance.diag()[:, None] * covariance.diag()
    error = (x @ x.T / draws - covariance) / (spread / draws).sqrt()
    assert float(error.abs().max()) < 4
    assert float((x.mean(1) / (covariance.diag() / draws).sqrt()).abs().max()) < 4


@over("seed", [0, 1])
@over("k", [0, 1, 2, 3])
def test_the_same_epsilon_carried_along_gives_the_same_noise(k, seed):
    K = random_complex(seed)
    if k > K.dim:
        pytest.skip("no such simplices")
    epsilon = torch.randn(K.num_simplices(k), 2, dtype=torch.float64)
    x = HodgeNoise(K, *KERNELS["three"], k=k).color(epsilon)
    names = torch.randperm(K.num_simplices(0))
    renamed = relabel(K, names)
    moved = HodgeNoise(renamed.complex, *KERNELS["three"], k=k).color(renamed.move(epsilon, k))
    torch.testing.assert_close(moved, renamed.move(x, k), atol=1e-11, rtol=0)
    signs = random_orientation(K, seed)
    turn = signs[k][:, None] if k else 1
    turned = HodgeNoise(K.reorient(signs), *KERNELS["three"], k=k).color(turn * epsilon)
    torch.testing.assert_close(turned, turn * x, atol=1e-11, rtol=0)


def test_parts_of_a_union_are_as_alone():
    parts = [COMPLEXES["house"], COMPLEXES["torus"]]
    union = SimplicialComplex.disjoint_union(parts)
    epsilon = torch.randn(union.num_simplices(1), 3, dtype=torch.float64)
    together = HodgeNoise(union, *KERNELS["three"]).color(epsilon)
    pieces = epsilon.split([part.num_simplices(1) for part in parts])
    alone = [
        HodgeNoise(part, *KERNELS["three"]).color(piece)
        for part, piece in zip(parts, pieces, strict=True)
    ]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-11, rtol=0)


def test_batch_axes_before_and_channels_after_the_simplices(dtype):
    K = COMPLEXES["house"]
    noise = HodgeNoise(K, *KERNELS["three"])
    x = torch.randn(4, 2, K.num_simplices(1), 3, dtype=dtype)
    got = noise.color(x)
    for i in range(4):
        for j in range(2):
            torch.testing.assert_close(got[i, j], noise.color(x[i, j]), **roughly(dtype))
            for c in range(3):
                alone = noise.color(x[i, j, :, c])  # a plain vector is one channel
                torch.testing.assert_close(got[i, j, :, c], alone, **roughly(dtype))
    draw = noise.sample(x)
    assert (draw.shape, draw.dtype) == (x.shape, dtype)


def test_one_seed_gives_one_draw():
    noise, like = HodgeNoise(COMPLEXES["torus"], MaternKernel()), torch.empty(21, 1)
    first, second = (
        noise.sample(like, generator=torch.Generator().manual_seed(5)) for _ in range(2)
    )
    assert torch.equal(first, second)


@over("law", KERNELS)
def test_whitening_inverts_colouring_and_has_gradients(law):
    kernels = KERNELS[law]
    K = COMPLEXES["torus"]
    noise = HodgeNoise(K, *kernels)
    x = torch.randn(21, 2, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(noise.whiten(noise.color(x)), x, atol=1e-10, rtol=0)
    assert torch.autograd.gradcheck(noise.color, (x,), fast_mode=True)
    assert torch.autograd.gradcheck(noise.whiten, (x,), fast_mode=True)


def test_standardized_noise_has_variance_one_on_average():
    noise = HodgeNoise(COMPLEXES["torus"], *KERNELS["three"])
    assert float(noise.standardized().trace().sum()) == pytest.approx(21)
    ratio = noise.standardized().power(torch.eye(21).double(), 1) / noise.power(
        torch.eye(21).double(), 1
    )
    torch.testing.assert_close(ratio, ratio[0, 0].expand(21, 21))


def test_traces_by_probes_are_unbiased():
    noise, generator = HodgeNoise(COMPLEXES["torus"], *KERNELS["three"]), torch.Generator()
    generator.manual_seed(0)
    estimates = torch.stack([noise.log_det(1, generator=generator).sum() for _ in range(49)])
    error = estimates.mean() - noise.log_det().sum()
    assert float(error.abs()) < 4 * float(estimates.std()) / 7


def test_each_kernel_governs_its_own_part():
    """Noise with a large scale in one part has most of its energy there."""
    K, small, large = COMPLEXES["house"], HeatKernel(0.01), HeatKernel(1.0, 0.1)
    for part in range(3):
        kernels = [large if part == other else small for other in range(3)]
        x = HodgeNoise(K, *kernels).sample(torch.empty(K.num_simplices(1), 50))
        energy = torch.stack([piece.square().sum() for piece in hodge_decomposition(K, x)])
        assert int(energy.argmax()) == part


def test_covariances_that_are_not_positive_definite_are_refused():
    K = COMPLEXES["torus"]
    for kernel in (MaternKernel, HeatKernel):
        with pytest.raises(ValueError, match=r"scale must be .* in \(0, ∞\), got 0"):
            kernel(scale=0.0)
    with pytest.raises(ValueError, match=r"length must be .* in \(0, ∞\), got 0"):
        MaternKernel(length=0.0)
    with pytest.raises(ValueError, match="harmonic kernel must be positive"):
        HodgeNoise(K, HeatKernel(), harmonic=lambda at: 0 * at)
    with pytest.raises(ValueError, match="curl kernel must be positive"):
        HodgeNoise(K, HeatKernel(), curl=lambda at: 1 - at)
    with pytest.raises(ValueError, match="positive definite in double precision"):
        HodgeNoise(K, HeatKernel(length=6.0))


@over("place", ["gradient", "curl", "harmonic"])
@over(
    "kernel, error, message",
    [
        (1.0, TypeError, "eigenvalues to .m,. variances, got 1.0"),
        (0.0, TypeError, "got 0.0"),
        (lambda at: 2.0, TypeError, "one that returns float"),
        (lambda at: torch.tensor(2.0), ValueError, r"got \(\) for \(2,\)"),
        (lambda at: torch.ones(1), ValueError, r"got \(1,\) for \(2,\)"),
    ],
)
@over("name", ["torus", "one vertex"])
def test_what_is_no_kernel_is_refused_in_every_place(name, place, kernel, error, message):
    K = COMPLEXES[name]
    with pytest.raises(error, match=f"{place} must be a kernel.*{message}"):
        HodgeNoise(K, **{"gradient": HeatKernel(), place: kernel}, k=K.dim)


def test_a_gradient_kernel_that_vanishes_at_0_is_named():
    K = COMPLEXES["torus"]
    with pytest.raises(ValueError, match="which is the gradient kernel unless given, at 0"):
        HodgeNoise(K, lambda at: at)


def test_a_complex_without_the_rank_has_empty_noise():
    empty = SimplicialComplex.from_simplices([])
    noise = HodgeNoise(empty, MaternKernel(), k=0).standardized()
    assert noise.sample(torch.zeros(0, 3)).shape == (0, 3)
    point, tree = (SimplicialComplex.from_simplices([s]) for s in [(0,), (0, 1)])
    for K, k in ((empty, 1), (point, 1), (point, 2), (tree, 2), (COMPLEXES["torus"], 3)):
        noises = (
            HodgeNoise(K, MaternKernel(), k=k).standardized(),
            HodgeNoise(K, MaternKernel(), harmonic=MaternKernel(scale=2.0), k=k),
            fitted_hodge_noise(K, torch.zeros(5, 0, 1), k=k),
            HodgeSubspace(K, "gradient", k=k),
        )
        for noise in noises:
            for shape in ((0, 3), (2, 0, 3), (0,)):
                x = noise.sample(torch.zeros(shape))
                assert noise.whiten(x).shape == shape
            with pytest.raises(ValueError, match=r"one value per simplex, shape \(…, 0, C\)"):
                noise.sample(torch.zeros(4, 1))
        assert noises[1].trace().tolist() == noises[1].log_det().tolist() == [0.0] * K.num_parts
        assert noises[-1].dim == 0
        flow = HeatFlow(K, k)
        x = torch.zeros(2, 0, 1)
        for y in (flow.path(x, x, 0.5), flow.control(x, x, 0.5), flow.heat(x, 1.0), flow.drift(x)):
            assert y.shape == x.shape
        assert flow.sample(lambda x, t: x, x, [0.0, 0.5, 1.0]).shape == x.shape


def test_wrong_shapes_and_dtypes_are_refused():
    noise = HodgeNoise(COMPLEXES["torus"], MaternKernel())
    with pytest.raises(ValueError, match=r"one value per simplex, shape \(…, 21, C\)"):
        noise.color(torch.zeros(20, 1))
    with pytest.raises(ValueError, match="one value per simplex"):
        noise.color(torch.zeros(()))
    with pytest.raises(ValueError, match=r"got \(5, 21\). Rows of samples .* x\[\.\.\., None\]"):
        noise.color(torch.zeros(5, 21))
    with pytest.raises(TypeError, match="float32 or float64"):
        noise.color(torch.zeros(21, 1, dtype=torch.int64))
    with pytest.raises(ValueError, match="k must be non-negative, got -1"):
        HodgeNoise(COMPLEXES["torus"], MaternKernel(), k=-1)


# --- chains ---------------------------------------------------------------------------------------


class Replayed:
    """Coloured noise from ε written beforehand, carried along by a map of cochains."""

    def __init__(self, noise, draws, carry=lambda x: x):
        self.noise, self.draws, self.carry = noise, iter(draws), carry

    def sample(self, like, generator=None):
        return self.noise.color(self.carry(next(self.draws)))

    def whiten(self, x):
        return self.noise.whiten(x)


@over("sampler", ["ddpm", "ddim"])
@over("seed", [0, 1])
def test_chains_of_equivariant_denoisers_are_equivariant(sampler, seed):
    """So the law of the samples does not change with the names and orientations."""
    schedule = linear_schedule(100)
    times = spaced_times(schedule, 6)

    def walk(K, draws, carry):
        L = hodge_laplacian(K, 1, dtype=torch.float64)

        def denoiser(x, t):  # odd in x, by local operators only
            return torch.tanh(x) + 0.1 * torch.sparse.mm(L, x) * t[:, None] / 100

        noise = Replayed(HodgeNoise(K, *KERNELS["three"]), draws, carry)
        start = noise.sample(draws[0])
        if sampler == "ddim":
            return ddim(denoiser, start, schedule, times, eta=0.7, noise=noise)
        return ddpm(denoiser, start, schedule, times, noise=noise)

    K = random_complex(seed)
    draws = [torch.randn(K.num_simplices(1), 2, dtype=torch.float64) for _ in range(8)]
    x = walk(K, draws, lambda x: x)
    renamed, signs = relabel(K, torch.randperm(K.num_simplices(0))), random_orientation(K, seed)
    moved = walk(renamed.complex, draws, lambda x: renamed.move(x, 1))
    torch.testing.assert_close(moved, renamed.move(x, 1), atol=1e-9, rtol=1e-9)
    turned = walk(K.reorient(signs), draws, lambda x: signs[1][:, None] * x)
    torch.testing.assert_close(turned, signs[1][:, None] * x, atol=1e-9, rtol=1e-9)


def test_the_bound_of_coloured_data_under_coloured_noise_is_their_density():
    """Data N(0, s²K), noise N(0, K), exact denoiser: ELBO + ½ ln det K = -ln p in expectation."""
    K, variance, rows = COMPLEXES["house"], 0.25, 1000
    noise, schedule = HodgeNoise(K, *KERNELS["three"]), linear_schedule(100)
    x0 = variance**0.5 * noise.sample(torch.empty(rows, K.num_simplices(1), 1).double())
    bound = elbo(
        exact_network(schedule, variance),
        x0,
        schedule,
        spaced_times(schedule, 10),
        variance=posterior_variance(schedule, variance),
        noise=noise,
    )
    half = noise.log_det().sum() / 2
    exact = half - normal_log_density(noise.whiten(x0), variance**0.5)
    gap = bound.nats + half - exact
    assert abs(float(gap.mean())) < 4 * float(gap.std()) / rows**0.5
    dense = torch.distributions.MultivariateNormal(
        torch.zeros(x0.shape[1]).double(), variance * dense_covariance(K, 1, *KERNELS["three"])
    )
    torch.testing.assert_close(exact, -dense.log_prob(x0[..., 0]), atol=1e-8, rtol=0)


def test_powers_beyond_the_type_are_refused():
    noise, x = HodgeNoise(COMPLEXES["house"], HeatKernel(1.0)), torch.ones(6, 1)
    for exponent, message in (
        (10**400, "exponent must be a finite number"),
        (-200, "exponent must leave the powers of the kernels within torch.float32, got -200"),
    ):
        with pytest.raises(ValueError, match=message):
            noise.power(x, exponent)
    assert torch.equal(noise.power(x, 10**30), noise.power(x, 1e30))
