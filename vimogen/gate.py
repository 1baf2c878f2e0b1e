"""The gate: whether a motion follows its reference or its text alone, and why.

As published (ViMoGen, arXiv 2510.26794) a reference is kept if it hardly jitters and a judge says that it matches the
prompt. A third check, which references of video models always pass, refuses those whose generator says that it did not
understand all of the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from mbench.config import JudgeConfig, resolve_path
from mbench.errors import ConfigError, MBenchError, PluginError, one_line
from mbench.files import hash_of
from mbench.io import write_motion
from mbench.judges.base import Judge, build_judge, identity, match
from mbench.metrics.dynamics import jitter_degree
from mbench.metrics.judged import YES
from mbench.suites.prompt import Prompt
from mbench.yamlfile import shown, validation_message
from vimogen.reference.base import Reference, Rows, Settings

JITTER = 0.04  # m/frame^2 at 20 fps, as published
TEXT, REFERENCE = 1.0, 0.0  # weights of the text branch
Mode = Literal["auto", "always", "never", "soft"]


class GateSettings(Settings):
    """Options of the gate.

    Attributes:
        mode: `auto` decides as published; `always` keeps every reference; `never` keeps none; `soft` lets the network
            weigh every reference itself, and the checks are only reported.
        jitter: a reference whose Jitter_Degree is below this passes, m/frame^2.
        match: a reference passes of which the judge is surer than this that it shows the prompt.
        understood: refuse references whose source notes that it did not understand all of the prompt.
        judge: who is asked; only about references that pass the other checks.
        keep: a folder; every reference is written there as `<prompt id>-<seed>.npz`.
    """

    mode: Mode = "auto"
    jitter: Annotated[float, Field(gt=0)] = JITTER
    match: Annotated[float, Field(ge=0, le=1)] = YES
    understood: bool = True
    judge: JudgeConfig = JudgeConfig()
    keep: str | None = None

    @field_validator("judge", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """Accept a bare name."""
        return {"name": value} if isinstance(value, str) else value


@dataclass(frozen=True, eq=False)
class Decision:
    """What the gate says of one prompt.

    Attributes:
        mode: of the gate.
        reference: what the source gave, whether it is used or not; None if it gave none.
        weight: of the text branch: 1 text alone, 0 the reference alone, None where the network weighs them.
        reasons: why the reference does not pass, check by check; empty if it passes.
        jitter: Jitter_Degree of the reference, m/frame^2; None where it was not measured.
        match: how sure the judge is that the reference shows the prompt; None where it was not asked or did not say.
        kept: name of the reference's file in the folder `keep`, or None.
    """

    mode: Mode
    reference: Reference | None
    weight: float | None
    reasons: tuple[str, ...] = ()
    jitter: float | None = None
    match: float | None = None
    kept: str | None = None

    @property
    def used(self) -> bool:
        """Return whether the network is given the reference."""
        return self.reference is not None and self.weight != TEXT

    @property
    def rows(self) -> Rows | None:
        """Return the reference's rows (S, 276) if the network is given them."""
        return self.reference.rows if self.reference is not None and self.used else None

    def to_dict(self) -> dict[str, Any]:
        """Return the decision as JSON values, as they are stored with the motion."""
        record: dict[str, Any] = {
            "mode": self.mode, "used": self.used, "weight": self.weight, "reasons": list(self.reasons),
            "jitter": self.jitter, "match": self.match,
        }  # fmt: skip
        if self.reference is not None:
            facts = {"source": self.reference.name, "rows": len(self.reference.rows), "kept": self.kept}
            record["reference"] = {**self.reference.provenance, **facts}
        return record


@dataclass(frozen=True)
class Gate:
    """A gate with its judge, which is loaded when it is first asked.

    Attributes:
        settings: see `GateSettings`.
        base: a relative folder `keep` starts here.
        device: where the judge runs; decides no answer.
    """

    settings: GateSettings = GateSettings()
    base: Path = Path()
    device: str = "auto"

    @cached_property
    def judge(self) -> Judge:
        """The judge.

        Raises:
            MBenchError: as `mbench.judges.base.build_judge`.
        """
        return build_judge(self.settings.judge.name, self.settings.judge.options, self.device)

    @property
    def identity(self) -> str:
        """Return a text that is another one whenever the decisions may be others."""
        decides: list[Any] = [self.settings.mode]
        if self.settings.mode == "auto":
            judge = [identity(self.judge), self.settings.judge.options]
            decides += [self.settings.jitter, self.settings.match, self.settings.understood, judge]
        return f"gate {self.settings.mode} {hash_of(decides)[:10]}"


