"""Print seconds and memory that a checkpoint of the published size takes: 2.26 B random parameters, a file of 4.5 GB.

python benchmarks/vimogen_released.py [--dtype bfloat16|float32] [--device cpu|cuda]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import torch

from vimogen.checkpoint import network_of
from vimogen.network import NetworkConfig, ViMoGen
from vimogen.released import read_tensors, sizes_of

FRAMES, TOKENS = 100, 226


def write(path: Path) -> None:
    """Write random weights of the published sizes in bf16."""
    with torch.device("meta"):
        network = ViMoGen(NetworkConfig())
    shapes = {name: value.shape for name, value in network.state_dict().items()}
    torch.save({name: torch.randn(shape, dtype=torch.bfloat16) * 0.02 for name, shape in shapes.items()}, path)


def load(path: Path, dtype: str, device: str) -> ViMoGen:
    """Return the network of a file."""
    tensors = read_tensors(path)
    return network_of(sizes_of(tensors, None, path), tensors, path, dtype).to(device)


def step(network: ViMoGen, device: str) -> float:
    """Return the sum of one velocity of a motion; reading it waits for a GPU."""
    kind = next(network.parameters()).dtype
    x, text = torch.randn(1, FRAMES, 276), torch.randn(1, TOKENS, 4096)
    with torch.inference_mode():
        found = network(x.to(device, kind), torch.tensor([500.0], device=device), text.to(device, kind))
    return float(found.float().sum())


def memory(device: str) -> float:
    """Return the largest memory so far, in GB: the GPU's where there is one."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Write, load, and ask the network twice: the first time reads the weights from the disk."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pt"
        writer = multiprocessing.get_context("spawn").Process(target=write, args=(path,))  # its memory is not counted
        writer.start()
        writer.join()
        start = time.perf_counter()
        network = load(path, given.dtype, given.device)
        print(f"{sum(p.numel() for p in network.parameters()) / 1e9:.3f} B parameters, {given.dtype}, {given.device}")
        print(f"{time.perf_counter() - start:6.2f} s  load")
        for turn in ("first", "second"):
            start = time.perf_counter()
            step(network, given.device)
            print(f"{time.perf_counter() - start:6.2f} s  {turn} step of {FRAMES} frames")
        print(f"{memory(given.device):6.2f} GB memory at most")


if __name__ == "__main__":
    main()
