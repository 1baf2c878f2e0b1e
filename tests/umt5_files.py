"""A UMT5 encoder of random weights and a tokenizer of a few words, as transformers writes them."""

from __future__ import annotations

from pathlib import Path

WIDTH = 16


def tiny_umt5(folder: Path, width: int = WIDTH) -> Path:
    """Write both to a folder and return it; a token has `width` numbers."""
    import torch
    from transformers import T5Tokenizer, UMT5Config, UMT5EncoderModel

    words = ["▁", "▁a", "▁person", "▁walk", "s", *"abcdefghijklmnopqrtuvwxyz"]
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((word, -6.0 / len(word)) for word in words)]
    T5Tokenizer(vocab=pieces, extra_ids=0).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = UMT5Config(vocab_size=len(pieces), d_model=width, d_kv=4, d_ff=24, num_layers=2, num_heads=4)
    UMT5EncoderModel(sizes).save_pretrained(folder)
    return folder
