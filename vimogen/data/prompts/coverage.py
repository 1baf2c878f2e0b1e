"""How well harvested prompts cover: numbers, and a figure of where they lie and what each cluster of them says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mbench.files import atomic_write, write_json
from mbench.text import TextEncoder
from vimogen.data.prompts.clusters import Vectors, clustered, nearest_similarity
from vimogen.data.prompts.harvest import Harvest, HarvestedPrompt, benchmark_texts
from vimogen.data.prompts.lexicon import actions

NEAR = (0.5, 0.6, 0.7, 0.8, 0.9)  # cosines
SHOWN = 24  # clusters in the figure


def coverage(harvest: Harvest, seed: int = 0) -> dict[str, Any]:
    """Return the numbers of a harvest as JSON values.

    `pool` and `pool_random` are shares of all sentences that have a prompt nearer than each cosine: among the prompts
    chosen, and among as many drawn at random. `benchmark` is the same of the benchmarks' prompts, which choose nothing
    but what is left out.

    Args:
        harvest: what to measure.
        seed: of the random draw.
    """
    prompts = harvest.prompts
    said = Counter(name for prompt in prompts for name in prompt.actions)
    drawn = np.random.default_rng(seed).permutation(len(harvest.pool))[: len(prompts)]
    benchmark = TextEncoder().sentences(benchmark_texts())
    return {
        "prompts": len(prompts),
        "sentences": len(harvest.pool),
        "left_out_as_benchmark": harvest.left_out,
        "understood": sum(bool(prompt.understood) for prompt in prompts),
        "held_out": sum(prompt.held_out for prompt in prompts),
        "actions_in_a_prompt": _counted(len(prompt.actions) for prompt in prompts),
        "families": _counted(prompt.family for prompt in prompts),
        "actions": len(said),
        "actions_in_lexicon": len(actions()),
        "rarest_action": min(said.values()),
        "clusters": len(set(harvest.clusters.tolist())),
        "pool": _shares(harvest.pool, harvest.vectors),
        "pool_random": _shares(harvest.pool, harvest.pool[drawn]),
        "benchmark": _shares(benchmark, harvest.vectors),
        "most_like_a_benchmark": round(float(nearest_similarity(harvest.vectors, benchmark).max()), 4),
    }


def _counted(values: Any) -> dict[str, int]:
    """Return how often each value occurs, the most frequent first."""
    return {str(value): count for value, count in Counter(values).most_common()}


def _shares(vectors: Vectors, others: Vectors) -> dict[str, float]:
    """Return the share of vectors whose nearest other is at least as near as each of some cosines, and the mean."""
    nearest = nearest_similarity(vectors, others)
    shares = {f"{cosine:g}": round(float((nearest >= cosine).mean()), 4) for cosine in NEAR}
    return {**shares, "mean": round(float(nearest.mean()), 4)}


def write_coverage(harvest: Harvest, prompts: Path, seed: int = 0) -> dict[str, Any]:
    """Write the numbers to `NAME.coverage.json` beside the prompts, the figure to `.png`; return the numbers.

    Raises:
        MBenchError: a file can't be written.
    """
    numbers = coverage(harvest, seed)
    write_json(prompts.with_suffix(".coverage.json"), numbers)
    _draw(harvest, prompts.with_suffix(".coverage.png"), seed)
    return numbers


def _draw(harvest: Harvest, path: Path, seed: int) -> None:
    """Write the figure: prompts in two dimensions by family, and the commonest actions of the largest clusters."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 8.5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    groups = clustered(harvest.vectors, seed, SHOWN)
    _scatter(left, harvest, groups, seed)
    _verbs(right, harvest.prompts, groups)
    with atomic_write(path) as file:
        FigureCanvasAgg(figure).print_png(file)


def _scatter(axes: Any, harvest: Harvest, groups: np.ndarray, seed: int) -> None:
    """Draw each prompt as a dot (t-SNE of the sentence vectors) and the number of each cluster at its middle."""
    from matplotlib import colormaps
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(harvest.vectors) - 1) / 3)
    at = TSNE(metric="cosine", init="pca", perplexity=perplexity, random_state=seed).fit_transform(harvest.vectors)
    families = np.array([prompt.family for prompt in harvest.prompts])
    for number, family in enumerate(dict.fromkeys(action.family for action in actions())):
        mine = families == family
        axes.scatter(*at[mine].T, s=6, color=colormaps["tab20"](number), label=f"{family} ({mine.sum()})")
    for group in np.unique(groups):
        middle = np.median(at[groups == group], axis=0)
        axes.text(*middle, str(group + 1), fontsize=9, weight="bold", ha="center", va="center")
    axes.set(xticks=[], yticks=[], title=f"{len(harvest.prompts)} prompts, t-SNE of their sentence vectors")
    axes.legend(fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=(0.5, 0), frameon=False, markerscale=2)


def _verbs(axes: Any, prompts: tuple[HarvestedPrompt, ...], groups: np.ndarray) -> None:
    """Draw how many different actions each cluster has, with the names of the commonest."""
    named = _actions_of(prompts, groups)
    for row, (_, counts) in enumerate(sorted(named.items())):
        axes.barh(row, len(counts), color="#c6d4e6")
        common = ", ".join(name.replace("_", " ") for name, _ in counts.most_common(5))
        axes.text(1, row, common, va="center", fontsize=8)
    axes.set_yticks(range(len(named)), [f"{group + 1}" for group in sorted(named)], fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="different actions in the cluster (number as on the left); the five commonest are named")
    axes.spines[["top", "right"]].set_visible(False)


def _actions_of(prompts: tuple[HarvestedPrompt, ...], groups: np.ndarray) -> Mapping[int, Counter[str]]:
    """Return the actions of each cluster, counted."""
    named: dict[int, Counter[str]] = defaultdict(Counter)
    for prompt, group in zip(prompts, groups.tolist(), strict=True):
        named[group].update(prompt.actions)
    return named
