"""The network against the released one's golden values, and what must not change its output."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
import torch
from safetensors.torch import load_file

from vimogen.layers import Positions
from vimogen.network import LEARNED, NetworkConfig, ViMoGen

TINY = NetworkConfig(
    in_dim=12, dim=32, ffn_dim=48, num_layers=2, num_heads=4, text_dim=10, ref_motion_dim=6, freq_dim=16
)


@pytest.fixture(scope="module")
def released(golden):
    """Return a network with the golden weights, and its golden inputs and output."""
    folder = golden / "vimogen_dit"
    known = {field.name for field in fields(NetworkConfig)}
    values = json.loads((folder / "config.json").read_text())
    network = ViMoGen(NetworkConfig(**{name: value for name, value in values.items() if name in known})).eval()
    missing, unexpected = network.load_state_dict(load_file(folder / "state_dict.safetensors"), strict=False)
    assert set(missing) == {"motion_pos_embedding.pe", "ref_motion_pos_embedding.pe"}  # constants, not committed
    assert not unexpected
    return network, load_file(folder / "io.safetensors")


def run(network, values, rows=slice(None)):
    with torch.no_grad():
        return network(
            values["x"][rows], values["timestep"][rows], values["context"][rows], values["x_mask"][rows].bool(), None,
            values["ref_motion"][rows], values["ref_motion_mask"][rows].bool(),
        )  # fmt: skip


def test_the_output_of_the_release(released):
    network, values = released
    assert (run(network, values) - values["output"]).abs().max() < 1e-5


def test_a_sample_does_not_depend_on_its_batch(released):
    """Text and reference branches, long and short ones: each alone gives what it gives in the batch."""
    network, values = released
    together = run(network, values)
    for row in range(3):
        there = values["x_mask"][row].bool()
        alone = run(network, values, slice(row, row + 1))
        torch.testing.assert_close(alone[0, there], together[row, there], rtol=1e-4, atol=2e-6)


def test_what_is_masked_is_not_read(released):
    network, values = released
    before = run(network, values)
    spoilt = {name: value.clone() for name, value in values.items()}
    for name, mask in (("x", "x_mask"), ("ref_motion", "ref_motion_mask")):
        hidden = ~spoilt[mask].bool()
        hidden[values["ref_motion"].abs().sum((1, 2)) == 0] &= name == "x"  # all zeros means the text branch
        spoilt[name][hidden] = 77.0
    after = run(network, spoilt)
    for row, there in enumerate(values["x_mask"].bool()):
        torch.testing.assert_close(after[row, there], before[row, there], rtol=1e-4, atol=2e-6)


def test_positions_are_those_of_released_checkpoints(shared):
    tensors = load_file(shared / "reference" / "golden" / "vimogen_dit" / "state_dict.safetensors")
    torch.testing.assert_close(Positions(48).pe, tensors["motion_pos_embedding.pe"], rtol=0, atol=1e-3)


def inputs(batch: int = 3, frames: int = 9) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    return {
        "x": torch.randn(batch, frames, 12, generator=generator),
        "timestep": torch.linspace(10, 990, batch),
        "text": torch.randn(batch, 4, 10, generator=generator),
        "reference": torch.randn(batch, frames, 6, generator=generator),
    }


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    return ViMoGen(TINY).eval()


def test_the_gate_chooses_and_blends(tiny):
    values = inputs()
    with torch.no_grad():
        chosen = tiny(**values, gate=torch.tensor([1.0, 0.0, 1.0]))
        text, reference = tiny(**values, gate=torch.ones(3)), tiny(**values, gate=torch.zeros(3))
        blended = tiny(**values, gate=torch.full((3,), 0.5))
        without = tiny(**{**values, "reference": None})
    torch.testing.assert_close(chosen[[0, 2]], text[[0, 2]])
    torch.testing.assert_close(chosen[1], reference[1])
    torch.testing.assert_close(text, without)
    assert not torch.allclose(text, reference)
    assert not torch.allclose(blended, text)
    assert not torch.allclose(blended, reference)


def test_masked_tokens_are_not_read(tiny):
    values = inputs()
    shown = torch.tensor([[True, True, False, False]] * 3)
    with torch.no_grad():
        before = tiny(**values, gate=torch.ones(3), text_mask=shown)
        values["text"][:, 2:] = 55.0
        after = tiny(**values, gate=torch.ones(3), text_mask=shown)
        unmasked = tiny(**values, gate=torch.ones(3))
    torch.testing.assert_close(before, after)
    assert not torch.allclose(unmasked, after)


def test_checkpointing_changes_no_gradient(tiny):
    values, gate = inputs(), torch.tensor([1.0, 0.0, 0.4])
    grads = []
    for on in (False, True):
        tiny.checkpointing = on
        tiny.zero_grad()
        tiny(**values, gate=gate).square().mean().backward()
        grads.append([p.grad.clone() for p in tiny.parameters()])
    tiny.checkpointing = False
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other)


def test_every_parameter_learns(tiny):
    tiny.zero_grad()
    tiny(**inputs(), gate=torch.full((3,), 0.5)).square().mean().backward()
    idle = [name for name, p in tiny.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not [name for name in idle if not name.endswith("k.bias")]  # a bias of all keys changes no attention


def test_bfloat16_agrees_with_float32(tiny):
    values, gate = inputs(), torch.tensor([1.0, 0.0, 0.5])
    with torch.no_grad():
        exact = tiny(**values, gate=gate)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = tiny(**values, gate=gate)
    assert (rough.float() - exact).abs().max() < 0.05 * exact.abs().max()


def test_a_network_without_references_has_no_tensors_of_theirs():
    plain = ViMoGen(NetworkConfig(**{**vars(TINY), "ref_motion_dim": 0}))
    assert not [name for name in plain.state_dict() if "ref" in name or "norm4" in name]
    values = {name: value for name, value in inputs().items() if name != "reference"}
    assert plain(**values).shape == (3, 9, 12)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cuda_agrees_with_the_release(released):
    network, values = released
    moved = {name: value.cuda() for name, value in values.items()}
    assert (run(network.cuda(), moved).cpu() - values["output"]).abs().max() < 1e-4
    network.cpu()


@pytest.mark.parametrize("frames", [8, 9, 11])
def test_tokens_of_several_frames_read_no_padding(frames):
    """A clip of any length gives what it gives beside a longer one, whatever the padding holds."""
    torch.manual_seed(1)
    network = ViMoGen(NetworkConfig(**{**vars(TINY), "frames_per_token": 4})).eval()
    values, gate = inputs(frames=12), torch.tensor([1.0, 0.0, 0.5])
    there = torch.arange(12)[None].expand(3, -1) < torch.tensor([frames, 12, frames])[:, None]
    with torch.no_grad():
        together = network(**values, gate=gate, mask=there, reference_mask=there)
        spoilt = {**values, **{name: values[name].masked_fill(~there[..., None], 9.0) for name in ("x", "reference")}}
        torch.testing.assert_close(
            network(**spoilt, gate=gate, mask=there, reference_mask=there)[there], together[there]
        )
        for row in (0, 2):
            own = {name: value[row : row + 1] for name, value in values.items()}
            own = {**own, "x": own["x"][:, :frames], "reference": own["reference"][:, :frames]}
            alone = network(**own, gate=gate[row : row + 1])
            assert alone.shape == (1, frames, 12)
            torch.testing.assert_close(alone[0], together[row, :frames], rtol=1e-4, atol=2e-6)


def test_a_token_of_several_frames_sees_them_all():
    torch.manual_seed(1)
    network = ViMoGen(NetworkConfig(**{**vars(TINY), "frames_per_token": 4})).eval()
    assert network.motion_embedding.weight.shape == (32, 48)
    values = inputs(frames=12)
    values["x"].requires_grad_()
    network(**values, gate=torch.ones(3))[:, 11].sum().backward()
    assert (values["x"].grad.abs().sum(dim=-1) > 0).all()


def test_a_predicted_motion_is_told_as_the_velocity_to_it(tiny):
    """x_s = (1 - s) motion + s noise, so that noise - motion = (x_s - motion) / s."""
    other = ViMoGen(NetworkConfig(**{**vars(TINY), "predicts": "motion"})).eval()
    other.load_state_dict(tiny.state_dict())
    values, gate = inputs(), torch.ones(3)
    with torch.no_grad():
        motion = tiny(**values, gate=gate)
        velocity = other(**values, gate=gate)
        together = other(**values, gate=torch.tensor([1.0, 0.0, 0.5]))
        alone = [
            other(**{n: v[i : i + 1] for n, v in values.items()}, gate=gate[:1] * g)
            for i, g in enumerate([1.0, 0.0, 0.5])
        ]
    torch.testing.assert_close(velocity, (values["x"] - motion) / (values["timestep"] / 1000)[:, None, None])
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=2e-4)


def test_at_no_noise_the_velocity_to_a_predicted_motion_is_finite(tiny):
    other = ViMoGen(NetworkConfig(**{**vars(TINY), "predicts": "motion"})).eval()
    with torch.no_grad():
        found = other(**{**inputs(), "timestep": torch.zeros(3)}, gate=torch.ones(3))
    assert found.isfinite().all()


def test_the_learned_gate_stands_in_where_it_is_asked_for():
    torch.manual_seed(0)
    network = ViMoGen(NetworkConfig(276, 32, 64, 3, 2, 16, 138, frames_per_token=4, soft_gate=True)).eval()
    inputs = torch.randn(3, 10, 276), torch.tensor([10.0, 500.0, 900.0]), torch.randn(3, 4, 16)
    reference = torch.randn(3, 10, 138)

    def velocity(gate):
        with torch.no_grad():
            return network(*inputs, reference=reference, gate=torch.tensor(gate))

    learned, even = velocity([1.0, 0.0, LEARNED]), velocity([1.0, 0.0, 0.5])
    torch.testing.assert_close(learned[:2], even[:2])
    assert (learned[2] - even[2]).abs().max() > 1e-3
    torch.nn.init.zeros_(network.soft_gate.weight)
    torch.nn.init.zeros_(network.soft_gate.bias)
    torch.testing.assert_close(velocity([1.0, 0.0, LEARNED]), even)
