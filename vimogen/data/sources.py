"""Where the clips of a subset come from. Every source becomes a `TextMotionDataset`, read when a clip is reached."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from mbench.config import ModelConfig, resolve_path
from mbench.datasets import Caption, Clip, TextMotionDataset, load_dataset
from mbench.datasets.licence import stated_licence
from mbench.errors import ConfigError, MBenchError, MotionError
from mbench.files import hash_of, sha256_of
from mbench.io import READABLE, read_motion
from mbench.io.pt import pt_rows
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.provenance import code_hash
from mbench.seeds import seed_of
from vimogen.data.canonical import motion_of
from vimogen.data.config import SubsetConfig
from vimogen.data.database import Record

PROMPTS = "prompts"  # source of the caption that a generator was given


@dataclass(frozen=True)
class Parent:
    """A clip that a simulated capture is made of.

    Attributes:
        record: of the clip.
        mark: fingerprint of its rows.
        path: of its rows.
    """

    record: Record
    mark: str
    path: Path


@dataclass(frozen=True)
class Source:
    """Where the clips of a subset come from.

    Attributes:
        fingerprint: of everything that decides which clips there are.
        dataset: lists them; its `read` goes to worker processes.
        marks: {clip id: fingerprint of what decides its motion}; the source's own where a clip has none.
        groups: {clip id: group}, for clips whose group is not their actor; see `Record.group`.
        parents: {clip id: key of the clip that it is simulated from}.
    """

    fingerprint: str
    dataset: Callable[[], TextMotionDataset]
    marks: dict[str, str]
    groups: dict[str, str]
    parents: dict[str, str]


def source_of(config: SubsetConfig, base: Path, parents: list[Parent]) -> Source:
    """Return the source of a subset.

    Args:
        config: of the subset.
        base: the folder that relative paths start from.
        parents: what `simulate` simulates.

    Raises:
        MBenchError: there is no such folder, file or generator.
    """
    if config.simulate is not None:
        return _simulation(config, parents)
    if config.generator is not None:
        return _generator(config, base)
    path = resolve_path(getattr(config, config.kind) or "", base)
    if not path.exists():
        raise ConfigError(f"{config.kind} {path}: there is no such file or folder")
    made = {"dataset": _dataset, "files": _files, "recovery": _recovery}[config.kind]
    mark = hash_of([config.kind, config.licence, state_of(path)])
    return Source(mark, partial(made, path, config.licence), {}, {}, {})


def state_of(path: Path) -> str:
    """Return a hash of names, sizes and times of change of all files of a folder, or of a file."""
    found = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    facts = [(str(file.relative_to(path)), (stat := file.stat()).st_size, stat.st_mtime_ns) for file in found]
    return hash_of([str(path.resolve()), facts])


def _dataset(path: Path, licence: str) -> TextMotionDataset:
    return load_dataset(path)


def _files(path: Path, licence: str) -> TextMotionDataset:
    return _folder(path, licence, READABLE, _read_file)


def _recovery(path: Path, licence: str) -> TextMotionDataset:
    from vimogen.data.recovery import READERS

    return _folder(path, licence, tuple(READERS), _read_recovery)


def _folder(path: Path, licence: str, suffixes: tuple[str, ...], read: Callable[[Clip], Motion]) -> TextMotionDataset:
    """Return the motion files of a folder, as clips whose actor is the folder that they lie in.

    Raises:
        ConfigError: there are none.
    """
    licence = licence or stated_licence(path)
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in suffixes)
    if not found:
        raise ConfigError(f"{path}: holds no motion file; looked for {', '.join(suffixes)}")
    clips = []
    for file in found:
        place = file.relative_to(path)
        actor = "" if place.parent == Path() else place.parent.as_posix()
        captions = tuple(_captions_beside(file))
        name = place.with_suffix("").as_posix()
        clips.append(Clip(name, BENCHMARK_FPS, 0, captions, "", path.name, licence, actor, where=file))
    return TextMotionDataset(path.name, "files", path, tuple(clips), {}, read)


def _captions_beside(file: Path) -> Iterator[Caption]:
    """Yield the lines of the text file beside a motion."""
    text = file.with_suffix(".txt")
    if text.is_file():
        lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
        yield from (Caption(line.strip(), source="file") for line in lines if line.strip())


def _read_file(clip: Clip) -> Motion:
    return read_motion(clip.where)


def _read_recovery(clip: Clip) -> Motion:
    from vimogen.data.recovery import read_recovery

    motion, camera = read_recovery(clip.where)
    return motion.with_meta(camera=camera)


def _generator(config: SubsetConfig, base: Path) -> Source:
    """Return what a registered generator makes of prompts.

    Raises:
        ConfigError: no prompts, or a line that is none.
        MBenchError: no such generator.
    """
    path = _shipped_prompts() if config.prompts is None else resolve_path(config.prompts, base)
    skipped: dict[str, str] = {}
    clips = tuple(prompt_clips(path, config, skipped))
    model = ModelConfig(name=config.generator or "", options=config.options)
    built = _model(model.model_dump_json(), str(base))
    facts = [model.model_dump(), built.card.to_dict(), code_hash(built), config.seed]
    marks = {clip.id: hash_of([facts, clip.captions[0].text, clip.frames]) for clip in clips}
    read = partial(_generated, model.model_dump_json(), str(base), config.seed)
    name = f"{config.generator}"
    mark = hash_of([facts, sha256_of(path), config.all_prompts])
    return Source(mark, lambda: TextMotionDataset(name, "generator", path, clips, skipped, read), marks, {}, {})


def _shipped_prompts() -> Path:
    from vimogen.data.prompts.harvest import SHIPPED

    return Path(str(files("vimogen.data.prompts"))) / SHIPPED


def prompt_clips(path: Path, config: SubsetConfig, skipped: dict[str, str]) -> Iterator[Clip]:
    """Yield a clip for each line of a file of prompts.

    Args:
        path: JSONL of id, text, seconds and, if there are any, further captions and split.
        config: of the subset.
        skipped: filled with the prompts that are left out, and why.

    Raises:
        ConfigError: it can't be read, or a line is no prompt.
    """
    if not path.is_file():
        raise ConfigError(f"prompts {path}: there is no such file; `vimogen data prompts` writes one")
    seen: set[str] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            clip, understood = _prompt_clip(line, f"prompts {path} line {number}", config)
            if clip.id in seen:
                raise ConfigError(f"prompts {path} line {number}: id {clip.id!r} came before; expected every id once")
            seen.add(clip.id)
            if understood or config.all_prompts:
                yield clip
            else:
                skipped[clip.id] = "the prompt is marked as not understood by the generator"


def _prompt_clip(line: str, where: str, config: SubsetConfig) -> tuple[Clip, bool]:
    """Return the clip of a line, and whether the line is not marked `"understood": false`."""
    try:
        row = json.loads(line)
        seconds, texts = float(row["seconds"]), [row["text"], *row.get("captions", [])]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{where}: expected a mapping of id, text and seconds ({error})") from error
    if not all(isinstance(text, str) and text.strip() for text in [row.get("id"), *texts]) or not seconds > 0:
        raise ConfigError(f"{where}: expected an id, words and seconds above 0; found {line[:80]}")
    captions = tuple(Caption(text, source=PROMPTS) for text in dict.fromkeys(texts))
    frames = max(1, round(seconds * BENCHMARK_FPS))
    licence = config.licence or "Apache-2.0"
    split = str(row.get("split") or "")
    clip = Clip(row["id"], BENCHMARK_FPS, frames, captions, split, config.generator or "", licence)
    return clip, row.get("understood") is not False


@lru_cache(maxsize=1)
def _model(config: str, base: str) -> Any:
    """Return a generator; each process builds it once."""
    from mbench.models.build import build_model

    return build_model(ModelConfig.model_validate_json(config), Path(base))


def _generated(config: str, base: str, seed: int, clip: Clip) -> Motion:
    """Return the motion of a prompt.

    Raises:
        MotionError: the generator says that it did not understand it.
        Exception: what the generator gave instead of a motion.
    """
    from mbench.suites.prompt import Prompt

    model = _model(config, base)
    prompt = Prompt(clip.id, clip.captions[0].text, clip.seconds)
    motion = next(iter(model.generate([prompt], [seed_of("generator", seed, clip.id)])), None)
    if isinstance(motion, Exception):
        raise motion
    if not isinstance(motion, Motion):
        raise MotionError(f"{model.card.name} gave {type(motion).__name__}; expected a Motion")
    account = motion.meta.get(model.card.name)
    if isinstance(account, dict) and account.get("note"):
        raise MotionError(str(account["note"]))
    return motion


def _simulation(config: SubsetConfig, parents: list[Parent]) -> Source:
    """Return simulated captures of clips."""
    from vimogen.data import simulate

    settings = [config.fps, config.seed, sha256_of(Path(simulate.__file__ or ""))]
    clips, marks, groups, origin = [], dict[str, str](), dict[str, str](), dict[str, str]()
    for parent in parents:
        for copy in range(config.copies):
            clip = _seen(parent, copy)
            marks[clip.id] = hash_of([settings, clip.id, parent.mark])
            groups[clip.id], origin[clip.id] = parent.record.group, parent.record.key
            clips.append(clip)
    read = partial(_simulated, config.fps, config.seed)
    name, listed = f"{config.simulate}", tuple(clips)
    mark = hash_of([settings, marks])
    return Source(
        mark, lambda: TextMotionDataset(name, "simulated", Path(), listed, {}, read), marks, groups, origin
    )  # fmt: skip


def _seen(parent: Parent, copy: int) -> Clip:
    """Return the clip of a simulated capture: what is known of its parent, and where the parent's rows are."""
    record = parent.record
    captions = tuple(Caption(item["text"], None, item.get("end"), item["source"]) for item in record.captions)
    name = record.key.split("/", 1)[1]
    frames = max(1, round(record.seconds * BENCHMARK_FPS))
    return Clip(
        f"{name}~{copy}" if copy else name, BENCHMARK_FPS, frames, captions, record.split, record.source,
        record.licence, record.actor, record.labels, tuple(record.notes), parent.path,
    )  # fmt: skip


def _simulated(fps: float, seed: int, clip: Clip) -> Motion:
    from vimogen.data.simulate import Capture, simulated

    if not clip.where.is_file():
        raise MBenchError(f"{clip.where}: the clip to simulate is gone")
    generator = np.random.default_rng(seed_of("simulate", seed, clip.id))
    return simulated(motion_of(pt_rows(clip.where)), generator, Capture(fps=fps))
