"""One distillation, from a recipe to a published folder. This module imports torch; import it late."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

from mbench.datasets.vimogen228k import UNIFIED
from mbench.errors import ConfigError
from mbench.files import read_json, sha256_of
from mbench.judges.base import identity
from mbench.progress import progress
from vimogen.checkpoint import CONFIG, card_of, load_generator
from vimogen.codec import Rows
from vimogen.distil.candidates import Candidate, candidates_of, decisions_of
from vimogen.distil.choose import Critic, Marks, best
from vimogen.distil.prompts import Wanted, read_captions, read_prompts
from vimogen.distil.publish import publish
from vimogen.distil.recipe import DistilRecipe
from vimogen.distil.store import CARD, Store, check_same, locked
from vimogen.gate import Decision, build_gate
from vimogen.generator import Generator, Sampling
from vimogen.options import changed, told
from vimogen.reference.build import build_reference

Say = Callable[[str], None]


def run_distil(recipe: DistilRecipe, quiet: bool = False, say: Say = lambda line: None) -> Path:
    """Make motions for all prompts, or go on where an earlier call was stopped; return the published folder.

    Args:
        recipe: see there.
        quiet: no progress on stderr.
        say: told in a line what is being done.

    Raises:
        MBenchError: a file can't be read, a setting is wrong, the output is of another configuration, no prompt has a
            motion that may be kept, or the folder can't be written.
    """
    output = Path(recipe.output)
    wanted = wanted_of(recipe)
    maker = Maker(recipe)
    if _published(output, maker.made_by):
        say(f"{output} is complete already; nothing is done")
        return output
    with locked(output):
        store = Store(output.with_name(f"{output.name}.work"), maker.made_by)
        _make(maker, wanted, store, quiet, say)
        publish(store, wanted, recipe, maker.generator.codec, maker.teacher, output)
    return output


def wanted_of(recipe: DistilRecipe) -> list[Wanted]:
    """Return all prompts of a recipe: those of the file, then captions whose texts the file does not have.

    Raises:
        MBenchError: the file or the data can't be read.
    """
    wanted = read_prompts(recipe.prompts_file)
    if recipe.captions is None or recipe.captions_folder is None:
        return wanted
    texts = {own.prompt.text for own in wanted}
    return wanted + [
        own for own in read_captions(recipe.captions_folder, recipe.captions.subsets) if own.prompt.text not in texts
    ]


def _published(output: Path, made_by: dict[str, Any]) -> bool:
    """Return whether the output is there.

    Raises:
        ConfigError: it is that of another configuration, or of something else.
    """
    if not output.exists():
        return False
    if not (output / CARD).is_file():
        raise ConfigError(f"{output}: is there, but holds no {CARD}; expected a folder that is yet to be made")
    check_same(read_json(output / CARD).get("made_by"), made_by, output)
    return True


def _make(maker: Maker, wanted: Sequence[Wanted], store: Store, quiet: bool, say: Say) -> None:
    """Make the motions of the prompts that are not finished."""
    done = store.done
    left = [own for own in wanted if own.prompt.id not in done]
    if done:
        say(f"{len(done)} of {len(wanted)} prompts are finished already")
    maker.prepare(wanted)
    start, made = monotonic(), 0
    with progress("prompts", len(left), quiet) as advance:
        for group in _groups(left, max(1, maker.recipe.batch // maker.recipe.candidates)):
            made += maker.finish(group, store)
            advance(len(group))
    if left:
        seconds = monotonic() - start
        say(
            f"{made} motions for {len(left)} prompts in {seconds:.0f} s: {made / seconds:.1f} a second, choice included"
        )


def _groups(wanted: Sequence[Wanted], size: int) -> Iterator[list[Wanted]]:
    """Yield prompts of similar length, the longest first: what does not fit into memory is known at once."""
    order = sorted(wanted, key=lambda own: (-own.frames, own.prompt.id))
    for start in range(0, len(order), size):
        yield order[start : start + size]


class Maker:
    """Makes the motions of prompts and chooses among them.

    Args:
        recipe: of the distillation.

    Raises:
        MBenchError: the weights, the judge, the reference or the gate can't be had.
    """

    def __init__(self, recipe: DistilRecipe) -> None:
        self.recipe = recipe
        self.weights = recipe.weights
        self.generator: Generator = load_generator(self.weights, recipe.device)
        self.source = build_reference(recipe.reference, recipe.base, recipe.device)
        self.gate = build_gate(recipe.gate, recipe.base, recipe.device)
        self.critic = Critic(recipe.choose, recipe.workers, recipe.device)
        if self.source.name != "none" and not self.generator.network.config.ref_motion_dim:
            raise ConfigError(f"reference: {self.weights} has no reference branch; leave `reference` out")

    @property
    def teacher(self) -> dict[str, Any]:
        """The card of the generator."""
        return {name: value for name, value in card_of(self.weights).to_dict().items() if name != "captions"}

    @cached_property
    def sampling(self) -> Sampling:
        """The sampling of the weights, with what the recipe says in its place."""
        return changed(self.generator.sampling, self.recipe.sampling)

    @cached_property
    def made_by(self) -> dict[str, Any]:
        """Everything that decides the motions and the choice, as JSON values."""
        recipe = self.recipe
        return {
            "model": sha256_of(self.weights / CONFIG),
            "prompts": sha256_of(recipe.prompts_file),
            "captions": sha256_of(recipe.captions_folder / UNIFIED) if recipe.captions_folder else None,
            "reference": self.source.identity,
            "gate": self.gate.identity if self.source.name != "none" else "none",
            "sampling": told(self.sampling),
            "judge": [identity(self.critic.judge), recipe.choose.judge.options],
            "metrics": self.critic.versions,
            **recipe.model_dump(mode="json", include={"branches", "candidates", "keep", "val", "seed"}),
            "choose": recipe.choose.model_dump(mode="json", exclude={"judge"}),
        }

    def prepare(self, wanted: Sequence[Wanted]) -> None:
        """Tell the source of references all prompts, if it wants to know them."""
        if hasattr(self.source, "prepare"):
            self.source.prepare([own.prompt for own in wanted])

    def finish(self, group: Sequence[Wanted], store: Store) -> int:
        """Make, choose and store the motions of some prompts; return how many were made."""
        start = monotonic()
        decisions = decisions_of(group, self.source, self.gate, self.recipe.seed)
        lots = [candidates_of(*own, self.recipe) for own in zip(group, decisions, strict=True)]
        flat = [candidate for lot in lots for candidate in lot]
        rows = self._sampled(flat)
        marks = self.critic.marks(rows, [candidate.request.text for candidate in flat])
        made, said = iter(rows), iter(marks)
        records = [
            self._record(decision, lot, [next(made) for _ in lot], [next(said) for _ in lot], store)
            for decision, lot in zip(decisions, lots, strict=True)
        ]
        seconds = (monotonic() - start) / len(group)
        store.add([{**record, "seconds": round(seconds, 4)} for record in records])
        return len(flat)

    def _sampled(self, candidates: Sequence[Candidate]) -> list[Rows]:
        """Return the rows of each candidate."""
        requests = [candidate.request for candidate in candidates]
        size = self.recipe.batch
        parts = [requests[start : start + size] for start in range(0, len(requests), size)]
        return [rows for part in parts for rows in self.generator.sample(part, self.sampling)]

    def _record(
        self, decision: Decision, lot: Sequence[Candidate], rows: Sequence[Rows], marks: Sequence[Marks], store: Store
    ) -> dict[str, Any]:
        """Write the motions of a prompt that are kept, and return its line of the index."""
        prompt = lot[0].wanted.prompt
        kept, reason = best(marks, self.recipe.choose, self.recipe.keep)
        for index in kept:
            store.write_motion(f"{prompt.id}-{lot[index].number}", rows[index])
        return {
            "prompt": prompt.id, "kept": kept, "reason": reason,
            "gate": decision.to_dict() if self.source.name != "none" else None,
            "candidates": [_as_json(*own) for own in zip(lot, marks, strict=True)],
        }  # fmt: skip


def _as_json(candidate: Candidate, marks: Marks) -> dict[str, Any]:
    """Return what the index says of a candidate."""
    about = {"number": candidate.number, "branch": candidate.branch, "seed": candidate.request.seed}
    return {**about, "match": marks.match, "quality": marks.quality, "score": marks.score, **marks.anchored}
