"""The training loop: what it computes, what it writes, and that nothing stops it from going on."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mbench.errors import ConfigError, MBenchError
from mbench.training import TrainSettings, train
from mbench.training.curve import smoothed
from mbench.training.log import shown
from training_runs import TINY, tiny_batch, tiny_evaluate, tiny_loss, tiny_network, tiny_run

FP32 = dataclasses.replace(TINY, precision="fp32")
HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in one order, as in the processes that the tests start: another number of threads may give other bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rows_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def without_times(rows: list[dict]) -> list[dict]:
    return [{k: v for k, v in row.items() if k not in ("seconds", "samples_per_second")} for row in rows]


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def saved(folder: Path) -> dict:
    return torch.load(folder / "checkpoint.pt", weights_only=True)


class Scale(nn.Module):
    """One matrix, one vector."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix, self.vector = nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.ones(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x @ self.matrix + self.vector).square().mean()


def scale_loss(network: nn.Module, batch: torch.Tensor, step: int) -> dict[str, torch.Tensor]:
    return {"loss": network(batch)}


def scale_batch(step: int) -> torch.Tensor:
    return torch.randn(5, 2, generator=torch.Generator().manual_seed(step))


def plain_training(network: nn.Module, settings: TrainSettings) -> list[list[torch.Tensor]]:
    """Train `Scale` by the textbook, AdamW and all, and return its weights after every step."""
    weights = [parameter.detach().clone() for parameter in network.parameters()]
    first, second, history = [0.0, 0.0], [0.0, 0.0], []
    for step in range(settings.steps):
        leaves = [weight.clone().requires_grad_() for weight in weights]
        (scale_batch(step) @ leaves[0] + leaves[1]).square().mean().backward()
        gradients = [leaf.grad for leaf in leaves]
        norm = math.sqrt(sum(float(g.square().sum()) for g in gradients))
        rate = min(1, (step + 1) / settings.warmup) * settings.rate
        if step >= settings.warmup:
            rate *= (1 + math.cos(math.pi * (step - settings.warmup) / (settings.steps - settings.warmup))) / 2
        for i, gradient in enumerate(gradients):
            gradient = gradient * min(1, settings.clip / norm)
            first[i] = 0.9 * first[i] + 0.1 * gradient
            second[i] = 0.999 * second[i] + 0.001 * gradient**2
            move = (first[i] / (1 - 0.9 ** (step + 1))) / ((second[i] / (1 - 0.999 ** (step + 1))).sqrt() + 1e-8)
            decay = settings.weight_decay if weights[i].ndim == 2 else 0
            weights[i] = weights[i] * (1 - rate * decay) - rate * move
        history.append(weights.copy())
    return history


def test_the_weights_are_those_of_a_plain_loop(tmp_path):
    settings = dataclasses.replace(FP32, ema=None, weight_decay=0.3, clip=0.5)
    network = train(Scale(), scale_loss, scale_batch, settings, tmp_path, quiet=True)
    for mine, theirs in zip(network.parameters(), plain_training(Scale(), settings)[-1], strict=True):
        torch.testing.assert_close(mine.detach(), theirs, rtol=1e-5, atol=1e-6)


def test_the_moving_average_is_that_of_a_plain_loop(tmp_path):
    network = Scale()
    result = train(network, scale_loss, scale_batch, FP32, tmp_path, quiet=True)
    average = [torch.ones(2, 3), torch.ones(3)]
    for count, weights in enumerate(plain_training(Scale(), FP32)):
        decay = min(0.9, (1 + count) / (10 + count))
        average = [decay * a + (1 - decay) * w for a, w in zip(average, weights, strict=True)]
    for mine, theirs, last in zip(result.parameters(), average, network.parameters(), strict=True):
        torch.testing.assert_close(mine.detach(), theirs, rtol=1e-5, atol=1e-6)
        assert not torch.allclose(mine, last)


