"""Scoring motions: which metrics, on which motions, in how many processes. The same numbers for any number of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbench.body.mesh import Mesh, MeshSettings
from mbench.errors import ConfigError, JudgeError, MBenchError, NotApplicable, PluginError, one_line
from mbench.io import read_motion
from mbench.judges.base import Judge
from mbench.metrics.base import METRICS, PILLARS, Metric, Sample, canonical_name
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.motion.resample import resample
from mbench.versions import lacks

if TYPE_CHECKING:
    import pandas

DEFAULT_MESH = MeshSettings()
PER_MOTION = {"joints", "pose", "mesh", "pose prior"}  # what metrics of one motion may need
CHUNK = 16  # clips a task: long enough that starting a task does not count, short enough that a kill loses little


@dataclass(frozen=True)
class Value:
    """One value of one metric on one motion.

    Attributes:
        metric: registered name.
        value: the number, or None exactly when `reason` says why there is none.
        reason: why there is none.
        failed: whether the metric broke, as opposed to not applying.
    """

    metric: str
    value: float | None
    reason: str | None = None
    failed: bool = False


def select_metrics(names: Sequence[str] | None = None) -> list[tuple[str, Metric]]:
    """Return the metrics that pillars, dimensions and metric names stand for, once each, in the order of the registry.

    Args:
        names: pillars (`quality`), dimensions or metrics (any accepted spelling) or `module:object`; None for all.

    Raises:
        UnknownNameError: a name that is none of these.
        PluginError: a plugin that does not import, or is no metric.
    """
    chosen: dict[str, Metric] = {}
    for name in PILLARS if names is None else names:
        if name.strip().lower() in PILLARS:
            chosen |= {full: METRICS.get(full) for full in METRICS.names() if full.startswith(f"{name.lower()}/")}
        else:
            found = METRICS.get(name)
            if not isinstance(found, Metric):
                raise PluginError(f"{name!r} is a {type(found).__name__}, not a metric; decorate it with @metric")
            chosen[found.info.name if ":" in name else canonical_name(name)] = found
    return sorted(chosen.items())


def score_motion(
    motion: Motion, metrics: Iterable[tuple[str, Metric]], mesh: MeshSettings = DEFAULT_MESH
) -> list[Value]:
    """Return the value of each metric on one motion; one metric that breaks does not stop the others."""
    at_rate = resample(motion, BENCHMARK_FPS)
    skin = Mesh(at_rate, mesh)
    values = []
    for name, item in metrics:
        also = (skin,) if "mesh" in item.info.needs else ()
        try:
            value, reason = item.evaluate(motion if item.info.fps is None else at_rate, *also)
            values.append(Value(name, value, reason))
        except Exception as error:
            values.append(Value(name, None, one_line(error), failed=True))
    return values


def ask_judge(name: str, item: Metric, samples: Sequence[Sample], judge: Judge | None) -> list[Value]:
    """Return the value of one judged metric on each sample; where a judge breaks, each sample is asked of by itself.

    Raises:
        JudgeError: the judge can answer nothing at all.
        ConfigError: what it was made with is wrong.
    """
    if not samples:
        return []
    try:
        answers = list(item.function(samples, judge))
        if len(answers) != len(samples):
            raise PluginError(f"metric {name} gave {len(answers)} values for {len(samples)} motions")
    except (JudgeError, ConfigError):
        raise
    except Exception as error:
        if len(samples) > 1:
            return [value for sample in samples for value in ask_judge(name, item, [sample], judge)]
        return [Value(name, None, one_line(error), failed=True)]
    return [_judged_value(name, item, answer) for answer in answers]


def _judged_value(name: str, item: Metric, answer: Any) -> Value:
    """Return a value of what a judged metric said of a sample."""
    if isinstance(answer, Exception) and not isinstance(answer, NotApplicable):
        return Value(name, None, one_line(answer), failed=True)
    try:
        return Value(name, *item.checked(answer))
    except Exception as error:
        return Value(name, None, one_line(error), failed=True)


def _score_chunk(motions: Sequence[Motion], names: Sequence[str]) -> list[list[Value]]:
    """Score some motions; metrics travel to a worker process by name."""
    metrics = [(name, METRICS.get(name)) for name in names]
    return [score_motion(motion, metrics) for motion in motions]


@dataclass(frozen=True)
class Workers:
    """Where scoring runs; never decides a number.

    Attributes:
        count: processes on this machine.
        backend: `joblib`, or `dask` for a cluster.
        scheduler: address of the dask scheduler.
    """

    count: int = 1
    backend: str = "joblib"
    scheduler: str | None = None


def map_chunks(
    function: Callable[..., Any], chunks: Iterable[tuple[Any, ...]], workers: Workers = Workers()
) -> Iterator[Any]:
    """Yield `function(*chunk)` of each chunk, in order, as they become ready.

    Raises:
        ConfigError: the dask scheduler can't be reached, or dask is not installed.
    """
    if workers.backend == "dask":
        yield from _map_dask(function, chunks, workers)
    elif workers.count == 1:
        for chunk in chunks:
            yield function(*chunk)
    else:
        from joblib import Parallel, delayed

        yield from Parallel(n_jobs=workers.count, return_as="generator")(delayed(function)(*c) for c in chunks)


def _map_dask(function: Callable[..., Any], chunks: Iterable[tuple[Any, ...]], workers: Workers) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError("run.backend dask needs the extra: pip install 'mbench[cluster]'") from None
    from joblib import Parallel, delayed, parallel_config

    if not workers.scheduler:
        raise ConfigError(
            "run.backend is dask but run.scheduler is missing; expected an address such as tcp://host:8786"
        )
    try:
        client = Client(workers.scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise ConfigError(f"run.scheduler {workers.scheduler!r} can't be reached: {one_line(error)}") from error
    with client, parallel_config(backend="dask"):
        yield from Parallel(return_as="list")(delayed(function)(*chunk) for chunk in chunks)


def score_all(
    motions: Sequence[Motion], metrics: Sequence[tuple[str, Metric]], workers: Workers = Workers()
) -> Iterator[list[Value]]:
    """Yield the values of each motion, in order."""
    names = [name for name, _ in metrics]
    if workers.count == 1 and workers.backend == "joblib":
        yield from (score_motion(motion, metrics) for motion in motions)
        return
    chunks = ((motions[start : start + CHUNK], names) for start in range(0, len(motions), CHUNK))
    for rows in map_chunks(_score_chunk, chunks, workers):
        yield from rows


def per_motion(metrics: Sequence[tuple[str, Metric]]) -> list[tuple[str, Metric]]:
    """Return the metrics that score one motion by itself."""
    return [(name, m) for name, m in of_prompts(metrics) if not m.info.judged and m.info.needs <= PER_MOTION]


def of_prompts(metrics: Sequence[tuple[str, Metric]]) -> list[tuple[str, Metric]]:
    """Return the metrics that have a value a motion, a judge's among them."""
    return [(name, m) for name, m in metrics if not m.info.over_set]


