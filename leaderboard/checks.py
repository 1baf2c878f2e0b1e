"""The checks of a submission, each a function of the run that yields what it finds; the docstring is the question."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from leaderboard.boards import causes
from leaderboard.entries import Entry
from leaderboard.recomputed import differences, rescored, unknown_metrics
from mbench.errors import MBenchError, one_line
from mbench.files import sha256_of
from mbench.metrics.anchors import load_anchors
from mbench.metrics.base import METRICS
from mbench.seeds import seed_of
from mbench.suites import Suite, suite_names
from mbench.suites.prompt import DIMENSIONS

KINDS = ("learned", "rule-based", "control", "files")
Kind = Literal["incomplete", "incomparable", "contradictory", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a submission, or worth knowing of it.

    Attributes:
        kind: `incomplete`: something is missing; `incomparable`: it was measured otherwise than others are;
            `contradictory`: its files don't agree; `note`: nothing wrong.
        check: what was checked, e.g. `motions`.
        text: what was found and what was expected, in one line.
    """

    kind: Kind
    check: str
    text: str


@dataclass(frozen=True)
class Submission:
    """A run and what it is checked against.

    Attributes:
        entry: the run.
        suite: the registered suite of its name, None where there is none.
    """

    entry: Entry
    suite: Suite | None

    @property
    def comparable_suite(self) -> Suite | None:
        """Return the suite, None where the run is of another one with its name."""
        return self.suite if self.suite is not None and self.suite.hash == self.entry.suite["hash"] else None

    @property
    def config(self) -> dict[str, Any]:
        """Return the part `run` of the configuration."""
        config: dict[str, Any] = self.entry.run["config"].get("run", {})
        return config

    @cached_property
    def tasks(self) -> list[tuple[str, int]]:
        """Return (prompt, replicate) of every motion that the run is to have: of the whole suite where it is known."""
        suite = self.comparable_suite
        ids = [prompt.id for prompt in suite] if suite else list(self.entry.texts)
        return [(prompt, replicate) for prompt in ids for replicate in range(self.entry.result["replicates"])]


def _check_suite(run: Submission) -> Iterator[Finding]:
    """Is the suite a registered one, whole and unchanged?"""
    facts = run.entry.suite
    if run.suite is None:
        known = ", ".join(suite_names())
        yield Finding("incomparable", "suite", f"suite {facts['name']!r} is not registered; registered: {known}")
    elif run.comparable_suite is None:
        yield Finding(
            "incomparable", "suite",
            f"suite {facts['name']} {facts['version']} has the hash {facts['hash'][:8]}; "
            f"the registered {run.suite.version} has {run.suite.hash[:8]}",
        )  # fmt: skip
    else:
        yield from _check_prompts(run, run.suite)


def _check_prompts(run: Submission, suite: Suite) -> Iterator[Finding]:
    limit, told = run.config.get("limit"), run.entry.result["prompts"]
    if limit is not None or told != len(suite):
        why = "" if limit is None else f", run.limit is {limit}"
        yield Finding("incomplete", "suite", f"the run is of {told} of the suite's {len(suite)} prompts{why}")
    if len(run.entry.texts) != told:
        text = f"run.json tells {len(run.entry.texts)} prompts, result.json is of {told}"
        yield Finding("contradictory", "suite", text)
    texts = {prompt.id: prompt.text for prompt in suite}
    for prompt, text in run.entry.texts.items():
        if texts.get(prompt) != text:
            yield Finding(
                "contradictory", "suite", f"run.json: prompt {prompt!r} is not as in the suite: {text[:60]!r}"
            )


def _check_motions(run: Submission) -> Iterator[Finding]:
    """Is there a motion for every prompt and replicate, as it was generated, with the seed of the run?"""
    rows = run.entry.generations
    for prompt, replicate in run.tasks:
        row, name = rows.get((prompt, replicate)), f"{prompt}-{replicate}"
        if row is None:
            yield Finding("incomplete", "motions", f"{name}: not generated")
        elif row.file is None:
            yield Finding("incomplete", "motions", f"{name}: no motion: {row.reason or 'no reason given'}")
        elif (path := run.entry.motion(prompt, replicate)) is None:
            yield Finding("incomplete", "motions", f"{name}: motions/{row.file} is missing, or no plain file")
        elif sha256_of(path) != row.sha256:
            yield Finding("contradictory", "motions", f"{name}: motions/{row.file} has another sha256 than index.jsonl")
    for prompt, replicate in sorted(set(rows) - set(run.tasks)) if run.tasks else ():
        yield Finding("contradictory", "motions", f"{prompt}-{replicate}: is not of the suite and its replicates")


def _check_seeds(run: Submission) -> Iterator[Finding]:
    """Was every motion made with the seed that comes from the seed of the run?"""
    seed = run.config.get("seed", 0)
    for (prompt, replicate), row in run.entry.generations.items():
        expected = seed_of(seed, prompt, replicate)
        if row.seed != expected:
            text = f"{prompt}-{replicate}: seed {row.seed}; run.seed {seed} gives {expected}"
            yield Finding("contradictory", "seeds", text)


