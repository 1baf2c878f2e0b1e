"""What is looked at while a network trains: errors of the flow, and motions for validation captions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mbench.motion import Motion
from mbench.scoring import score
from mbench.seeds import seed_of
from vimogen import flow
from vimogen.codec import Codec
from vimogen.conditioning import TextTokens
from vimogen.generator import Generator, Request, Sampling
from vimogen.network import ViMoGen
from vimogen.training.adversary import Pair
from vimogen.training.clips import TrainingClip
from vimogen.training.pictures import write_samples
from vimogen.training.recipe import Recipe, sampling_of

LEVELS = (0.3, 0.6, 0.9, 1.0)  # noise levels at which the error of the motion is measured
SAMPLING = Sampling(steps=10, sampler="multistep", guidance=flow.Guidance(scale=2.5))  # where the recipe has none
SAMPLES, DRAWN = "samples.png", 4  # the picture, and how many motions are in it
METRICS = (
    "quality/jitter_degree",
    "quality/foot_sliding",
    "quality/ground_penetration",
    "quality/foot_floating",
    "quality/dynamic_degree",
)


def evaluator(
    recipe: Recipe,
    clips: Sequence[TrainingClip],
    codec: Codec,
    text: TextTokens,
    batch: Callable[[int], dict[str, Tensor]],
) -> Callable[[nn.Module, int], dict[str, float]]:
    """Return what `mbench.training.train` calls: the numbers of a network after some steps, and `samples.png`.

    Args:
        recipe: of the training.
        clips: validation clips; their captions are asked for.
        codec: of the data.
        text: encoder.
        batch: validation batches by number.
    """
    requests, sampling = _requests(recipe, clips), sampling_of(recipe.sampling) if recipe.sampling else SAMPLING

    def evaluate(network: nn.Module, step: int) -> dict[str, float]:
        network = network.network if isinstance(network, Pair) else network
        trained = [weight for weight in network.parameters() if weight.requires_grad]
        device = str(next(network.parameters()).device)
        numbers = errors(network, [batch(index) for index in range(2)], device)
        if requests and isinstance(network, ViMoGen):
            motions = Generator(network, codec, text, sampling, device).motions(requests)
            for weight in trained:  # those of a generator are not
                weight.requires_grad_()
            numbers |= measured(motions)
            shown = [request.text for request in requests[:DRAWN]]
            write_samples(Path(recipe.output) / SAMPLES, motions[:DRAWN], shown, step)
        return numbers

    return evaluate


def _requests(recipe: Recipe, clips: Sequence[TrainingClip]) -> list[Request]:
    """Return what is asked for at each evaluation: captions of some clips, as long as these."""
    own = [clip for clip in clips if clip.texts and not clip.held_out]
    order = np.random.default_rng(recipe.settings.seed).permutation(len(own))[: recipe.validate_on]
    return [
        Request(own[i].texts[0], min(len(own[i].rows), recipe.frames[1]), seed_of("validation", own[i].id))
        for i in order
    ]


@torch.no_grad()
def errors(network: nn.Module, batches: Sequence[dict[str, Tensor]], device: str = "cpu") -> dict[str, float]:
    """Return the mean square error of the motion that the network points to, normalised, at each of `LEVELS`."""
    sums: dict[str, list[float]] = {}
    for number, found in enumerate(batches):
        batch = {name: own.to(device) for name, own in found.items()}
        rows, mask = batch["rows"], batch["mask"]
        noise = torch.randn(rows.shape, generator=torch.Generator().manual_seed(number)).to(device)
        for level in LEVELS:
            sigma = torch.full((len(rows),), level, device=device)
            x = flow.noisy(rows, noise, sigma)
            velocity = network(
                x, flow.timesteps(sigma), batch["text"], mask, batch["text_mask"],
                batch["reference"], batch["reference_mask"], batch["gate"],
            ).float()  # fmt: skip
            error = (flow.motion_of(x, velocity, sigma) - rows).square().mean(-1)[mask]
            sums.setdefault(f"error_at_{level:g}", []).append(float(error.mean()))
    return {name: float(np.mean(values)) for name, values in sums.items()}


def measured(motions: Sequence[Motion]) -> dict[str, float]:
    """Return the means of metrics of generated motions, and how far absolute and integrated root part at the end."""
    table = score(motions, METRICS)
    means = {str(name).split("/")[-1]: float(value) for name, value in table.mean().items() if np.isfinite(value)}
    return means | {"root_drift_end_m": float(np.mean([motion.meta["root_drift_end_m"] for motion in motions]))}
