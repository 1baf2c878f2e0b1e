"""Captions of a clip: the original ones, sentences of the label grammar, and what a vision-language model saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mbench.datasets import Caption, Clip
from mbench.datasets.captions import captions_of
from mbench.errors import ConfigError
from mbench.motion import BENCHMARK_FPS, Motion
from vimogen.data.database import Record

if TYPE_CHECKING:
    from mbench.config import JudgeConfig
    from mbench.judges.vision.server import Media

GRAMMAR, VISION = "grammar", "vision"
QUESTION = (
    "Say in one sentence of at most 25 words what the person does, as a caption of the motion: the actions in their "
    "order, the side, the direction and the manner where they can be seen. Start with 'a person'."
)


def captions_for(record: Record, paraphrases: int, seed: int) -> list[dict[str, str]]:
    """Return the captions of a clip, each `{"text", "source"}`: original ones first, then the grammar's.

    Args:
        record: of the clip.
        paraphrases: how many sentences of the grammar.
        seed: of the grammar.
    """
    known = {caption["text"]: str(caption["source"]) for caption in record.captions}
    captions = tuple(Caption(text, source=source) for text, source in known.items())
    clip = Clip(record.clip, BENCHMARK_FPS, 1, captions, labels=record.labels)
    texts = captions_of(clip, paraphrases, seed) if paraphrases else list(known)
    return [{"text": text, "source": known.get(text, GRAMMAR)} for text in texts]


class Captioner:
    """Asks a vision-language model what motions show, through the client of the judges.

    Args:
        config: of a judge such as `openai`.

    Raises:
        ConfigError: the judge can't describe motions, or an option is wrong.
        MBenchError: a package or a key is missing.
    """

    def __init__(self, config: JudgeConfig) -> None:
        from mbench.judges.base import JUDGES

        self._judge = JUDGES.get(config.name)(**config.options)
        if not hasattr(self._judge, "describe"):
            raise ConfigError(f"captions.judge {config.name!r} can't describe motions; expected openai or gemini")

    @property
    def identity(self) -> str:
        """Return what decides its captions."""
        return f"{self._judge.card.version} {QUESTION}"

    def captions(self, motions: Sequence[Motion]) -> list[str | Exception]:
        """Return the caption of each motion, or why there is none.

        Raises:
            JudgeError: no call can work.
        """
        found: list[str | Exception] = self._judge.describe(motions, _question)
        return found


def _question(media: Media) -> str:
    """Return what is asked with some pictures or a video."""
    from mbench.judges.vision.prompts import shown

    return f"{shown(media)} {QUESTION}"
