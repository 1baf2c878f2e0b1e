"""What the gate keeps of reference motions that are right, and of those that belong to another prompt.

    python benchmarks/reference_gate.py ../shared/mocap

Prompts are captions of the test split that name an action, each wording once. A prompt's reference is the captioned
clip itself, the nearest caption's clip of the other splits, or what the choreographer makes of the text. "Exchanged"
gives each prompt the reference of one whose caption can't be true of it. The last table is the bank alone, without a
judge: how often the clip's own captions bear the prompt out, by the similarity of prompt and nearest caption, for these
prompts and for those of mbench-open that name an action.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mbench.datasets import Clip, TextMotionDataset, load_dataset
from mbench.datasets.truth import claim_of, claim_of_clip
from mbench.errors import MBenchError
from mbench.seeds import seed_of
from mbench.stats import mean_with_interval
from mbench.suites import load_suite
from mbench.suites.prompt import Prompt
from vimogen.gate import Decision, build_gate, decide
from vimogen.reference.base import Reference, each, reference_of
from vimogen.reference.build import build_reference

LONGEST = 10.0  # seconds
THRESHOLDS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
Found = list[Reference | MBenchError]


def test_prompts(dataset: TextMotionDataset) -> dict[str, tuple[Prompt, Clip]]:
    """Return prompt and clip of every wording of the test split that names an action, by wording."""
    found: dict[str, tuple[Prompt, Clip]] = {}
    for clip in dataset.where(split="test"):
        for caption in clip.captions:
            if clip.covered_by(caption) and claim_of(caption.text).actions:
                name = f"t{len(found):03d}"
                prompt = Prompt(name, caption.text, min(clip.seconds, LONGEST))
                found.setdefault(caption.text, (prompt, clip))
    return found


def exchanged(prompts: Sequence[Prompt], references: Found, seed: int = 0) -> tuple[list[Prompt], Found]:
    """Return prompts with references of other prompts whose texts name actions that these do not."""
    pairs: list[tuple[Prompt, Reference | MBenchError]] = []
    for prompt in prompts:
        own = claim_of(prompt.text).actions
        others = [n for n, other in enumerate(prompts) if not own & claim_of(other.text).actions]
        drawn = np.random.default_rng(seed_of("exchanged", seed, prompt.text)).choice(others)
        pairs.append((prompt, references[int(drawn)]))
    return [prompt for prompt, _ in pairs], [reference for _, reference in pairs]


def share(values: Sequence[bool]) -> str:
    """Return a mean with its 95 % bootstrap interval."""
    mean, low, high = mean_with_interval(np.array(values, dtype=np.float64))
    if mean is None:
        return "—"
    return f"{mean:.2f}" if low is None or high is None else f"{mean:.2f} [{low:.2f}, {high:.2f}]"


def there(decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions that had a reference to decide on."""
    return [decision for decision in decisions if decision.reference is not None]


def row(name: str, right: Sequence[Decision], wrong: Sequence[Decision]) -> str:
    """Return a line of the first table."""
    smooth = share([decision.jitter is not None and decision.jitter < 0.04 for decision in there(right)])
    used = [share([decision.used for decision in there(decisions)]) for decisions in (right, wrong)]
    return f"| {name} | {len(there(right))} of {len(right)} | {smooth} | {' | '.join(used)} |"


def thresholds(decisions: Sequence[Decision]) -> list[str]:
    """Return, for each threshold, the share of judged references that is surer."""
    sure = np.array([decision.match for decision in decisions if decision.match is not None])
    return [f"{(sure > threshold).mean():.2f}" for threshold in THRESHOLDS]


def borne_out(dataset: TextMotionDataset, prompts: Sequence[Prompt], references: Found) -> list[str]:
    """Return, for each bin of similarity, how many prompts it holds and how often the clip's captions bear them out.

    They do if they name the prompt's actions and contradict none of its sides and directions.
    """
    clips = {clip.id: clip for clip in dataset}
    found = [(p, r.provenance) for p, r in zip(prompts, references, strict=True) if isinstance(r, Reference)]
    cells = []
    for low, high in zip(BINS, BINS[1:], strict=False):
        inside = [(p, said) for p, said in found if low <= said["similarity"] < high]
        true = [claim_of(p.text).may_hold_for(claim_of_clip(clips[said["clip"]])) for p, said in inside]
        cells.append(f"{share(true)} of {len(true)}")
    return cells


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    dataset = load_dataset(data)
    chosen = test_prompts(dataset)
    prompts, clips = [p for p, _ in chosen.values()], {p.id: clip for p, clip in chosen.values()}
    bank, choreographer = build_reference({"bank": str(data), "least": -1}), build_reference("model:choreographer")
    sources: dict[str, Found] = {
        "the clip itself": each(
            lambda p, seed: reference_of(dataset.motion(clips[p.id]), "clip", p, seed), prompts, [0] * len(prompts)
        ),
        "bank": bank.references(prompts, [0] * len(prompts)),
        "choreographer": choreographer.references(prompts, [0] * len(prompts)),
    }
    gate = build_gate("auto")
    decided = {
        name: (decide(f, prompts, gate), decide(*exchanged(prompts, f)[::-1], gate)) for name, f in sources.items()
    }
    print("| reference | prompts that have one | jitter below 0.04 | kept | kept if exchanged |\n|---|---|---|---|---|")
    print(*(row(name, *pair) for name, pair in decided.items()), sep="\n")
    print(f"\n| surer than | {' | '.join(f'{t:g}' for t in THRESHOLDS)} |\n|---|{'---|' * len(THRESHOLDS)}")
    for name, pair in decided.items():
        for what, decisions in zip(("right", "exchanged"), pair, strict=True):
            print(f"| {name}, {what} | {' | '.join(thresholds(decisions))} |")
    suite = [prompt for prompt in load_suite("mbench-open") if claim_of(prompt.text).actions]
    columns = [borne_out(dataset, prompts, sources["bank"])]
    columns.append(borne_out(dataset, suite, bank.references(suite, [0] * len(suite))))
    print("\n| similarity | captions borne out | mbench-open borne out |\n|---|---|---|")
    for low, high, *cells in zip(BINS, BINS[1:], *columns, strict=False):
        print(f"| {low:.1f} to {min(high, 1):.1f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
