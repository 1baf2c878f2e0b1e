"""What `vimogen generate` is asked for: clips, each with a prompt, a seed and a file. Nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbench.config import ModelConfig
from mbench.errors import ConfigError
from mbench.suites.prompt import Prompt
from vimogen.models import BASE, LIGHT


@dataclass(frozen=True)
class Order:
    """A clip to make.

    Attributes:
        prompt: text and seconds.
        seed: of the clip.
        path: where it goes.
    """

    prompt: Prompt
    seed: int
    path: Path


def texts_of(text: str | None, file: Path | None, seconds: float) -> list[tuple[str, float]]:
    """Return texts and how long each lasts: the one that is given, or those of a file.

    Raises:
        ConfigError: neither, both, or as `read_prompts`.
    """
    if text is not None and file is None:
        return [(text.strip(), seconds)]
    if file is None or text is not None:
        raise ConfigError(f"found {'neither' if text is None else 'both'}; expected a text or --prompts FILE")
    return read_prompts(file, seconds)


def read_prompts(path: Path, seconds: float) -> list[tuple[str, float]]:
    """Return the texts of a file and how long each lasts.

    A line is a text, or seconds, a tab and a text. Empty lines and lines that start with # are passed over.

    Args:
        path: a text file, UTF-8.
        seconds: of the lines that do not say.

    Raises:
        ConfigError: it can't be read, holds no text, or a line has no number before its tab or no text behind it.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise ConfigError(f"{path}: can't be read: {reason}; expected a text file with a prompt a line") from error
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if not numbered:
        raise ConfigError(f"{path}: holds no prompt; expected one a line")
    return [_prompt(line, f"{path}: line {number}", seconds) for number, line in numbered]


def _prompt(line: str, where: str, seconds: float) -> tuple[str, float]:
    """Return the text of a line and its seconds."""
    before, tab, text = line.partition("\t")
    if not tab:
        return line.strip(), seconds
    try:
        found = float(before)
    except ValueError:
        raise ConfigError(f"{where}: {before.strip()!r} before the tab is no number of seconds") from None
    if not text.strip():
        raise ConfigError(f"{where}: no text follows the tab; expected what the person does")
    return text.strip(), found


def orders_of(
    texts: Sequence[tuple[str, float]], out: Path, seed: int = 0, num: int = 1, reference: Path | None = None
) -> list[Order]:
    """Return the clips of texts: `num` of each, with seeds from `seed` on.

    One clip goes to `out`. Several get numbers before its suffix: that of the text where there are several, then that
    of the seed where there are several.

    Args:
        texts: what to do, and seconds.
        out: a path with a suffix.
        seed: of the first clip of each text.
        num: clips a text.
        reference: a motion file that every prompt names as its reference.
    """
    orders = []
    for index, (text, seconds) in enumerate(texts):
        prompt = Prompt(str(index), text, seconds, reference=reference)
        for turn in range(num):
            numbers = [*_number(index, len(texts)), *_number(turn, num)]
            path = out.with_name("-".join([out.stem, *numbers]) + out.suffix)
            orders.append(Order(prompt, seed + turn, path))
    return orders


def _number(index: int, count: int) -> list[str]:
    """Return a number with as many digits as the last one has; nothing where there is only one."""
    return [f"{index:0{len(str(count - 1))}d}"] if count > 1 else []


def model_config(model: str | None, options: dict[str, Any]) -> ModelConfig:
    """Return the configuration of the model that a command line names.

    Args:
        model: a registered name or the folder of weights; None for vimogen-light, or for vimogen-base where there is a
            reference.
        options: of the model; those that are None are left out.

    Raises:
        ConfigError: a path where no folder is.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if model is None:
        return ModelConfig(name=BASE if "reference" in given else LIGHT, options=given)
    if Path(model).is_dir():
        return ModelConfig(name=BASE, weights=str(Path(model).resolve()), options=given)
    if "/" in model or "\\" in model:
        raise ConfigError(f"--model {model}: there is no such folder; expected a folder of weights or a model's name")
    return ModelConfig(name=model, options=given)


def reference_config(word: str | None) -> tuple[Any, Path | None]:
    """Return what a command line's reference means: a source for `build_reference`, and a file for the prompts.

    Args:
        word: a registered model, a motion file, a dataset's folder (the clip with the nearest caption), a folder of
            files named by prompt number, or `KIND:VALUE`, e.g. `video:CONFIG`; None for none.
    """
    from mbench.models.base import MODELS

    if word is None or word in MODELS.names():
        return (None if word is None else {"model": word}), None
    path = Path(word)
    if path.is_file() and path.suffix != ".json":
        return "suite", path.resolve()
    if not path.exists():
        return word, None
    return {"bank" if _is_dataset(path) else "files": str(path.resolve())}, None


def _is_dataset(path: Path) -> bool:
    from mbench.datasets.load import kind_of
    from mbench.errors import FormatError

    try:
        return bool(kind_of(path))
    except FormatError:
        return False
