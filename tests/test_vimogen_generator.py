"""Requests to rows: what decides a sample, what guidance does, and what is refused."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from mbench.errors import ConfigError, MBenchError
from mbench.motion.representations import vimogen276 as rep
from vimogen import flow
from vimogen.codec import Codec
from vimogen.flow import Guidance
from vimogen.generator import Generator, Request, Sampling, steps_of
from vimogen.network import LEARNED, NetworkConfig, ViMoGen
from vimogen_folders import rows_of

SIZES = NetworkConfig(dim=16, ffn_dim=24, num_layers=2, num_heads=2, text_dim=8, frames_per_token=4, predicts="motion")
PLAIN = Sampling(steps=3, guidance=Guidance(scale=1.0))
GUIDED = Sampling(steps=3, guidance=Guidance(scale=3.0))


class Letters:
    """A text encoder: one token a word, drawn from the word."""

    width, identity, padding, limit = 8, '{"kind": "letters"}', None, 40

    def tokens(self, texts):
        return [np.stack([self._token(word) for word in ["^", *text.split()]]) for text in texts]

    def _token(self, word):
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=8).astype(np.float32)


class Asked(torch.nn.Module):
    """A network that writes down how many samples it was asked for, and with which text and gate."""

    def __init__(self, network: ViMoGen) -> None:
        super().__init__()
        self.network, self.config, self.calls = network, network.config, []

    def forward(self, x, timestep, text, mask, text_mask, *others):
        self.calls.append((len(x), text_mask.sum(1).tolist(), others[-1].tolist(), float(timestep[0])))
        return self.network(x, timestep, text, mask, text_mask, *others)


def network_of(**change) -> ViMoGen:
    torch.manual_seed(0)
    return ViMoGen(replace(SIZES, **change))


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec.of([rows_of(seed, 30) for seed in range(4)])


@pytest.fixture(scope="module")
def generator(codec) -> Generator:
    return Generator(network_of(), codec, Letters(), GUIDED, "cpu")


REFERENCE = rows_of(9, 21)
REQUESTS = [
    Request("a person walks", 22, 1),
    Request("a person walks forward and then sits down", 13, 2, REFERENCE),
    Request("someone jumps", 40, 3, REFERENCE[:7], gate=0.4),
    Request("", 5, 4),
    Request("a person walks", 22, 5, REFERENCE, gate=1.0),
]


def same(one, other, atol=2e-5):
    np.testing.assert_allclose(one, other, rtol=0, atol=atol)


@pytest.mark.parametrize("sampler", flow.SAMPLERS)
def test_a_sample_does_not_depend_on_its_batch(generator, sampler):
    how = replace(GUIDED, sampler=sampler)
    together = generator.sample(REQUESTS, how)
    assert [own.shape for own in together] == [(request.frames, 276) for request in REQUESTS]
    backwards = generator.sample(REQUESTS[::-1], how)[::-1]
    for request, mine, theirs in zip(REQUESTS, together, backwards, strict=True):
        same(mine, theirs)
        same(mine, generator.sample([request], how)[0])


def test_the_seed_the_text_and_the_reference_decide_a_sample(generator):
    base = Request("a person walks", 20, 1, REFERENCE, 0.5)
    first = generator.sample([base])[0]
    same(generator.sample([base])[0], first, atol=0)
    others = [
        replace(base, seed=2), replace(base, text="a person runs"), replace(base, reference=rows_of(10, 21)),
        replace(base, gate=0.6), replace(base, reference=REFERENCE[:9]),
    ]  # fmt: skip
    for own in generator.sample(others):
        assert np.abs(own - first).max() > 1e-3


def test_with_a_reference_alone_the_text_is_not_read(generator):
    walks, runs = (Request(text, 20, 1, REFERENCE) for text in ("a person walks", "two people run away"))
    same(*generator.sample([walks, runs]))


def test_without_a_reference_the_gate_is_the_text_s(generator):
    plain, gated = Request("a person walks", 20, 1), Request("a person walks", 20, 1, gate=0.0)
    same(*generator.sample([plain, gated]))
    with_reference = Request("a person walks", 20, 1, REFERENCE, gate=1.0)
    same(*generator.sample([plain, with_reference]))


def test_guidance_asks_for_samples_with_a_text_alone(codec):
    asked = Asked(network_of())
    Generator(asked, codec, Letters(), GUIDED, "cpu").sample(REQUESTS)
    with_text, null = asked.calls[0], asked.calls[1]
    assert len(asked.calls) == 6
    assert with_text[:2] == (5, [4, 9, 3, 1, 4])
    assert with_text[2] == pytest.approx([1, 0, 0.4, 1, 1])
    assert null[:2] == (4, [1, 1, 1, 1])
    assert null[2] == pytest.approx([1, 0.4, 1, 1])


def test_guidance_is_without_plus_scale_times_the_difference(codec):
    """One Euler step from noise n: n - v, and v = v_null + 3 (v_text - v_null)."""
    network = network_of()
    generator = Generator(network, codec, Letters(), Sampling(steps=1, guidance=Guidance(3.0), smooth=False), "cpu")
    found = codec.normalised(generator.sample([Request("a person walks", 12, 6)])[0])
    noise, words = flow.noise_of(6, 12)[None], Letters()
    with torch.no_grad():
        text, null = (
            network(noise, torch.tensor([1000.0]), torch.from_numpy(tokens)[None])
            for tokens in words.tokens(["a person walks", ""])
        )
    same(found, (noise - null - 3 * (text - null))[0].numpy(), atol=1e-4)


def test_guidance_of_scale_1_is_none(codec):
    asked = Asked(network_of())
    rows = Generator(asked, codec, Letters(), PLAIN, "cpu").sample(REQUESTS)
    assert [call[0] for call in asked.calls] == [5, 5, 5]
    nearly = replace(PLAIN, guidance=Guidance(scale=1.0 + 1e-6))
    for mine, theirs in zip(
        rows, Generator(network_of(), codec, Letters(), nearly, "cpu").sample(REQUESTS), strict=True
    ):
        same(mine, theirs, atol=1e-4)


def test_guidance_acts_in_its_interval(codec):
    asked = Asked(network_of())
    how = Sampling(steps=4, guidance=Guidance(scale=3.0, interval=(800.0, 950.0)))
    Generator(asked, codec, Letters(), how, "cpu").sample(REQUESTS[:1])
    times = [round(call[3]) for call in asked.calls]
    assert times == [1000, 938, 938, 833, 833, 625]


def test_references_alone_are_not_guided(codec):
    asked = Asked(network_of())
    Generator(asked, codec, Letters(), GUIDED, "cpu").sample([REQUESTS[1]])
    assert [call[0] for call in asked.calls] == [1, 1, 1]


def test_smoothing_is_the_published_one_in_normalised_units(codec):
    generator = Generator(network_of(), codec, Letters(), PLAIN, "cpu")
    rough = generator.sample(REQUESTS[:1], replace(PLAIN, smooth=False))[0]
    smooth = generator.sample(REQUESTS[:1], PLAIN)[0]
    same(smooth, codec.rows(rep.smooth(codec.normalised(rough))), atol=1e-5)
    assert np.abs(smooth - rough).max() > 1e-3


def test_the_last_frame_of_a_short_sample_is_not_smoothed_with_padding(generator):
    """The 5 frames of a request end where they end, though the batch is 40 long."""
    rows = generator.sample(REQUESTS, replace(GUIDED, smooth=False))[3]
    smoothed = generator.sample(REQUESTS)[3]
    same(smoothed[[0, 1, 3, 4]], rows[[0, 1, 3, 4]])


def test_a_network_of_texts_only(codec):
    generator = Generator(network_of(ref_motion_dim=0), codec, Letters(), GUIDED, "cpu")
    assert generator.sample(REQUESTS[:1])[0].shape == (22, 276)
    with pytest.raises(ConfigError, match="has no reference branch; leave `reference` out"):
        generator.sample(REQUESTS[1:2])


def test_a_learned_gate_blends_as_it_has_learned(codec):
    generator = Generator(network_of(soft_gate=True), codec, Letters(), GUIDED, "cpu")
    own = Request("a person walks", 20, 1, REFERENCE, gate=LEARNED)
    text, reference = replace(own, gate=1.0), replace(own, gate=0.0)
    learned, by_text, by_reference = generator.sample([own, text, reference])
    assert np.abs(learned - by_text).max() > 1e-3
    assert np.abs(learned - by_reference).max() > 1e-3
    same(learned, generator.sample([own])[0])


def test_lower_precision_is_near(codec):
    exact = Generator(network_of(), codec, Letters(), PLAIN, "cpu").sample(REQUESTS)
    rough = Generator(network_of().bfloat16(), codec, Letters(), PLAIN, "cpu").sample(REQUESTS)
    for mine, theirs in zip(exact, rough, strict=True):
        assert theirs.dtype == np.float32
        assert 0 < np.abs(codec.normalised(mine) - codec.normalised(theirs)).mean() < 0.05


def test_motions_are_decoded_and_nothing_asked_is_nothing_made(generator):
    motion = generator.motions(REQUESTS[:1])[0]
    assert (len(motion), motion.fps, motion.pose is not None) == (22, 20, True)
    assert generator.sample([]) == []


def test_another_way_of_sampling_is_another_generator(generator):
    four = generator.with_sampling(steps_of(GUIDED, 4))
    assert (four.sampling.steps, generator.sampling.steps) == (4, 3)
    same(four.sample(REQUESTS[:1])[0], generator.sample(REQUESTS[:1], steps_of(GUIDED, 4))[0])
    assert not any(weight.requires_grad for weight in generator.network.parameters())


BAD = {
    "no frames": (Request("", 0, 1), "0 frames are asked for; expected 1 to 20000"),
    "long": (Request("", 20001, 1), "20001 frames are asked for; expected 1 to 20000"),
    "gate": (Request("", 5, 1, REFERENCE, 1.5), r"gate is 1\.5; expected 0 \(reference\) to 1 \(text\)"),
    "soft gate": (Request("", 5, 1, REFERENCE, LEARNED), "gate is soft, but this model has no learned gate"),
    "width": (Request("", 5, 1, REFERENCE[:, :138]), r"shape \(21, 138\); expected \(1 to 20000 frames, 276\)"),
    "empty": (Request("", 5, 1, REFERENCE[:0]), r"shape \(0, 276\); expected"),
    "axes": (Request("", 5, 1, REFERENCE[None]), r"shape \(1, 21, 276\); expected"),
}


@pytest.mark.parametrize("name", BAD)
def test_requests_that_can_t_be_met_are_told(generator, name):
    request, message = BAD[name]
    with pytest.raises(MBenchError, match=message):
        generator.sample([REQUESTS[0], request])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sampler": "rk45"}, "sampler is 'rk45'; expected one of euler, heun, multistep"),
        ({"steps": 0}, "steps is 0; expected 1 to 1000"),
        ({"steps": 1001}, "steps is 1001"),
        ({"start": 0.0}, "start is 0.0; expected above 0, at most 1"),
        ({"start": 1.1}, "start is 1.1"),
        ({"shift": 0.0}, "shift is 0.0; expected above 0"),
    ],
)
def test_sampling_out_of_range_is_told(change, message):
    with pytest.raises(ConfigError, match=message):
        Sampling(**change)
