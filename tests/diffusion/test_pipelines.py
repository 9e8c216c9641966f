"""Schedulers under the options of ordinary pipelines, against formulas and against diffusers."""

import itertools

import pytest
import torch

from simplex.diffusion import (
    DDIMScheduler,
    DDPMScheduler,
    DiscreteSchedule,
    FlowMatchEulerDiscreteScheduler,
    ddim,
    from_zero,
)
from tests.cases import over


def half(x, t):
    return x / (2 + t.reshape(-1, *[1] * (x.dim() - 1)).to(x) / 20)


STABLE = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1, "skip_prk_steps": True,
    "trained_betas": None, "_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0",
}  # fmt: skip
IMAGE = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(2)).double()
SAID = 2 * torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(3)).double()


def test_the_scheduler_of_stable_diffusion_ends_where_it_ends():
    shim = DDIMScheduler.from_config(STABLE)
    shim.set_timesteps(20)
    assert shim.timesteps.tolist() == list(range(951, 0, -50))
    now, then = shim.alphas_cumprod[1], shim.alphas_cumprod[0]
    assert shim.final_alpha_cumprod == then
    clean = (IMAGE - (1 - now).sqrt() * SAID) / now.sqrt()
    expected = then.sqrt() * clean + (1 - then).sqrt() * SAID
    torch.testing.assert_close(shim.step(SAID, 1, IMAGE).prev_sample, expected)
    for eta in (0.0, 0.5):  # from the first timestep to itself
        torch.testing.assert_close(shim.step(SAID, 0, IMAGE, eta).prev_sample, IMAGE)
    assert DDPMScheduler.from_config(STABLE).config.steps_offset == 1


def test_thresholding_keeps_a_share_of_each_row():
    shim = DDPMScheduler(
        prediction_type="sample", thresholding=True, dynamic_thresholding_ratio=0.9,
        sample_max_value=2.5,
    )  # fmt: skip
    clean = shim.step(SAID, 500, IMAGE).pred_original_sample
    for row, got in zip(SAID, clean, strict=True):
        bound = row.abs().flatten().sort().values.numpy()
        at = 0.9 * (len(bound) - 1)
        low, share = int(at), at - int(at)
        s = min(max((1 - share) * bound[low] + share * bound[low + 1], 1.0), 2.5)
        torch.testing.assert_close(got, row.clamp(-s, s) / s)
    with pytest.raises(ValueError, match="thresholding must be of rows"):
        shim.step(torch.ones(3), 500, torch.ones(3))


def test_a_learned_range_is_between_the_fixed_variances():
    small, large = (DDPMScheduler(variance_type=f"fixed_{kind}") for kind in ("small", "large"))
    shim, t = DDPMScheduler(variance_type="learned_range"), 700
    for end, fixed in ((-1.0, small), (1.0, large)):
        output = torch.cat([SAID, torch.full_like(SAID, end)], dim=1)
        got, expected = (
            each.step(said, t, IMAGE, torch.Generator().manual_seed(0)).prev_sample
            for each, said in ((shim, output), (fixed, SAID))
        )
        torch.testing.assert_close(got, expected)
    with pytest.raises(ValueError, match="must have twice the channels of the sample"):
        shim.step(SAID, t, IMAGE)


def test_levels_shift_with_the_size_of_a_picture():
    dynamic = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, max_shift=2.0)
    fixed = FlowMatchEulerDiscreteScheduler(shift=3.0)
    dynamic.set_timesteps(9, mu=torch.tensor(3.0).double().log().item())
    fixed.set_timesteps(9)
    torch.testing.assert_close(dynamic.sigmas, fixed.sigmas)
    linear = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, time_shift_type="linear")
    linear.set_timesteps(9, mu=3.0)
    torch.testing.assert_close(linear.sigmas, fixed.sigmas)
    with pytest.raises(ValueError, match="mu must be given"):
        dynamic.set_timesteps(9)


CONFIGS = {
    "DDPMScheduler": [
        {}, {"beta_schedule": "sigmoid"}, {"thresholding": True, "sample_max_value": 1.7},
        {"clip_sample": False}, {"variance_type": "learned_range"}, {"steps_offset": 1},
        {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True,
         "timestep_spacing": "trailing"},
        {"variance_type": "fixed_large", "timestep_spacing": "linspace"},
    ],
    "DDIMScheduler": [
        {}, {"set_alpha_to_one": False}, {"thresholding": True, "sample_max_value": 1.7},
        {"steps_offset": 1, "set_alpha_to_one": False, "clip_sample": False},
        {"prediction_type": "sample", "clip_sample_range": 0.7},
    ],
}  # fmt: skip


def theirs():
    """The schedulers of diffusers, where they can be imported."""
    return pytest.importorskip("diffusers.schedulers", exc_type=ImportError)


@over("name, config", [(name, config) for name in CONFIGS for config in CONFIGS[name]])
def test_steps_are_those_of_diffusers(name, config):
    peer = getattr(theirs(), name)(**config)
    ours = {"DDPMScheduler": DDPMScheduler, "DDIMScheduler": DDIMScheduler}[name]
    shim = ours.from_config(peer.config)
    for each in (peer, shim):
        each.set_timesteps(20)
    assert shim.timesteps.tolist() == peer.timesteps.tolist()
    torch.testing.assert_close(shim.alphas_cumprod.float(), peer.alphas_cumprod, rtol=1e-3, atol=0)
    wide = torch.cat([SAID, SAID.flip(0)], dim=1).float()
    said = wide if config.get("variance_type") == "learned_range" else wide[:, :3]
    for i in (0, 7, 18):
        steps = [
            each.step(
                said, each.timesteps[i], IMAGE.float(), generator=torch.Generator().manual_seed(1)
            )
            for each in (peer, shim)
        ]
        for field in ("prev_sample", "pred_original_sample"):
            pair = [getattr(step, field) for step in steps]
            torch.testing.assert_close(*pair, rtol=2e-3, atol=2e-3)


def test_a_walk_is_that_of_diffusers_and_its_betas_make_a_schedule():
    peer = theirs().DDIMScheduler(clip_sample=False, timestep_spacing="trailing")
    peer.set_timesteps(10)
    y = x = IMAGE.float()
    for t in peer.timesteps:
        y = peer.step(half(y, t[None].expand(2)), t, y).prev_sample
    schedule = DiscreteSchedule.from_betas(peer.betas)
    torch.testing.assert_close(schedule.alpha_bars[1:].float(), peer.alphas_cumprod)
    got = ddim(from_zero(half), x, schedule, 10)
    torch.testing.assert_close(got, y, rtol=1e-3, atol=1e-3)


def test_configs_of_other_schedulers_of_diffusers_are_taken():
    peers = theirs()
    for name, ours in itertools.product(
        ("PNDMScheduler", "DPMSolverMultistepScheduler", "EulerDiscreteScheduler",
         "UniPCMultistepScheduler", "DDPMScheduler", "DDIMScheduler"),
        (DDPMScheduler, DDIMScheduler),
    ):  # fmt: skip
        peer = getattr(peers, name)(beta_schedule="scaled_linear", beta_end=0.012)
        shim = ours.from_config(peer.config)
        torch.testing.assert_close(shim.alphas_cumprod.float(), peer.alphas_cumprod)
    flow = peers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    shim = FlowMatchEulerDiscreteScheduler.from_config(flow.config)
    for each in (flow, shim):
        each.set_timesteps(7, mu=0.8)
    torch.testing.assert_close(shim.sigmas.float(), flow.sigmas)