def metrics_for_motions(names: Sequence[str] | None) -> list[tuple[str, Metric]]:
    """Return the metrics for motions without a suite.

    Args:
        names: pillars, dimensions or metric names; None for all that read joints or rotations.

    Raises:
        ConfigError: a metric that can't be computed from motions alone, or that needs something not installed.
    """
    chosen = select_metrics(names)
    usable = per_motion(chosen)
    if names is None:
        return [(name, item) for name, item in usable if "mesh" not in item.info.needs]
    for name, item in usable:
        if (how := lacks(item)) is not None:
            raise ConfigError(f"{name} needs the skinned body: {how}")
    if not usable:
        left = ", ".join(name for name, _ in chosen)
        raise ConfigError(f"{left or list(names)} can't be computed from motions alone; use `mbench evaluate`")
    return usable


def score(
    motions: Motion | Sequence[Motion | str | Path] | Mapping[str, Motion | str | Path],
    metrics: Sequence[str] | None = None,
    workers: int = 1,
) -> pandas.DataFrame:
    """Score motions and return a table: a row a motion, a column a metric.

    Args:
        motions: one motion, some motions or files, or a mapping of names to them.
        metrics: pillars, dimensions or metric names; None for all that read joints or rotations. Those that need the
            skinned body take seconds a clip: name them, or their pillar.
        workers: processes.

    Returns:
        float64 table, NaN where a metric has no value; `table.attrs["reasons"]` is {name: {metric: why}}.

    Raises:
        MBenchError: a file that can't be read, an unknown metric, or a metric that needs more than the motion.
    """
    import pandas

    named = _named(motions)
    usable = metrics_for_motions(metrics)
    read = [m if isinstance(m, Motion) else read_motion(m) for m in named.values()]
    rows = list(score_all(read, usable, Workers(workers)))
    table = pandas.DataFrame(
        [[value.value for value in row] for row in rows],
        index=pandas.Index(list(named), name="motion"),
        columns=[name for name, _ in usable],
        dtype="float64",
    )
    table.attrs["reasons"] = {
        name: {value.metric: value.reason for value in row if value.value is None}
        for name, row in zip(named, rows, strict=True)
    }
    return table


def _named(motions: Any) -> dict[Any, Motion | str | Path]:
    """Return motions under their names: keys of a mapping, positions of a sequence."""
    if isinstance(motions, Motion | str | Path):
        return {0: motions}
    named = dict(motions) if isinstance(motions, Mapping) else dict(enumerate(motions))
    for name, item in named.items():
        if not isinstance(item, Motion | str | Path):
            raise MBenchError(f"motion {name!r} is a {type(item).__name__}; expected a Motion or a path")
    return named