def build_gate(config: Any = "auto", base: Path = Path(), device: str = "auto") -> Gate:
    """Return the gate that a configuration names.

    Args:
        config: a mode, or a mapping of `GateSettings`.
        base: relative paths start here.
        device: where the judge runs.

    Raises:
        ConfigError: no such mode, or an option that it does not take or that is out of range.
    """
    values = {"mode": config} if isinstance(config, str) else config
    if not isinstance(values, dict):
        raise ConfigError(f"gate: found {shown(config)}; expected auto, always, never, soft, or a mapping with mode")
    try:
        return Gate(GateSettings.model_validate(values), base, device)
    except ValidationError as error:
        raise ConfigError(f"gate: {validation_message(error, GateSettings)}") from error


def decide(references: Sequence[Reference | MBenchError], prompts: Sequence[Prompt], gate: Gate) -> list[Decision]:
    """Return what the gate says of each prompt's reference; the judge is asked once for all.

    Args:
        references: what a source gave, one a prompt.
        prompts: n prompts.
        gate: see `build_gate`.

    Raises:
        JudgeError: the judge can answer nothing at all.
        PluginError: the judge gave another number of answers.
        MBenchError: a reference can't be written to the folder `keep`.
    """
    if len(references) != len(prompts):
        raise PluginError(f"gate: found {len(references)} references for {len(prompts)} prompts")
    checked = [_checked(reference, gate.settings) for reference in references]
    decided = _weighed(_judged(checked, prompts, gate), gate.settings.mode)
    return [_kept(decision, gate) for decision in decided]


def _checked(reference: Reference | MBenchError, settings: GateSettings) -> Decision:
    """Return a decision with what can be said without a judge; its weight is not settled yet."""
    if not isinstance(reference, Reference):
        return Decision(settings.mode, None, TEXT, (one_line(reference),))
    jitter, why = jitter_degree.evaluate(reference.motion)
    reasons = [] if why is None else [f"jitter can't be measured: {why}"]
    if jitter is not None and jitter >= settings.jitter:
        reasons.append(f"jitter is {jitter:.4f} m/frame^2; expected less than {settings.jitter:g}")
    if settings.understood:
        reasons += [f"the source notes: {note}" for note in reference.provenance.get("notes", ())]
    return Decision(settings.mode, reference, None, tuple(reasons), jitter)


def _judged(decisions: list[Decision], prompts: Sequence[Prompt], gate: Gate) -> list[Decision]:
    """Return the decisions with the judge's answers, asked where they matter."""
    if gate.settings.mode in ("always", "never"):
        return decisions
    asked = [n for n, d in enumerate(decisions) if d.reference is not None and not d.reasons]
    motions = [reference.motion for n in asked if (reference := decisions[n].reference) is not None]
    answers = match(gate.judge, motions, [prompts[n].text for n in asked]) if asked else []
    judged = list(decisions)
    for n, answer in zip(asked, answers, strict=True):
        judged[n] = _answered(decisions[n], answer, gate.settings.match)
    return judged


def _answered(decision: Decision, answer: float | Exception, least: float) -> Decision:
    """Return a decision with the judge's answer; no answer is no yes."""
    if isinstance(answer, Exception):
        return replace(decision, reasons=(f"the judge gave no answer: {one_line(answer)}",))
    sure = answer > least
    reasons = () if sure else (f"the judge is {answer:.3f} sure that it matches; expected more than {least:g}",)
    return replace(decision, match=answer, reasons=reasons)


def _weighed(decisions: list[Decision], mode: Mode) -> list[Decision]:
    """Return the decisions with the weight of the text branch."""
    weights = {"always": REFERENCE, "never": TEXT, "soft": None}
    return [
        replace(d, weight=weights.get(mode, TEXT if d.reasons else REFERENCE)) if d.reference is not None else d
        for d in decisions
    ]


def _kept(decision: Decision, gate: Gate) -> Decision:
    """Return the decision after its reference was written to the folder for them, if there is one."""
    reference = decision.reference
    if reference is None or gate.settings.keep is None:
        return decision
    name = f"{reference.provenance['prompt']}-{reference.provenance['seed']}.npz"
    write_motion(reference.motion, resolve_path(gate.settings.keep, gate.base) / name)
    return replace(decision, kept=name)
