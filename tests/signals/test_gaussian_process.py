"""HodgeGP: held to the dense formulas of regression."""

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from simplex import SimplicialComplex
from simplex.diffusion import HeatKernel, MaternKernel
from simplex.signals import HodgeGP
from tests.cases import over
from tests.signals.oracles import ALL, dense_filter, signal


KERNELS = (MaternKernel(1.3, 0.8, 2.0), HeatKernel(0.7, 0.5), MaternKernel(0.5, 1.0, 1.5))


def setting(name, k):
    K = ALL[name]
    gp = HodgeGP(K, *KERNELS, noise=0.3, k=k)
    zero = torch.zeros(1, dtype=torch.float64)
    covariance = dense_filter(K, k, KERNELS[0], KERNELS[1], float(KERNELS[2](zero)))
    generator = torch.Generator().manual_seed(0)
    ids = torch.randperm(len(covariance), generator=generator)[: max(len(covariance) // 2, 1)]
    return K, gp, covariance, ids


@over("name, k", [("random", 0), ("random", 1), ("random", 2), ("union", 1)])
def test_the_dense_formulas(name, k):
    K, gp, covariance, ids = setting(name, k)
    np.testing.assert_allclose(gp.covariance().detach().numpy(), covariance, atol=1e-10)
    y = signal(K, k)[ids]
    noisy = covariance[np.ix_(ids, ids)] + 0.09 * np.eye(len(ids))
    law = multivariate_normal(np.zeros(len(ids)), noisy)
    expected = sum(law.logpdf(y[:, c].numpy()) for c in range(2))
    assert abs(float(gp.log_likelihood(y, ids).detach()) - expected) < 1e-8
    gain = covariance[:, ids] @ np.linalg.inv(noisy)
    np.testing.assert_allclose(gp.posterior_mean(y, ids).numpy(), gain @ y.numpy(), atol=1e-9)
    variance = np.diag(covariance - gain @ covariance[ids])
    np.testing.assert_allclose(gp.posterior_variance(ids).numpy(), variance, atol=1e-9)


@over("name, k", [("random", 1), ("union", 1)])
def test_large_complexes_give_the_same_without_a_matrix(name, k, monkeypatch):
    K, gp, _, ids = setting(name, k)
    y = signal(K, k)[ids]
    at = torch.tensor([0, 3, 1])
    mean, variance = gp.posterior_mean(y, ids), gp.posterior_variance(ids, at=at)
    monkeypatch.setattr("simplex.signals._gaussian_process._EXACT", 1)
    torch.testing.assert_close(gp.posterior_mean(y, ids), mean, atol=1e-6, rtol=0)
    torch.testing.assert_close(gp.posterior_variance(ids, at=at), variance, atol=1e-6, rtol=0)
    with pytest.raises(ValueError, match="at most 1 simplices"):
        gp.log_likelihood(y, ids)
    monkeypatch.undo()


def test_repeated_observations_and_one_kernel_for_all():
    K = ALL["random"]
    gp = HodgeGP(K, noise=0.5)
    once = gp.posterior_mean(torch.tensor([2.0, 2.0]), torch.tensor([4, 4]))
    mean = HodgeGP(K, noise=0.5 / 2**0.5).posterior_mean(torch.tensor([2.0]), torch.tensor([4]))
    torch.testing.assert_close(once, mean, atol=1e-6, rtol=1e-6)  # two are one of half the variance
    assert once.dtype == torch.float32


def test_whole_numbers_are_observations_as_others_are():
    K = ALL["random"]
    ids = torch.tensor([0, 3])
    mean = HodgeGP(K).posterior_mean(torch.tensor([1, 2]), ids)
    assert mean.dtype == torch.float64
    torch.testing.assert_close(
        mean, HodgeGP(K).posterior_mean(torch.tensor([1.0, 2.0]).double(), ids)
    )


def test_fitting_finds_which_part_a_flow_has():
    K = ALL["random"]
    truth = HodgeGP(K, MaternKernel(3.0, 1.0), MaternKernel(0.05, 1.0), MaternKernel(0.05, 1.0))
    root = torch.linalg.cholesky(
        truth.covariance().detach() + 1e-10 * torch.eye(len(truth.covariance()))
    )
    y = root @ torch.randn(len(root), 8, generator=torch.Generator().manual_seed(0)).double()
    gp = HodgeGP(K)
    found = gp.fit(y, num_steps=60, lr=0.2)
    assert float(found[-1]) > float(found[0])
    gradient, curl, _ = gp.kernels
    assert gradient.scale > 5 * curl.scale
    step = torch.autograd.gradcheck(
        lambda s: _likelihood(gp, s, y[:, :1]), gp.log_scale.detach().clone().requires_grad_()
    )
    assert step


def _likelihood(gp, log_scale, y):
    return torch.func.functional_call(_Call(gp), {"gp.log_scale": log_scale}, (y,))


class _Call(torch.nn.Module):
    def __init__(self, gp):
        super().__init__()
        self.gp = gp

    def forward(self, y):
        return self.gp.log_likelihood(y)


def test_means_turn_with_the_orientation_and_parameters_are_saved():
    K = ALL["random"]
    signs = {1: 1 - 2 * torch.randint(0, 2, (K.num_simplices(1),))}
    y = signal(K, 1)
    gp, turned = HodgeGP(K, *KERNELS), HodgeGP(K.reorient(signs), *KERNELS)
    expected = signs[1][:, None] * gp.posterior_mean(y)
    torch.testing.assert_close(turned.posterior_mean(signs[1][:, None] * y), expected)
    gp.log_scale.data += 1
    again = HodgeGP(K, *KERNELS)
    again.load_state_dict(gp.state_dict())
    assert torch.equal(again.posterior_mean(y), gp.posterior_mean(y))


def at(K, values, ids):
    return HodgeGP(K).posterior_mean(values, ids)


@over(
    "call, error, message",
    [
        (lambda K: HodgeGP(K, lambda at: at), TypeError, "gradient must be a MaternKernel"),
        (lambda K: HodgeGP(K, noise=0.0), ValueError, "noise must be"),
        (lambda K: HodgeGP(K, HeatKernel(length=0.0)), ValueError, "length must be"),
        (lambda K: HodgeGP(K, k=9), ValueError, "k must be"),
        (lambda K: HodgeGP(K).posterior_mean(torch.ones(2)), ValueError, "values must be"),
        (
            lambda K: HodgeGP(K).posterior_mean(torch.ones(1), torch.tensor([True])),
            ValueError,
            "mask",
        ),
        (
            lambda K: HodgeGP(K).posterior_mean(torch.ones(1), torch.tensor([-1])),
            ValueError,
            "from 0",
        ),
        (
            lambda K: at(K, torch.tensor([torch.nan]), torch.tensor([0])),
            ValueError,
            "finite",
        ),
    ],
)
def test_wrong_calls_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(ALL["random"])


def test_the_empty_degree():
    K = SimplicialComplex.from_simplices([(0,)])
    assert HodgeGP(K, k=0).posterior_mean(torch.ones(1)).shape == (1,)
