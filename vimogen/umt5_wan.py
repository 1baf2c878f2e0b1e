"""UMT5 as the Wan repository keeps it, in one `.pth` file with names of its own, taken to those of transformers.

Wan 2.1 (arXiv 2503.20314) is what the release was started from, and names this file as its text encoder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mbench.errors import FormatError
from vimogen.tensorfile import read_mapping

NAMES = {  # Wan's -> those of transformers; {} is the block
    "token_embedding.weight": "shared.weight",
    "norm.weight": "encoder.final_layer_norm.weight",
    "blocks.{}.norm1.weight": "encoder.block.{}.layer.0.layer_norm.weight",
    "blocks.{}.attn.q.weight": "encoder.block.{}.layer.0.SelfAttention.q.weight",
    "blocks.{}.attn.k.weight": "encoder.block.{}.layer.0.SelfAttention.k.weight",
    "blocks.{}.attn.v.weight": "encoder.block.{}.layer.0.SelfAttention.v.weight",
    "blocks.{}.attn.o.weight": "encoder.block.{}.layer.0.SelfAttention.o.weight",
    "blocks.{}.pos_embedding.embedding.weight": "encoder.block.{}.layer.0.SelfAttention.relative_attention_bias.weight",
    "blocks.{}.norm2.weight": "encoder.block.{}.layer.1.layer_norm.weight",
    "blocks.{}.ffn.gate.0.weight": "encoder.block.{}.layer.1.DenseReluDense.wi_0.weight",
    "blocks.{}.ffn.fc1.weight": "encoder.block.{}.layer.1.DenseReluDense.wi_1.weight",
    "blocks.{}.ffn.fc2.weight": "encoder.block.{}.layer.1.DenseReluDense.wo.weight",
}


def wan_umt5(path: Path) -> Any:
    """Return the encoder of transformers with the tensors of a file of Wan; its sizes follow from them.

    Raises:
        FormatError: no such file, damaged, or its tensors are not those of the encoder.
    """
    from transformers import UMT5Config, UMT5EncoderModel

    tensors = {_renamed(name, path): tensor for name, tensor in read_wan(path).items()}
    block, embedding = "encoder.block.0.layer.", tensors["shared.weight"]
    bias = tensors.get(f"{block}0.SelfAttention.relative_attention_bias.weight")
    query, inner = (tensors.get(f"{block}{name}.weight") for name in ("0.SelfAttention.q", "1.DenseReluDense.wi_1"))
    if bias is None or query is None or inner is None:
        raise FormatError(f"{path}: lacks tensors of its first block; expected the text encoder of Wan")
    config = UMT5Config(
        vocab_size=len(embedding), d_model=embedding.shape[1], d_kv=len(query) // bias.shape[1], d_ff=len(inner),
        num_layers=sum(name.endswith(".SelfAttention.q.weight") for name in tensors), num_heads=bias.shape[1],
        relative_attention_num_buckets=len(bias), feed_forward_proj="gated-gelu",
    )  # fmt: skip
    with torch.device("meta"):  # nothing is drawn that is replaced at once
        model = UMT5EncoderModel(config)
    missing, unexpected = model.load_state_dict(tensors, strict=False, assign=True)
    model.tie_weights()
    lacks = sorted({*missing, *unexpected} - {"encoder.embed_tokens.weight"})  # which is `shared`
    if lacks:
        raise FormatError(f"{path}: {len(lacks)} tensors of the encoder are missing or too many, the first {lacks[0]}")
    return model


def read_wan(path: Path) -> Mapping[str, Tensor]:
    """Return the tensors of a file of Wan, by its names.

    Raises:
        FormatError: no such file, damaged, or it holds something else.
    """
    tensors = read_mapping(path)
    embedding = tensors.get("token_embedding.weight")
    if not isinstance(embedding, Tensor) or embedding.ndim != 2:
        raise FormatError(f"{path}: holds no token_embedding.weight; expected the text encoder of Wan")
    return tensors


def _renamed(name: str, path: Path) -> str:
    """Return the name of a tensor in transformers."""
    found = re.match(r"blocks\.(\d+)\.", name)
    block = found[1] if found else ""
    pattern = name.replace(f"blocks.{block}.", "blocks.{}.") if found else name
    if pattern not in NAMES:
        raise FormatError(f"{path}: holds {name}, which is no tensor of the text encoder of Wan")
    return NAMES[pattern].format(block)
