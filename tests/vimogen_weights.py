"""Tiny generators of random weights, as `vimogen train` writes them."""

from __future__ import annotations

from pathlib import Path

REFERENCE_WIDTH = 138


def write_weights(folder: Path, reference: bool = True, soft_gate: bool = False, steps: int = 2) -> Path:
    """Write a generator of two narrow blocks to a folder and return it.

    What it makes is noise around the mean of a few swinging motions, so it has rotations and is finite.
    """
    import torch

    from mbench.motion.canonical import canonicalise
    from mbench.motion.representations.vimogen276 import encode
    from motions import posed
    from vimogen.checkpoint import save_generator
    from vimogen.codec import Codec
    from vimogen.conditioning import SentenceTokens
    from vimogen.flow import Guidance
    from vimogen.generator import Sampling
    from vimogen.network import NetworkConfig, ViMoGen

    text = SentenceTokens()
    torch.manual_seed(0)
    sizes = NetworkConfig(
        dim=16, ffn_dim=32, num_layers=2, num_heads=2, text_dim=text.width, freq_dim=16,
        ref_motion_dim=REFERENCE_WIDTH if reference else 0, soft_gate=soft_gate,
    )  # fmt: skip
    codec = Codec.of([encode(canonicalise(posed(number), floor=True)) for number in range(3)])
    facts = {"name": folder.name, "version": "1", "licence": "Apache-2.0", "trained_on": "nothing"}
    sampling = Sampling(steps=steps, guidance=Guidance(2.0))
    save_generator(folder, ViMoGen(sizes), codec, text, sampling, facts)
    return folder
