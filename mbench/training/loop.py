"""The loop itself. This module imports torch and accelerate; import it late."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import send_to_device
from torch import Tensor, nn

from mbench.errors import MBenchError, one_line
from mbench.seeds import seed_of
from mbench.training.checkpoint import load_checkpoint, save_checkpoint
from mbench.training.curve import write_curve
from mbench.training.log import Log, Window, interrupts, shown
from mbench.training.parts import Average, batches_ahead, parameter_groups, size_of
from mbench.training.settings import TrainSettings

DRAW_EVERY = 10.0  # seconds between pictures of the curve: drawing one takes as long as many steps of a small network


def accelerator_of(settings: TrainSettings) -> Accelerator:
    """Return an accelerator of the device and precision that the settings ask for.

    Raises:
        MBenchError: there is no GPU and cuda is asked for.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise MBenchError("training: device is cuda, but torch finds no GPU here; expected auto or cpu")
    # Accelerate keeps the settings of the first accelerator of a process for all; an earlier training is over.
    alone = PartialState._shared_state == {} or PartialState().num_processes == 1
    AcceleratorState._reset_state(reset_partial_state=alone)
    on_cpu = settings.device == "cpu" or not torch.cuda.is_available()
    accelerator = Accelerator(cpu=on_cpu, mixed_precision="bf16" if settings.precision == "bf16" else "no")
    if accelerator.num_processes > 1:
        atexit.register(_leave_group)
    return accelerator


