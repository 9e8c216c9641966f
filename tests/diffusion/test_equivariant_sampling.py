"""Sampled laws do not depend on the names of vertices or on orientations, whatever the sampler.

The noise is carried along, ε' = P ε, and the samples must be: then the laws agree, as P ε and ε are
equally distributed. Rows are the edges; the denoiser is a simplicial network with random weights.
"""

import torch

from simplex.diffusion import (
    HeatFlow,
    HodgeNoise,
    HodgeSubspace,
    MaternKernel,
    WhiteNoise,
    ddim,
    ddpm,
    denoiser_from_chain,
    dpmpp_2m,
    dpmpp_2m_sde,
    edm_sigmas,
    euler_flow,
    heun_edm,
    heun_flow,
    linear_schedule,
    log_snr_times,
)
from simplex.nn import SCCNN
from simplex.testing import random_complex, random_orientation, relabel
from tests.cases import over


SCHEDULE = linear_schedule(50)
STEPS = [i / 6 for i in range(7)]
NOISES = {
    "white": lambda K: WhiteNoise(),
    "Matérn, three parts": lambda K: HodgeNoise(
        K, MaternKernel(), MaternKernel(length=2.0), MaternKernel(scale=2.0)
    ),
    "divergence-free": lambda K: HodgeSubspace(K, "divergence-free"),
}


class Carried:
    """Draws ε on the first complex, and carries it to another one before it is coloured."""

    def __init__(self, noise, move):
        self.noise, self.move = noise, move

    def sample(self, like, generator=None):
        epsilon = self.move(torch.randn(like.shape, generator=generator, dtype=like.dtype))
        match self.noise:
            case HodgeNoise():
                return self.noise.color(epsilon)
            case HodgeSubspace():
                return self.noise.project(epsilon)
            case _:
                return epsilon


class Denoiser(torch.nn.Module):
    """Edge values and times to edge values: SCCNN with odd activations, scaled by the time."""

    def __init__(self, K, channels):
        super().__init__()
        self.complex = K
        self.net = SCCNN(channels, 8, 1, num_layers=2, max_dim=3)
        self.read = torch.nn.Linear(8, channels, bias=False)

    def forward(self, x, t):
        K = self.complex
        cochains = [x if k == 1 else x.new_zeros(K.num_simplices(k), x.shape[1]) for k in range(4)]
        return self.read(self.net.encode(cochains, K)[1]) / (1 + t[:, None].to(x) / 10)


def chain(sampler, **options):
    def run(model, x, K, noise, generator):
        times = log_snr_times(SCHEDULE, 6)
        return sampler(model, x, SCHEDULE, times, noise=noise, generator=generator, **options)

    return run


def edm(model, x, K, noise, generator):
    denoise = denoiser_from_chain(model, SCHEDULE)
    sigmas = edm_sigmas(6, 0.02, 5.0)
    return heun_edm(denoise, 5 * x, sigmas, churn=3.0, noise=noise, generator=generator)


SAMPLERS = {
    "ddpm": chain(ddpm),
    "ddim": chain(ddim, eta=0.5),
    "dpmpp_2m_sde": chain(dpmpp_2m_sde),
    "dpmpp_2m": lambda model, x, K, *_: dpmpp_2m(model, x, SCHEDULE, log_snr_times(SCHEDULE, 6)),
    "heun_edm, churn": edm,
    "euler_flow": lambda model, x, *_: euler_flow(model, x, STEPS),
    "heun_flow": lambda model, x, *_: heun_flow(model, x, STEPS),
    "heat flow": lambda model, x, K, *_: HeatFlow(K).sample(model, x, STEPS),
}


@over("seed", [1])
@over("law", NOISES)
@over("name", SAMPLERS)
def test_samples_are_carried_along(name, law, seed):
    sampler = SAMPLERS[name]
    noise = NOISES[law]
    K = random_complex(seed)
    names = torch.randperm(K.num_simplices(0), generator=torch.Generator().manual_seed(seed))
    renamed = relabel(K, names)
    turned = random_orientation(renamed.complex, seed + 10)
    print("seed", seed, names.tolist())

    def move(x):
        return turned[1][:, None] * renamed.move(x, 1)

    def samples(complex, carry):
        generator = torch.Generator().manual_seed(seed)
        carried = Carried(noise(complex), carry)
        x = carried.sample(torch.empty(K.num_simplices(1), 2, dtype=torch.float64), generator)
        torch.manual_seed(seed)
        model = Denoiser(complex, 2).double()
        return sampler(model, x, complex, carried, generator)

    expected = move(samples(K, lambda x: x))
    got = samples(renamed.complex.reorient(turned), move)
    torch.testing.assert_close(got, expected, atol=1e-9, rtol=1e-9)
    assert float(expected.std()) > 0.01
