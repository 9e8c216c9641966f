"""Linear functions are linear: c x gives c f(x), however large or small the unit c is."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.lifting import random_clique_complex
from simplex.operators import hodge_decomposition
from simplex.signals import (
    HodgeGP,
    RationalResponse,
    denoise,
    fit_hodge_filter,
    hodge_filter,
    hodge_pagerank,
    hodge_rank,
    interpolate,
    trend_filter,
)
from tests.cases import over


K = random_clique_complex(14, 0.4, 2, generator=torch.Generator().manual_seed(1))
N = K.num_simplices(1)
SEEN, IDS = torch.arange(N) % 3 > 0, torch.arange(0, N, 2)
GP = HodgeGP(K, noise=0.3)


def numbers(values):
    return torch.tensor(values, dtype=torch.float64)


LINEAR = {
    "denoise": lambda x, c: denoise(K, c * x),
    "interpolate": lambda x, c: interpolate(K, c * x, SEEN),
    "interpolate, noise": lambda x, c: interpolate(K, c * x, SEEN, noise=0.5),
    "interpolate, two units": lambda x, c: interpolate(K, torch.stack([c * x, x], 1), SEEN)[:, 0],
    "rational": lambda x, c: hodge_filter(K, c * x, curl=RationalResponse((1.0,), (1.0, 2.0))),
    "smooth": lambda x, c: hodge_filter(K, c * x, gradient=torch.cos, curl=0.5, harmonic=0.2),
    "decomposition": lambda x, c: torch.cat(list(hodge_decomposition(K, (c * x)[:, None], 1))),
    "trend": lambda x, c: trend_filter(K, c * x, down=0.1 * c, up=0.1 * c),
    "pagerank": lambda x, c: hodge_pagerank(K, c * x),
    "gp": lambda x, c: GP.posterior_mean(c * x[IDS], IDS),
    "scores": lambda x, c: hodge_rank(K, c * x).scores,
    "shares": lambda x, c: c * numbers(hodge_rank(K, c * x)[1:]),
    "weights": lambda x, c: c * hodge_rank(K, x, weight=c * x.abs()).scores,
    "fit": lambda x, c: numbers(fit_hodge_filter(K, x, c * x).gradient.coefficients),
    "fit, both": lambda x, c: c * numbers(fit_hodge_filter(K, c * x, c * x)[2]),
}


@over("name", LINEAR)
def test_results_are_in_the_unit_of_the_signal(name):
    x = torch.randn(N, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = LINEAR[name](x, 1.0)
    for unit in (1e-300, 1e-160, 1e160, 1e300):
        assert torch.allclose(LINEAR[name](x, unit) / unit, expected, rtol=1e-9, atol=1e-10)


def test_what_no_number_says_is_refused():
    path = SimplicialComplex.from_simplices([(i, i + 1) for i in range(9)])
    with pytest.raises(ValueError, match="beyond"):
        hodge_rank(path, torch.full((9,), 1e308, dtype=torch.float64))
    with pytest.raises(ValueError, match="beyond"):
        hodge_filter(path, torch.full((9,), 3e38), gradient=2.0, harmonic=2.0)
    with pytest.raises(ValueError, match="likelihood"):
        HodgeGP(path).log_likelihood(torch.full((9,), 1e200, dtype=torch.float64))