def test_the_average_has_the_buffers_of_the_network_and_is_in_eval_mode(tmp_path):
    network = tiny_network()
    result = tiny_run(tmp_path, network=network)
    assert not result.training
    assert int(result[1].num_batches_tracked) == TINY.steps
    assert torch.equal(result[1].running_mean, network[1].running_mean)


def test_only_matrices_decay(tmp_path):
    settings = dataclasses.replace(FP32, ema=None, weight_decay=0.5, schedule="constant")
    no_gradient = {"loss": lambda n, b, s: {"loss": 0 * n.matrix.sum() + 0 * n.vector.sum()}, "batch": scale_batch}
    network = train(Scale(), settings=settings, folder=tmp_path, quiet=True, **no_gradient)
    kept = math.prod(1 - 0.5 * 1e-2 * min(1, (step + 1) / 5) for step in range(settings.steps))
    torch.testing.assert_close(network.matrix.detach(), torch.full((2, 3), kept))
    assert torch.equal(network.vector.detach(), torch.ones(3))


def test_frozen_parameters_stay(tmp_path):
    network = Scale()
    network.matrix.requires_grad_(False)
    result = train(network, scale_loss, scale_batch, FP32, tmp_path, quiet=True)
    assert torch.equal(result.matrix, torch.ones(2, 3))
    assert not torch.allclose(result.vector, torch.ones(3))


def test_the_rate_of_a_step():
    cosine = TrainSettings(steps=300, rate=0.4, warmup=100)
    assert [cosine.rate_at(s) for s in (0, 49, 99, 100)] == pytest.approx([0.004, 0.2, 0.4, 0.4])
    assert [cosine.rate_at(s) for s in (150, 200, 300)] == pytest.approx([0.4 * (2 + 2**0.5) / 4, 0.2, 0.0])
    constant = dataclasses.replace(cosine, schedule="constant", warmup=0)
    assert [constant.rate_at(s) for s in (0, 299)] == [0.4, 0.4]
    falling = dataclasses.replace(constant, decay=100)
    assert [falling.rate_at(s) for s in (0, 200, 250, 299)] == pytest.approx([0.4, 0.4, 0.2, 0.004])


def test_the_same_seed_drops_the_same_and_another_does_not(tmp_path):
    one, same = tiny_run(tmp_path / "1"), tiny_run(tmp_path / "2", evaluate=None)
    other = tiny_run(tmp_path / "3", dataclasses.replace(TINY, seed=1))
    assert same_weights(one, same)
    assert not same_weights(one, other)


def test_the_generator_of_the_caller_is_left_alone(tmp_path):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    network = Scale()
    train(network, scale_loss, scale_batch, FP32, tmp_path, quiet=True)
    assert torch.equal(torch.get_rng_state(), before)