def _check_dimensions(run: Submission) -> Iterator[Finding]:
    """Has every one of the nine dimensions a value, of all motions that it reads?"""
    scored = run.entry.dimensions
    for dimension, pillar in DIMENSIONS.items():
        name = f"{pillar}/{dimension}"
        summary = scored.get(dimension)
        if summary is None:
            yield Finding("incomplete", "dimensions", f"{name}: was not scored")
        elif summary["value"] is None or summary.get("failed"):
            reasons = [f"{count} × {reason}" for reason, count in list(summary["reasons"].items())[:3]]
            failed = summary.get("failed", 0)
            what = "no value" if summary["value"] is None else f"{failed} value{'' if failed == 1 else 's'} missing"
            yield Finding("incomplete", "dimensions", f"{name}: {what}: {'; '.join(reasons) or 'no reason given'}")


def _check_versions(run: Submission) -> Iterator[Finding]:
    """Was everything measured with this version's metrics, the default judge, the default body and its anchors?"""
    told, anchors = run.entry.result["anchors"], load_anchors().version
    if told != anchors:
        yield Finding("incomparable", "versions", f"scores by anchors of version {told}; this mbench has {anchors}")
    for name, version in default_versions().items():
        summary = run.entry.metrics.get(name)
        if summary is not None and summary["version"] != version:
            expected = {**summary, "version": version, "judge": _judge_of(version)}
            text = "; ".join(causes(summary, expected)) or f"version {summary['version']} instead of {version}"
            yield Finding("incomparable", "versions", f"{name}: {text}")


def default_versions() -> dict[str, str]:
    """Return the version of each of the nine dimensions by the default judge and body."""
    from mbench.body.mesh import MeshSettings
    from mbench.config import JudgeConfig
    from mbench.judges.base import build_judge
    from mbench.versions import version_of

    judge = build_judge(JudgeConfig().name)
    names = [f"{pillar}/{dimension}" for dimension, pillar in DIMENSIONS.items()]
    return {name: version_of(METRICS.get(name), MeshSettings(), judge) for name in names}


def _judge_of(version: str) -> str | None:
    from mbench.config import JudgeConfig

    return next((part for part in version.split("+") if part.startswith(f"{JudgeConfig().name}.")), None)


def _check_scores(run: Submission) -> Iterator[Finding]:
    """Has `scores.csv` a row for every motion that a dimension reads, and none besides?"""
    suite, tasks = run.comparable_suite, set(run.tasks)
    reads = {prompt.id: set(prompt.dimensions) for prompt in suite} if suite else {}
    for dimension in run.entry.dimensions:
        name = f"{DIMENSIONS[dimension]}/{dimension}"
        there = {(row.prompt, row.replicate) for row in run.entry.rows[name]}
        wanted = {task for task in tasks if dimension in reads.get(task[0], ())} if suite else there & tasks
        for prompt, replicate in sorted(wanted - there):
            yield Finding("incomplete", "scores", f"{name}: no row for {prompt}-{replicate}")
        for prompt, replicate in sorted(there - wanted):
            yield Finding("contradictory", "scores", f"{name}: a row for {prompt}-{replicate}, which it does not read")


def _check_summary(run: Submission) -> Iterator[Finding]:
    """Is `result.json` what `scores.csv` gives?"""
    for text in differences(run.entry):
        yield Finding("contradictory", "summary", text)
    for name in unknown_metrics(run.entry):
        yield Finding("note", "summary", f"{name}: is not registered here, so its numbers were not computed again")


def _check_rescored(run: Submission) -> Iterator[Finding]:
    """Is `scores.csv` what the motions give, on metrics that need neither a body nor a judge?"""
    try:
        for text in rescored(run.entry):
            yield Finding("contradictory", "rescored", text)
    except MBenchError as error:
        yield Finding("incomplete", "rescored", f"a motion can't be read: {one_line(error)}")


def _check_provenance(run: Submission) -> Iterator[Finding]:
    """Is it told what made the run?"""
    told = run.entry.run.get("provenance", {})
    packages = told.get("packages")
    lacking = [field for field in ("python", "platform", "command") if not told.get(field)]
    if not isinstance(packages, dict) or not packages.get("mbench"):
        lacking.append("packages.mbench")
    for field in lacking:
        yield Finding("incomplete", "provenance", f"run.json: provenance.{field} is missing")
    if str(told.get("commit") or "").endswith("+"):
        yield Finding("note", "provenance", f"made from commit {told['commit']}, with changes that are in no commit")


def _check_card(run: Submission) -> Iterator[Finding]:
    """Does the card say what a reader must know of the model?"""
    card = run.entry.card
    needed = ["version", "licence", *(["trained_on", "weights"] if card["kind"] == "learned" else [])]
    for field in needed:
        if not str(card.get(field) or "").strip():
            yield Finding("incomplete", "card", f"{field} is missing")
    if card["kind"] not in KINDS:
        yield Finding("incomplete", "card", f"kind is {card['kind']!r}; expected one of {', '.join(KINDS)}")


Check = Callable[[Submission], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    _check_suite, _check_motions, _check_seeds, _check_dimensions, _check_versions, _check_scores, _check_summary,
    _check_rescored, _check_provenance, _check_card,
)  # fmt: skip
