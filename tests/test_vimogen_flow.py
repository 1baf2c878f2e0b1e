"""Flow matching against golden values of the released code, closed forms, and properties."""

from __future__ import annotations

import math

import pytest
import torch
from safetensors.torch import load_file

from vimogen.flow import (
    RELEASED_START,
    SAMPLERS,
    Guidance,
    euler,
    heun,
    motion_of,
    noisy,
    sigmas,
    timesteps,
    training_weights,
)


@pytest.fixture(scope="module")
def values(golden):
    return load_file(golden / "flow_match" / "golden.safetensors")


def test_the_grid_of_the_release(values):
    torch.testing.assert_close(sigmas(10)[:-1], values["infer10_sigmas"])
    released = sigmas(50, RELEASED_START)
    torch.testing.assert_close(released[:-1], values["infer50_sigmas"])
    torch.testing.assert_close(timesteps(released[:-1]), values["infer50_timesteps"])
    assert released[-1] == 0


def test_the_training_schedule_of_the_release(values):
    torch.testing.assert_close(sigmas(1000)[:-1], values["train_sigmas"])
    torch.testing.assert_close(timesteps(sigmas(1000)[:-1]), values["train_timesteps"])
    torch.testing.assert_close(training_weights(), values["train_weights"], rtol=1e-6, atol=1e-6)
    assert training_weights().mean() == pytest.approx(1.0)


def test_noising_and_target_of_the_release(values):
    sigma = values["t"] / 1000
    torch.testing.assert_close(noisy(values["x"], values["noise"], sigma), values["noisy"])
    torch.testing.assert_close(values["noise"] - values["x"], values["target"])


def test_fifty_euler_steps_of_the_release(values):
    # The golden run starts from x and its velocity is the affine function 0.3 x - 0.1, found from its result.
    sampled = euler(lambda x, t: 0.3 * x - 0.1, values["x"], sigmas(50, RELEASED_START))
    torch.testing.assert_close(sampled, values["sampled"], rtol=1e-5, atol=2e-6)


def test_the_released_start_leaves_noise_and_the_right_one_does_not():
    motion, noise = torch.full((1, 4, 2), 3.0), torch.randn(1, 4, 2, generator=torch.Generator().manual_seed(0))
    right = {start: euler(lambda x, t: noise - motion, noise, sigmas(20, start)) for start in (1.0, RELEASED_START)}
    torch.testing.assert_close(right[1.0], motion, rtol=0, atol=1e-5)
    left_over = (right[RELEASED_START] - motion) / (noise - motion)
    torch.testing.assert_close(left_over, torch.full_like(left_over, 1 - 0.9210526), rtol=1e-4, atol=1e-5)


def test_motion_of_is_the_inverse_of_noisy():
    generator = torch.Generator().manual_seed(1)
    motion, noise = (torch.randn(5, 7, 3, generator=generator) for _ in range(2))
    sigma = torch.tensor([0.0, 0.2, 0.5, 0.9, 1.0])
    torch.testing.assert_close(motion_of(noisy(motion, noise, sigma), noise - motion, sigma), motion)


def exact_velocity(mean: float, spread: float):
    """Return the velocity of the flow of N(mean, spread^2): E[noise - x_0 | x_s], in closed form."""

    def velocity(x, timestep):
        s = (timestep / 1000)[:, None, None]
        variance = ((1 - s) * spread) ** 2 + s**2
        expected = mean + (1 - s) * spread**2 / variance * (x - (1 - s) * mean)
        return (x - expected) / s

    return velocity


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_reach_the_distribution(name):
    # The flow of one Gaussian to another is the monotone map: x_0 = mean + spread * noise.
    noise = torch.linspace(-2, 2, 41, dtype=torch.float64)[None, :, None]
    sample = SAMPLERS[name](exact_velocity(1.5, 0.3), noise, sigmas(400).double())
    torch.testing.assert_close(sample, 1.5 + 0.3 * noise, rtol=0, atol=0.02)


@pytest.mark.parametrize(("name", "order"), [("euler", 1), ("heun", 2), ("multistep", 2)])
def test_order_of_convergence(name, order):
    """The error of a smooth flow falls by 2^order when steps double; sampled to 0.2, where nothing is stiff."""
    noise = torch.linspace(-2, 2, 41, dtype=torch.float64)[None, :, None]

    def sampled(steps, sampler):
        even = torch.linspace(0.95, 0.2, steps + 1, dtype=torch.float64)
        return SAMPLERS[sampler](exact_velocity(1.5, 0.3), noise, even)

    exact = sampled(4000, "heun")
    errors = [(sampled(steps, name) - exact).abs().max().item() for steps in (80, 160)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize(("name", "calls"), [("euler", 6), ("heun", 11), ("multistep", 6)])
def test_calls_of_the_network(name, calls):
    asked = []
    SAMPLERS[name](lambda x, t: asked.append(t) or 0 * x, torch.zeros(2, 3, 1), sigmas(6))
    assert len(asked) == calls
    assert all(t.shape == (2,) and 0 < t[0] <= 1000 for t in asked)


def test_one_step_of_euler_is_what_the_network_points_to():
    noise = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(2))
    for sampler in (euler, heun, SAMPLERS["multistep"]):
        torch.testing.assert_close(sampler(lambda x, t: x - 4.0, noise, sigmas(1)), torch.full_like(noise, 4.0))


def test_guidance_of_scale_one_is_none():
    one, other = torch.randn(2, 2, 6, 3, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(Guidance(1.0).of(one, other), one)
    assert not Guidance(1.0).acts(500)
    torch.testing.assert_close(Guidance(5.0).of(one, other), other + 5 * (one - other))


def test_guidance_acts_in_its_interval():
    guidance = Guidance(5.0, (100.0, 900.0))
    assert [guidance.acts(t) for t in (50.0, 100.0, 500.0, 900.0, 950.0)] == [False, True, True, True, False]


def test_full_rescale_gives_the_spread_of_the_unguided_velocity():
    one, other = torch.randn(2, 3, 6, 4, generator=torch.Generator().manual_seed(4))
    mask = torch.arange(6) < torch.tensor([[6], [4], [2]])
    guided = Guidance(5.0, rescale=1.0).of(one, other, mask)
    for own, plain, there in zip(guided, one, mask, strict=True):
        assert own[there].std() == pytest.approx(plain[there].std().item(), rel=1e-5)
    half = Guidance(5.0, rescale=0.5).of(one, other, mask)
    torch.testing.assert_close(half, (guided + Guidance(5.0).of(one, other)) / 2)
