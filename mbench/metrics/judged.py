"""Fidelity and generalization: what a judge says of each motion."""

from __future__ import annotations

from collections.abc import Sequence

from mbench.errors import NotApplicable
from mbench.judges.base import Judge, choose, match
from mbench.metrics.base import Sample, metric_by_judge
from mbench.seeds import seed_of
from mbench.suites.prompt import Prompt

PAPER = "MBench, arXiv 2510.26794"
CONSISTENCY = "fidelity/motion_condition_consistency"
YES = 0.5  # a judge that is surer than this says that the motion matches


@metric_by_judge(CONSISTENCY, unit="share", better="higher", source=PAPER)
def motion_condition_consistency(samples: Sequence[Sample], judge: Judge) -> list[float | Exception]:
    """1 if the judge, shown the motion and a prompt's text among its distractors (10 in all), picks the text; else 0.

    The mean is the share picked right; chance is 0.10 (one in as many candidates as the prompt has). The candidates'
    order is drawn from the prompt's id and is the same in every run.
    """
    asked = [sample for sample in samples if _has_distractors(sample.prompt)]
    orders = [_in_seeded_order(sample) for sample in asked]
    answers = choose(judge, [sample.motion for sample in asked], orders) if asked else []
    picked = iter(zip(orders, answers, strict=True))
    return [_right(sample, *next(picked)) if _has_distractors(sample.prompt)
            else NotApplicable("the prompt has no candidates") for sample in samples]  # fmt: skip


def _has_distractors(prompt: Prompt) -> bool:
    """Return whether there is another text to pick."""
    return bool({*prompt.candidates} - {prompt.text})


def chance(prompts: Sequence[Prompt]) -> float | None:
    """Return the share that guessing picks right of the prompts that have candidates, None where none has."""
    asked = [p for p in prompts if _has_distractors(p) and "motion_condition_consistency" in p.dimensions]
    sizes = [len({p.text, *p.candidates}) for p in asked]
    return sum(1 / size for size in sizes) / len(sizes) if sizes else None


def _in_seeded_order(sample: Sample) -> list[str]:
    """Return the prompt's text among its distractors, in an order that its id decides."""
    import numpy as np

    texts = sorted({sample.prompt.text, *sample.prompt.candidates})
    order = np.random.default_rng(seed_of("candidates", sample.prompt.id)).permutation(len(texts))
    return [texts[index] for index in order]


def _right(sample: Sample, texts: list[str], answer: int | Exception) -> float | Exception:
    return answer if isinstance(answer, Exception) else float(texts[answer] == sample.prompt.text)


@metric_by_judge("generalization/motion_generalizability", unit="share", better="higher", source=PAPER)
def motion_generalizability(samples: Sequence[Sample], judge: Judge) -> list[float | Exception]:
    """1 if the judge says that the motion matches the prompt (surer than 0.5), else 0; the mean is the share of yes."""
    return [answer if isinstance(answer, Exception) else float(answer > YES) for answer in _sureness(samples, judge)]


@metric_by_judge(
    "generalization/match_probability", unit="probability", better="higher", source="this project",
    dimension="motion_generalizability",
)  # fmt: skip
def match_probability(samples: Sequence[Sample], judge: Judge) -> list[float | Exception]:
    """How sure the judge is, from 0 to 1, that the motion matches the prompt."""
    return _sureness(samples, judge)


def _sureness(samples: Sequence[Sample], judge: Judge) -> list[float | Exception]:
    return match(judge, [sample.motion for sample in samples], [sample.prompt.text for sample in samples])