def _leave_group() -> None:
    """End the group of processes: its threads, if they are still running when Python ends, abort the process."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


class Training:
    """One run; the arguments are those of `mbench.training.train`."""

    def __init__(
        self,
        network: nn.Module,
        loss: Callable[[nn.Module, Any, int], dict[str, Tensor]],
        batch: Callable[[int], Any],
        settings: TrainSettings,
        folder: Path,
        evaluate: Callable[[nn.Module, int], dict[str, float]] | None,
        decides: Any,
        quiet: bool,
    ) -> None:
        self.settings, self.folder, self.quiet = settings, folder, quiet
        self.loss, self.make_batch, self.evaluate = loss, batch, evaluate
        self.accelerator = accelerator_of(settings)
        self.identity = {
            "settings": settings.identity(),
            "decides": decides,
            "processes": self.accelerator.num_processes,
        }
        self.plain = network.train()
        # Copied before accelerate replaces `forward`, which would go on calling the original.
        self.average = None if settings.ema is None else Average(network, settings.ema)
        optimizer = torch.optim.AdamW(parameter_groups(network, settings.weight_decay), lr=settings.rate)
        self.network, self.optimizer = self.accelerator.prepare(network, optimizer)
        if self.average is not None:
            self.average.network.to(self.accelerator.device)
        self.samples = 0

    def run(self) -> nn.Module:
        """Train to the end and return the network, as `train` does."""
        try:
            with self._locked():
                self._train(self._resume())
        finally:
            self.accelerator.unwrap_model(self.network, keep_fp32_wrapper=False)
        return self.result.to("cpu").eval()

    @property
    def result(self) -> nn.Module:
        """The moving average, or the network where there is none."""
        return self.plain if self.average is None else self.average.network

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other runs out of the folder, and remove what a killed one left half written."""
        from filelock import FileLock, Timeout

        if not self.accelerator.is_main_process:
            yield
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise MBenchError(f"{self.folder}: another training runs in this folder") from error
        try:
            for name in ("checkpoint.pt", "log.jsonl", "loss.png"):
                for left in self.folder.glob(f".{name}.*"):
                    left.unlink()
            yield
        finally:
            Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    def _resume(self) -> int:
        """Load the checkpoint, if there is one, and return the steps done."""
        path = self.folder / "checkpoint.pt"
        saved = load_checkpoint(path, self.identity) or {"step": 0, "window": {}, "seconds": 0.0}
        if saved["step"] > self.settings.steps:
            raise MBenchError(f"{path}: has {saved['step']} steps done; training: steps is {self.settings.steps}")
        if saved["step"]:
            try:
                for name, part in self._parts().items():
                    part.load_state_dict(saved[name])
            except (RuntimeError, ValueError, KeyError) as error:
                cause = one_line(error)[:300]
                raise MBenchError(f"{path}: is of a network of another shape: {cause}") from error
        self.window = Window(self._gather, saved["window"])
        self.seconds = saved["seconds"]
        if self.accelerator.is_main_process:
            self.log = Log(self.folder / "log.jsonl", saved["step"])
        return saved["step"]

    def _parts(self) -> dict[str, Any]:
        """Return what has a state to save, by name."""
        average = {} if self.average is None else {"average": self.average.network}
        return {"network": self.plain, "optimizer": self.optimizer, **average}

    def _train(self, first: int) -> None:
        steps = range(first, self.settings.steps)
        device = self.accelerator.device
        with ExitStack() as stack:
            stack.enter_context(torch.random.fork_rng([device] if device.type == "cuda" else []))
            asked = stack.enter_context(interrupts())
            hidden = self.quiet or not self.accelerator.is_main_process
            self.show = stack.enter_context(shown(first, self.settings.steps, hidden))
            next_batch = stack.enter_context(batches_ahead(self._batch, steps))
            self._latest: float | None = None
            self._start = self._last = self._drawn = time.perf_counter()
            for step in steps:
                self._step(step, next_batch())
                self._write(step + 1)
                if self._all_stop(asked(), step + 1):
                    self._save(step + 1, last=True)
                    raise KeyboardInterrupt

    def _batch(self, step: int) -> Any:
        """Return the batch of this process, on its device."""
        accelerator = self.accelerator
        batch = self.make_batch(step * accelerator.num_processes + accelerator.process_index)
        return send_to_device(batch, accelerator.device, non_blocking=True)

    def _step(self, step: int, batch: Any) -> None:
        """Do one update."""
        torch.manual_seed(seed_of(self.settings.seed, "step", step, self.accelerator.process_index))
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate_at(step)
        with self.accelerator.autocast():
            scalars = self.loss(self.network, batch, step)
        self.optimizer.zero_grad()
        self.accelerator.backward(scalars["loss"])
        norm = self.accelerator.clip_grad_norm_(self.network.parameters(), self.settings.clip)
        self.optimizer.step()
        if self.average is not None:
            self.average.update(self.plain, step)
        self.window.add({**scalars, "grad_norm": norm})
        self.samples += size_of(batch)

    def _write(self, done: int) -> None:
        """Write whatever is due after some steps: a line, an evaluation, a checkpoint."""
        settings, last = self.settings, done == self.settings.steps
        if done % settings.log_every == 0 or last:
            self._log(done)
        if self.evaluate and (last or (settings.evaluate_every and done % settings.evaluate_every == 0)):
            self._evaluate(done)
        if done % settings.every == 0 or last:
            self._save(done, last)
        self.show(done, self._latest)

    def _log(self, done: int) -> None:
        """Write the means since the last line."""
        self.window.settle(done)
        means = self.window.means()
        now = time.perf_counter()
        row = {"step": done, **means, "rate": self.settings.rate_at(done - 1), "seconds": self._seconds()}
        if self.samples:
            row["samples_per_second"] = self.samples * self.accelerator.num_processes / (now - self._last)
        self.samples, self._last, self._latest = 0, now, means["loss"]
        if self.accelerator.is_main_process:
            self.log.write(row)

    def _evaluate(self, done: int) -> None:
        """Evaluate the moving average in the main process; its time does not count as time of steps."""
        self.window.settle(done)
        begin = time.perf_counter()
        if self.evaluate and self.accelerator.is_main_process:
            with torch.no_grad():
                found = self.evaluate(self.result.eval(), done)
            self.log.write({"step": done, "evaluation": {name: float(value) for name, value in found.items()}})
        self.plain.train()
        self.accelerator.wait_for_everyone()
        self._last += time.perf_counter() - begin

    def _save(self, done: int, last: bool) -> None:
        """Write the checkpoint, and the picture where it is the last or the picture is old."""
        self.window.settle(done)
        if not self.accelerator.is_main_process:
            return
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {"step": done, "window": self.window.values, "seconds": self._seconds()}
        save_checkpoint(self.folder / "checkpoint.pt", self.identity, state)
        if last or time.perf_counter() - self._drawn > DRAW_EVERY:
            write_curve(self.folder / "loss.png", self.log.rows())
            self._drawn = time.perf_counter()

    def _seconds(self) -> float:
        """Return the time of training so far, that of earlier calls included."""
        return self.seconds + time.perf_counter() - self._start

    def _gather(self, scalars: list[Tensor]) -> list[float]:
        """Return the means over all processes of one scalar a step."""
        values = torch.stack([scalar.to(self.accelerator.device, torch.float32) for scalar in scalars])
        return self.accelerator.reduce(values, "mean").tolist()

    def _all_stop(self, asked: bool, done: int) -> bool:
        """Tell whether a process was asked to stop; several agree at lines of the log only, for asking costs time."""
        if self.accelerator.num_processes == 1:
            return asked
        if asked:
            self.accelerator.set_trigger()
        return done % self.settings.log_every == 0 and self.accelerator.check_trigger()