class Recorder(nn.Module):
    """A layer that writes down the type of what it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.kinds = nn.Linear(4, 1), set()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.layer(x)
        self.kinds.add((out.dtype, self.layer.weight.dtype))
        return out


@pytest.mark.parametrize(("precision", "kind"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_precision_is_that_of_the_forward_pass_and_not_of_the_weights(tmp_path, precision, kind):
    network = Recorder()
    settings = dataclasses.replace(TINY, precision=precision, steps=2)
    result = tiny_run(tmp_path, settings, network=network, evaluate=None)
    assert network.kinds == {(kind, torch.float32)}
    assert result(torch.zeros(1, 4)).dtype == torch.float32  # the result is no longer under autocast


def test_the_network_is_the_caller_s_again_afterwards(tmp_path):
    network = Recorder()
    tiny_run(tmp_path, dataclasses.replace(TINY, steps=2, ema=None), network=network, evaluate=None)
    assert network(torch.zeros(1, 4)).dtype == network.layer(torch.zeros(1, 4)).dtype == torch.float32


def test_nested_batches_arrive_whole_and_in_order(tmp_path):
    seen = []

    def loss(network, batch, step):
        seen.append((step, batch["texts"], torch.equal(batch["inner"][0][0], tiny_batch(step)["inner"][0][0])))
        return tiny_loss(network, batch, step)

    tiny_run(tmp_path, loss=loss)
    assert seen == [(step, ["a person walks"], True) for step in range(TINY.steps)]


def test_batches_are_made_in_another_thread_ahead_of_the_training(tmp_path):
    second, threads = threading.Event(), set()

    def batch(step):
        threads.add(threading.current_thread())
        if step == 1:
            second.set()
        return tiny_batch(step)

    def loss(network, batch, step):
        assert second.wait(10), "batch 1 was not begun while step 0 ran"
        return tiny_loss(network, batch, step)

    tiny_run(tmp_path, batch=batch, loss=loss)
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_no_batch_is_made_that_is_not_used(tmp_path):
    made = []
    tiny_run(tmp_path, batch=lambda step: made.append(step) or tiny_batch(step))
    assert made == list(range(TINY.steps))


def test_an_error_in_a_batch_comes_out_and_the_checkpoint_stays(tmp_path):
    def batch(step):
        if step == 9:
            raise ValueError("clip 9 is broken")
        return tiny_batch(step)

    with pytest.raises(ValueError, match="clip 9 is broken"):
        tiny_run(tmp_path, batch=batch)
    assert saved(tmp_path)["step"] == 7
    assert same_weights(tiny_run(tmp_path), tiny_run(tmp_path / "straight"))


@pytest.mark.parametrize("bad", ["loss", "grad_norm"])
def test_what_is_not_finite_stops_the_run_and_leaves_the_last_checkpoint(tmp_path, bad):
    def loss(network, batch, step):
        values = tiny_loss(network, batch, step)
        if step == 13 and bad == "loss":
            values["loss"] = values["loss"] * math.nan
        if step == 13 and bad == "grad_norm":  # the root has no finite gradient at 0
            values["loss"] = values["loss"] + (0 * values["loss"]).sqrt()
        return values

    with pytest.raises(MBenchError, match=rf"{bad} of step 13, counted from 0, is (nan|inf)"):
        tiny_run(tmp_path, loss=loss)
    assert saved(tmp_path)["step"] == 7
    assert same_weights(tiny_run(tmp_path), tiny_run(tmp_path / "straight"))


KILLS = ["fsync:1", "batch:5", "loss:10", "fsync:9", "replace:1", "interrupt:1", "replace:2", "fsync:4", "end"]


def test_killed_at_any_point_the_run_goes_on_as_if_nothing_had_been(tmp_path):
    done = subprocess.run(
        [sys.executable, str(HERE / "training_runs.py"), str(tmp_path / "killed"), *KILLS],
        capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    ends = dict(line.split() for line in done.stdout.splitlines())
    assert ends == {point: "130" if "interrupt" in point else "0" if point == "end" else "-9" for point in KILLS}, (
        done.stderr
    )
    straight = tiny_run(tmp_path / "straight")
    killed = saved(tmp_path / "killed")
    assert all(torch.equal(killed["average"][name], value) for name, value in straight.state_dict().items())
    assert all(torch.equal(killed["network"][n], v) for n, v in saved(tmp_path / "straight")["network"].items())
    assert without_times(rows_of(tmp_path / "killed")) == without_times(rows_of(tmp_path / "straight"))
    names = {"checkpoint.pt", "log.jsonl", "loss.png"}
    assert {path.name for path in (tmp_path / "killed").iterdir()} == names


def test_ctrl_c_writes_a_checkpoint_of_that_step(tmp_path):
    def loss(network, batch, step):
        if step == 10:
            os.kill(os.getpid(), signal.SIGINT)
        return tiny_loss(network, batch, step)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        tiny_run(tmp_path, loss=loss)
    assert signal.getsignal(signal.SIGINT) is before
    assert saved(tmp_path)["step"] == 11
    assert same_weights(tiny_run(tmp_path), tiny_run(tmp_path / "straight"))
    assert without_times(rows_of(tmp_path)) == without_times(rows_of(tmp_path / "straight"))


def test_a_second_ctrl_c_does_not_wait(tmp_path):
    def loss(network, batch, step):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("went on after the second Ctrl-C")

    with pytest.raises(KeyboardInterrupt):
        tiny_run(tmp_path, loss=loss)
    assert not (tmp_path / "checkpoint.pt").exists()


def test_a_finished_run_is_only_loaded(tmp_path):
    first = tiny_run(tmp_path)
    again = tiny_run(tmp_path, loss=lambda *_: pytest.fail("trained again"))
    assert same_weights(first, again)


def test_a_run_at_a_constant_rate_can_be_made_longer(tmp_path):
    long = dataclasses.replace(TINY, schedule="constant")
    tiny_run(tmp_path / "1", dataclasses.replace(long, steps=12))
    assert same_weights(tiny_run(tmp_path / "1", long), tiny_run(tmp_path / "2", long))
    with pytest.raises(MBenchError, match="has 30 steps done; .* steps is 12"):
        tiny_run(tmp_path / "1", dataclasses.replace(long, steps=12))


@pytest.mark.parametrize(
    ("settings", "decides", "message"),
    [
        ({"rate": 0.5}, {"data": {"sha256": "ab"}}, "settings.rate was 0.01, now it is 0.5"),
        ({"steps": 40}, {"data": {"sha256": "ab"}}, "settings.steps was 30, now it is 40"),
        ({}, {"data": {"sha256": "cd"}}, 'decides.data.sha256 was "ab", now it is "cd"'),
        ({}, None, 'decides was {"data": {"sha256": "ab"}}, now it is null'),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, settings, decides, message):
    tiny_run(tmp_path, decides={"data": {"sha256": "ab"}})
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(MBenchError) as caught:
        tiny_run(tmp_path, dataclasses.replace(TINY, **settings), decides=decides)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_what_does_not_decide_may_change(tmp_path):
    tiny_run(tmp_path, decides=("a", 1))
    tiny_run(tmp_path, dataclasses.replace(TINY, every=3, log_every=2, device="auto"), decides=["a", 1])


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    tiny_run(tmp_path)
    with pytest.raises(MBenchError, match="network of another shape.*size mismatch"):
        tiny_run(tmp_path, network=nn.Sequential(nn.Linear(4, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Linear(9, 1)))


def test_a_damaged_checkpoint_is_refused_wherever_it_is_damaged(tmp_path):
    tiny_run(tmp_path)
    path = tmp_path / "checkpoint.pt"
    whole = path.read_bytes()
    damaged = [whole[:cut] for cut in (0, 1, 31, len(whole) // 2, len(whole) - 1)]
    for place in np.random.default_rng(0).integers(len(whole), size=40):
        damaged.append(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(MBenchError, match="is damaged, or no checkpoint"):
            tiny_run(tmp_path)


def test_two_runs_do_not_share_a_folder(tmp_path):
    def loss(network, batch, step):
        with pytest.raises(MBenchError, match="another training runs in this folder"):
            tiny_run(tmp_path)
        return tiny_loss(network, batch, step)

    tiny_run(tmp_path, dataclasses.replace(TINY, steps=1), loss=loss)


def test_the_log(tmp_path):
    losses, odd = [], lambda step: math.inf if step == 5 else float(step)

    def loss(network, batch, step):
        values = tiny_loss(network, batch, step)
        losses.append(values["loss"].item())
        return {**values, "odd": torch.tensor(odd(step))}

    tiny_run(tmp_path, loss=loss, evaluate=lambda n, s: {"at": s, "none": math.nan, **tiny_evaluate(n, s)})
    text = (tmp_path / "log.jsonl").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    lines = [row for row in rows_of(tmp_path) if "loss" in row]
    assert [row["step"] for row in lines] == [4, 8, 12, 16, 20, 24, 28, 30]
    assert [row["loss"] for row in lines] == pytest.approx([np.mean(losses[i : i + 4]) for i in range(0, 30, 4)])
    assert [row["odd"] for row in lines[:3]] == [1.5, None, 9.5]
    assert [row["rate"] for row in lines] == [TINY.rate_at(row["step"] - 1) for row in lines]
    assert all(row["grad_norm"] > 0 and row["samples_per_second"] > 0 for row in lines)
    assert [row["seconds"] for row in lines] == sorted(row["seconds"] for row in lines)
    evaluations = [row for row in rows_of(tmp_path) if "evaluation" in row]
    assert [(row["step"], row["evaluation"]["at"]) for row in evaluations] == [(9, 9), (18, 18), (27, 27), (30, 30)]
    assert all(row["evaluation"]["none"] is None and row["evaluation"]["mse"] > 0 for row in evaluations)


def test_samples_per_second_are_left_out_where_a_batch_has_no_length(tmp_path):
    train(
        Scale(), lambda n, b, s: {"loss": n(torch.ones(1, 2))}, lambda step: {"t": "text"}, FP32, tmp_path, quiet=True
    )
    assert all("samples_per_second" not in row for row in rows_of(tmp_path))


def test_the_average_is_evaluated_in_eval_mode_without_gradients(tmp_path):
    modes, network = [], tiny_network()

    def evaluate(given, step):
        modes.append((given is network, given.training, torch.is_grad_enabled(), given[3].training))
        return {}

    tiny_run(tmp_path, network=network, evaluate=evaluate)
    assert modes == [(False, False, False, False)] * 4
    modes.clear()
    tiny_run(tmp_path / "2", dataclasses.replace(TINY, ema=None), network=network, evaluate=evaluate)
    assert modes == [(True, False, False, False)] * 4


def test_without_an_average_an_evaluation_does_not_end_the_training_mode(tmp_path):
    plain = dataclasses.replace(TINY, ema=None)
    assert same_weights(tiny_run(tmp_path / "1", plain), tiny_run(tmp_path / "2", plain, evaluate=None))


def test_the_curve_is_a_picture_of_one_panel_or_two(tmp_path):
    from matplotlib.image import imread

    tiny_run(tmp_path / "one", evaluate=None)
    tiny_run(tmp_path / "two")
    one, two = (imread(tmp_path / name / "loss.png") for name in ("one", "two"))
    assert one.shape == (320, 800, 4)
    assert two.shape == (640, 800, 4)
    for panel in (one, two[:320], two[320:]):
        blue = (panel[..., 2] > panel[..., 0] + 0.2).sum()
        assert blue > 300, "no curve is drawn"


def test_the_smoothed_curve_has_less_noise_and_does_not_lag():
    truth = np.linspace(5, 1, 300)
    noisy = truth + np.random.default_rng(0).normal(0, 0.3, 300)
    rest = np.asarray(smoothed(noisy)) - truth
    assert rest.std() < 0.1
    assert abs(rest[20:-20].mean()) < 0.03


@pytest.mark.parametrize(("wait", "drawn"), [(0.0, True), (60.0, False)])
def test_the_curve_is_drawn_at_checkpoints_but_not_all_the_time(tmp_path, monkeypatch, wait, drawn):
    monkeypatch.setattr("mbench.training.loop.DRAW_EVERY", wait)
    there = []

    def loss(network, batch, step):
        there.append((tmp_path / "loss.png").exists())
        return tiny_loss(network, batch, step)

    tiny_run(tmp_path, loss=loss)
    assert there == [step >= TINY.every and drawn for step in range(TINY.steps)]
    assert (tmp_path / "loss.png").exists()


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_tells_loss_speed_and_time_left(capsys, monkeypatch, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("COLUMNS", "150")
    with shown(10, 100, quiet=False) as show:
        show(55, 0.12345)
        show(100, 0.125)
    out, err = capsys.readouterr()
    assert out == ""
    assert all(part in err for part in ("100/100", "loss 0.125", "steps/s", "0:00:00 left"))


def test_quiet_is_quiet_and_loud_is_on_stderr(tmp_path, capsys):
    tiny_run(tmp_path / "1")
    assert capsys.readouterr() == ("", "")
    tiny_run(tmp_path / "2", quiet=False)
    out, err = capsys.readouterr()
    assert out == ""
    assert "training: 30/30, loss " in err


@pytest.mark.parametrize(
    ("field", "value"),
    [("steps", 0), ("rate", 0.0), ("warmup", -1), ("decay", -1), ("schedule", "linear"), ("weight_decay", -0.1),
     ("clip", 0.0), ("ema", 1.0), ("precision", "fp16"), ("every", 0), ("log_every", 0), ("evaluate_every", 0),
     ("device", "tpu")],
)  # fmt: skip
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(ConfigError, match=rf"{field} is {value!r}; expected"):
        TrainSettings(**{field: value})


def test_without_accelerate_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(MBenchError, match=r"pip install 'mbench\[train\]'"):
        tiny_run(tmp_path)


def test_importing_the_package_imports_nothing_heavy():
    code = "import mbench.training, mbench.weights, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "accelerate", "matplotlib", "numpy"} & set(loaded)


TWO = """
import sys, dataclasses
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import torch
from test_training import FP32, Scale, scale_batch, scale_loss
from mbench.training import train
torch.set_num_threads(1)
train(Scale(), scale_loss, scale_batch, FP32, Path(sys.argv[1]), lambda n, s: {"at": s}, quiet=True)
"""


def test_two_processes_train_as_one_with_both_batches(tmp_path):
    (tmp_path / "two.py").write_text(TWO)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*launch, str(tmp_path / "two.py"), str(tmp_path / "two"), str(HERE)],
        capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    both = train(
        Scale(), scale_loss, lambda step: torch.cat([scale_batch(2 * step), scale_batch(2 * step + 1)]), FP32,
        tmp_path / "one", lambda n, s: {"at": s}, quiet=True,
    )  # fmt: skip
    for name, value in both.state_dict().items():
        torch.testing.assert_close(saved(tmp_path / "two")["average"][name], value, rtol=1e-5, atol=1e-6)
    one, two = (without_times(rows_of(tmp_path / name)) for name in ("one", "two"))
    assert [row["step"] for row in one] == [row["step"] for row in two]
    assert [row.get("loss", 0) for row in two] == pytest.approx([row.get("loss", 0) for row in one], rel=1e-4)
    with pytest.raises(MBenchError, match="processes was 2, now it is 1"):
        train(Scale(), scale_loss, scale_batch, FP32, tmp_path / "two", quiet=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(MBenchError, match="torch finds no GPU here"):
        tiny_run(tmp_path, dataclasses.replace(TINY, device="cuda"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_gpu_trains_as_the_cpu_does(tmp_path, precision):
    kinds = []

    def loss(network, batch, step):
        kinds.append(batch.device.type)
        return scale_loss(network, batch, step)

    settings = dataclasses.replace(FP32, device="cuda", precision=precision)
    gpu = train(Scale(), loss, scale_batch, settings, tmp_path / "gpu", quiet=True)
    cpu = train(Scale(), scale_loss, scale_batch, FP32, tmp_path / "cpu", quiet=True)
    assert set(kinds) == {"cuda"}
    for mine, theirs in zip(gpu.parameters(), cpu.parameters(), strict=True):
        assert mine.device.type == "cpu"
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-4 if precision == "fp32" else 2e-2)
