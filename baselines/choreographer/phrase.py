"""Actions in place: a table of keys, its repeats and its hold, made into control curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from baselines.choreographer.controls import ARM, LEGS, SIZES, SLICES, WIDTH, mirrored, other
from baselines.choreographer.timing import curve

Floats = NDArray[np.float64]
FPS = 20
# Head and arms arrive a little after the trunk that carries them (overlapping action).
LAG = {"neck": 0.04, "l_arm": 0.05, "r_arm": 0.05, "l_collar": 0.02, "r_collar": 0.02}
GROUND = (*LEGS, "tilt")
TRAVELLING = ("root", "l_foot", "r_foot", "l_hand", "r_hand")


@dataclass(frozen=True)
class Span:
    """How long an action may take, seconds: squeezed, as it comes, and stretched."""

    least: float
    natural: float
    most: float


@dataclass(frozen=True)
class Key:
    """Where some control groups are, `dt` seconds after the key before.

    Attributes:
        dt: seconds after the previous key, at natural tempo.
        values: authored values of the groups that move: arms absolute, all else as difference from neutral standing.
        velocity: per second, for groups that pass through the key; those not named flow or turn by themselves.
        accel: per second squared.
        home: every group returns to neutral here.
        base: how many cycles of travel lie behind.
        fixed: tempo does not change `dt` (a flight takes as long as gravity says).
    """

    dt: float
    values: Mapping[str, Sequence[float]] = field(default_factory=dict)
    velocity: Mapping[str, Sequence[float]] = field(default_factory=dict)
    accel: Mapping[str, Sequence[float]] = field(default_factory=dict)
    home: bool = False
    fixed: bool = False
    base: int = 0


def key(dt: float, **groups: Sequence[float]) -> Key:
    """Return a key; short tuples are filled with zeros."""
    return Key(dt, groups)


def held(k: Key, dt: float) -> Key:
    """Return a key that says the same once more, `dt` seconds later."""
    return replace(k, dt=dt)


def home(dt: float = 0.7) -> Key:
    """Return the key at which everything is neutral again."""
    return Key(dt, home=True)


@dataclass(frozen=True)
class Phrase:
    """An action in place.

    Attributes:
        intro: keys from neutral (or, where the first has dt 0, from its values) to the pose.
        cycle: keys that are repeated; empty for a pose that is held.
        outro: keys back to neutral; the groups stay where they are until it begins.
        repeats: of the cycle, where no count was asked for and the time allows it; 1 for what people do once, more
            for what they go on doing as long as there is time.
        hold: seconds that the pose is held.
        stays: as the last action of a clip the pose is kept to the end (sitting, kneeling).
        alternate: every other cycle is the mirror image.
        elastic: amplitude of trunk, head and arms may be scaled (nothing touches).
        travel: metres (right, forward) that each cycle goes; the phrase ends, neutral, that much farther.
    """

    intro: Sequence[Key]
    cycle: Sequence[Key] = ()
    outro: Sequence[Key] = (home(),)
    repeats: int = 1
    hold: float = 0.5
    stays: bool = False
    alternate: bool = False
    elastic: bool = True
    travel: tuple[float, float] = (0.0, 0.0)

    def groups(self) -> set[str]:
        """Return the control groups that it moves."""
        named = {name for k in (*self.intro, *self.cycle, *self.outro) for name in k.values}
        return named | {other(name) for name in named} if self.alternate else named

    @property
    def in_place(self) -> bool:
        """Return whether it leaves legs and pelvis alone, so that it fits on top of sitting or walking."""
        return not self.groups() & set(GROUND)

    def span(self, count: int | None) -> Span:
        """Return how long it may take with a count of cycles, or None where none was asked for."""
        ends, cycle = _seconds(self.intro) + _seconds(self.outro), _seconds(self.cycle)
        if not cycle:
            return Span(ends + min(self.hold, 0.15), ends + self.hold, ends + max(3 * self.hold, self.hold + 1.0))
        once = ends + cycle
        if count:
            return Span(ends + count * cycle, ends + count * cycle, ends + count * cycle * 1.15)
        return Span(once, ends + self.repeats * cycle, np.inf if self.repeats > 1 else 1.2 * once)

    def render(
        self, frames: int, count: int | None, size: float = 1.0, tempo: float = 1.0, last: bool = False
    ) -> tuple[Floats, Floats]:
        """Return differences from neutral (frames, 46) and the place (x, y, heading) where it ends.

        The first frame is neutral, the last as well unless the phrase stays.

        Args:
            frames: how many at 20 fps.
            count: of cycles, or None for as many as fit.
            size: factor of the amplitude where the phrase is elastic.
            tempo: factor of the speed, which decides how many cycles fit, and how long a pose is held.
            last: nothing follows, so that a pose that stays is kept.
        """
        plain = replace(self, outro=()) if self.stays and last else self
        repeats, hold, pace = plain._fitted((frames - 1) / FPS, count, tempo)
        keys = list(plain._sequence(repeats, hold))
        controls = _curves(keys, pace, np.array(self.travel), np.arange(frames) / FPS)
        return _scaled(controls, size) if self.elastic else controls, np.array([*self.travel, 0.0]) * repeats

    def _fitted(self, seconds: float, count: int | None, tempo: float) -> tuple[int, float, float]:
        """Return repeats, hold and the factor of every dt with which the phrase takes so many seconds."""
        ends, cycle = _seconds(self.intro) + _seconds(self.outro), _seconds(self.cycle)
        stiff = sum(k.dt for k in (*self.intro, *self.outro) if k.fixed)
        if not cycle:
            hold = max(seconds - ends / tempo, 0.15)
            return 0, hold, (seconds - stiff - hold) / max(ends - stiff, 1e-6)
        fitting = max(1, round((seconds * tempo - ends) / cycle)) if self.repeats > 1 else 1
        repeats = count or fitting
        stiff += repeats * sum(k.dt for k in self.cycle if k.fixed)
        return repeats, 0.0, (seconds - stiff) / max(ends + repeats * cycle - stiff, 1e-6)

    def _sequence(self, repeats: int, hold: float) -> Iterator[Key]:
        """Yield all keys in order; before the outro every group is told to stay where it is."""
        yield from self.intro
        for number in range(repeats):
            turned = self.alternate and number % 2 == 1
            yield from (replace(mirror_key(k) if turned else k, base=number) for k in self.cycle)
        yield Key(hold, {"stay": ()}, fixed=True)
        yield from (replace(k, base=repeats) for k in self.outro)


def _seconds(keys: Sequence[Key]) -> float:
    return sum(k.dt for k in keys)


def mirror_key(k: Key) -> Key:
    """Return a key with left and right exchanged."""
    return replace(k, values=_mirror_all(k.values), velocity=_mirror_all(k.velocity), accel=_mirror_all(k.accel))


def _mirror_all(values: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    out: dict[str, Sequence[float]] = {}
    for name, value in values.items():
        row = np.zeros((1, WIDTH))
        row[0, SLICES[name]] = _filled(name, value)
        out[other(name)] = mirrored(row)[0, SLICES[other(name)]].tolist()
    return out


def both(k: Key) -> Key:
    """Return a key whose left arm, collar, leg and foot do what the right ones do."""
    left = {name: value for name, value in _mirror_all(k.values).items() if name.startswith("l_")}
    return replace(k, values={**left, **k.values})


def _filled(name: str, value: Sequence[float]) -> Floats:
    row = np.zeros(SIZES[name])
    row[: len(value)] = value
    return row


def _offset(name: str, value: Sequence[float]) -> Floats:
    """Return an authored value as difference from neutral."""
    return _filled(name, value) - (np.array(ARM) if name.endswith("_arm") else 0.0)


@dataclass
class _Track:
    """The keys of one group on the clock."""

    times: list[float]
    values: list[Floats]
    velocity: list[Floats]
    accel: list[Floats]

    def add(self, time: float, value: Floats, velocity: Floats | None = None, accel: Floats | None = None) -> None:
        """Append a key; one at the same time replaces the last."""
        if self.times and time - self.times[-1] < 1e-9:
            for row in (self.times, self.values, self.velocity, self.accel):
                row.pop()
        self.times.append(time)
        self.values.append(value)
        self.velocity.append(np.full(len(value), np.nan) if velocity is None else velocity)
        self.accel.append(np.zeros(len(value)) if accel is None else accel)


def _curves(keys: Sequence[Key], pace: float, travel: Floats, at: Floats) -> Floats:
    """Return the controls (T, 46) of keys whose dt are multiplied by `pace`, each cycle going so far (2,)."""
    tracks = _tracks(keys, pace, travel)
    out = np.zeros((len(at), WIDTH))
    for name, track in tracks.items():
        times = np.array(track.times)
        times[1:-1] += np.minimum(LAG.get(name, 0.0), 0.4 * np.diff(times)[1:])
        out[:, SLICES[name]] = curve(at, times, track.values, track.velocity, track.accel)
    return out


def _tracks(keys: Sequence[Key], pace: float, travel: Floats) -> dict[str, _Track]:
    """Return the keys of each group, starting in neutral at time 0."""
    names = {name for k in keys for name in k.values} - {"stay"}
    tracks = {name: _started(SIZES[name]) for name in sorted(names)}
    clock = 0.0
    for k in keys:
        clock += k.dt * (1 if k.fixed else pace)
        if "stay" in k.values:
            for track in tracks.values():
                track.add(clock, track.values[-1])
        else:
            _add(tracks, clock, k, travel * k.base)
    return tracks


def _started(size: int) -> _Track:
    """Return a track that is at rest in neutral at time 0."""
    track = _Track([], [], [], [])
    track.add(0.0, np.zeros(size), np.zeros(size))
    return track


def _add(tracks: Mapping[str, _Track], clock: float, k: Key, gone: Floats) -> None:
    """Append a key to the tracks of its groups, on top of the way (2,) that lies behind."""
    for name in tracks if k.home else k.values:
        value = np.zeros(SIZES[name]) if k.home else _offset(name, k.values[name])
        if name in TRAVELLING:
            value[:2] += gone
        speed = _filled(name, k.velocity[name]) if name in k.velocity else None
        push = _filled(name, k.accel[name]) if name in k.accel else None
        tracks[name].add(clock, value, speed, push)


def _scaled(controls: Floats, size: float) -> Floats:
    """Return controls with the amplitude of trunk, head and arms scaled."""
    out = controls.copy()
    for name in ("spine", "neck", "l_arm", "r_arm", "l_collar", "r_collar"):
        out[:, SLICES[name]] *= size
    return out
