"""Every metric once more, as plain loops straight from its formula; the contract compares them with the package's.

Nothing of `mbench.metrics` is used here. Motions are taken at 20 fps as they are. Contact rules work on float32, as the
published thresholds do.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable

import numpy as np

from mbench.motion import Motion

NAIVE: dict[str, Callable[[Motion], float]] = {}
FPS = 20
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
F = np.float32


def naive(name: str) -> Callable[[Callable[[Motion], float]], Callable[[Motion], float]]:
    def add(function: Callable[[Motion], float]) -> Callable[[Motion], float]:
        NAIVE[name] = function
        return function

    return add


# vectors are lists of 3 floats


def sub(a, b):
    return [x - y for x, y in zip(a, b, strict=True)]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def length(a):
    return math.sqrt(dot(a, a))


def cross(a, b):
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def scaled(a, factor):
    return [x * factor for x in a]


def unit(a):
    return scaled(a, 1 / length(a))


def degrees_between(a, b):
    return math.degrees(math.acos(max(-1.0, min(1.0, dot(unit(a), unit(b))))))


def mean(values):
    return sum(values) / len(values)


def difference_lengths(joints, order):
    """Lengths of the order-th differences, all frames and joints in one list."""
    for _ in range(order):
        joints = [[sub(b, a) for a, b in zip(now, then, strict=True)] for now, then in zip(joints, joints[1:])]  # noqa: B905
    return [length(v) for frame in joints for v in frame]


def relative_to_pelvis(joints):
    return [[sub(joint, frame[0]) for joint in frame] for frame in joints]


@naive("quality/jitter_degree")
def jitter_degree(motion):
    joints = motion.joints.tolist()
    return mean(difference_lengths(joints, 2)) + mean(difference_lengths(relative_to_pelvis(joints), 2))


@naive("quality/dynamic_degree")
def dynamic_degree(motion):
    joints = motion.joints.tolist()
    return mean(difference_lengths(joints, 1)) + mean(difference_lengths(relative_to_pelvis(joints), 1))


@naive("quality/jerk")
def jerk(motion):
    return mean(difference_lengths(motion.joints.tolist(), 3)) * FPS**3


@naive("quality/spectral_arc_length")
def spectral_arc_length(motion):
    arcs = []
    for joint in (15, 20, 21, 10, 11):
        path = [frame[joint] for frame in motion.joints.tolist()]
        speed = [length(sub(b, a)) * FPS for a, b in zip(path, path[1:])]  # noqa: B905
        if mean(speed) >= 0.02:
            arcs.append(arc_of(speed))
    return mean(arcs)


def arc_of(speed):
    size = 1
    while size < len(speed):
        size *= 2
    size *= 16
    heights = []
    for k in range(size // 2 + 1):  # up to 10 Hz, which is half of 20 fps
        turn = -2j * math.pi * k / size
        heights.append(abs(sum(v * cmath.exp(turn * n) for n, v in enumerate(speed))) / sum(speed))
    cut = max(k for k, height in enumerate(heights) if height >= 0.05)
    return -sum(math.sqrt((1 / cut) ** 2 + (heights[k + 1] - heights[k]) ** 2) for k in range(cut))


def norm32(vector):
    total = F(0)
    for x in vector:
        total = F(total + x * x)
    return np.sqrt(total)


def velocities32(path):
    """float32 velocities, one for each frame, of a path (T, 3)."""
    steps = [path[t + 1] - path[t] for t in range(len(path) - 1)]
    return [*steps, steps[-1]]


def in_contact(path):
    return [norm32(v) < F(0.01) or p[2] < F(0.02) for p, v in zip(path, velocities32(path), strict=True)]


@naive("quality/ground_penetration")
def ground_penetration(motion):
    depths = [abs(float(frame[foot][2])) for frame in motion.joints for foot in (10, 11) if frame[foot][2] < F(-0.005)]
    return mean(depths) if depths else 0.0


@naive("quality/foot_sliding")
def foot_sliding(motion):
    slid = []
    for foot in (10, 11):
        path = motion.joints[:, foot]
        down = in_contact(path)
        speeds = [float(norm32(v[:2])) for v, d in zip(velocities32(path), down, strict=True) if d]
        slid.append(sum(speeds) / (len(speeds) + 1e-6))
    return mean(slid)


def runs_of(values):
    """Inclusive (first, last) of the runs of true values."""
    found, start = [], None
    for t, value in enumerate([*values, False]):
        if value and start is None:
            start = t
        if not value and start is not None:
            found.append((start, t - 1))
            start = None
    return found


@naive("quality/foot_floating")
def foot_floating(motion):
    frames = len(motion)
    root = [norm32(v) for v in velocities32(motion.joints[:, 0])]
    down, bad, ratio = {}, {}, {}
    for foot in (10, 11):
        path = motion.joints[:, foot]
        down[foot] = in_contact(path)
        relative = velocities32(path - motion.joints[:, 0])
        speed = [norm32(v) for v in velocities32(path)]
        ratio[foot] = [norm32(v) / (r + F(1e-6)) for v, r in zip(relative, root, strict=True)]
        bad[foot] = [
            root[t] >= F(0.001) and speed[t] > F(1.2e-4) and (ratio[foot][t] < F(0.6) or ratio[foot][t] > F(1.75))
            for t in range(frames)
        ]
    n1 = 0
    for t in range(frames):
        both = down[10][t] and down[11][t]
        one = [foot for foot in (10, 11) if down[foot][t]]
        n1 += (both and bad[10][t] and bad[11][t]) or (len(one) == 1 and bad[one[0]][t])
    n2 = sum(gliding_frames(down[foot], ratio[foot], root) for foot in (10, 11))
    n3 = 0
    for s1, e1 in runs_of([not d for d in down[10]]):
        for s2, e2 in runs_of([not d for d in down[11]]):
            start, end = max(s1, s2), min(e1, e2)
            if end - start + 1 >= 4 and peaks(turning(motion.joints[:, 10], start, end)) > 2:
                n3 += end - start + 1
    return (n1 + n2 / 2 + n3) / frames


def gliding_frames(down, ratio, root):
    count = 0
    for start, end in runs_of([not d for d in down]):
        span = range(start, end + 1)
        if len(span) >= 4 and sum(root[t] < F(0.001) for t in span) <= len(span) / 2:
            count += sum(ratio[t] < F(0.4) for t in span)
    return count


def turning(path, start, end):
    """Angles in degrees between where the foot is and where it ends, seen from where it took off."""
    whole = path[end] - path[start]
    whole = whole / (norm32(whole) + F(1e-6))
    angles = []
    for t in range(start + 1, end + 1):
        step = path[t] - path[start]
        step = step / (norm32(step) + F(1e-6))
        cosine = F(0)
        for a, b in zip(step, whole, strict=True):
            cosine = F(cosine + a * b)
        angles.append(np.degrees(np.arccos(max(F(-1), min(F(1), cosine)))))
    return angles


def peaks(values):
    """Local maxima with lower neighbours on both sides, a flat top counting once."""
    count, t = 0, 1
    while t < len(values) - 1:
        end = t
        while end + 1 < len(values) and values[end + 1] == values[t]:
            end += 1
        count += values[t - 1] < values[t] and end + 1 < len(values) and values[end + 1] < values[t]
        t = end + 1
    return count


def toe_steps(motion):
    """(speed m/s, higher height) of each step, for each foot."""
    joints = motion.joints.tolist()
    steps = {}
    for foot in (10, 11):
        path = [frame[foot] for frame in joints]
        steps[foot] = [(math.hypot(b[0] - a[0], b[1] - a[1]) * FPS, max(a[2], b[2])) for a, b in zip(path, path[1:])]  # noqa: B905
    return steps


@naive("quality/foot_skating_ratio")
def foot_skating_ratio(motion):
    steps = toe_steps(motion)
    count = len(motion) - 1
    skating = [False] * count
    for foot in (10, 11):
        for t in range(count):
            around = sum(steps[foot][i][0] for i in range(t - 2, t + 3) if 0 <= i < count) / 5
            speed, height = steps[foot][t]
            skating[t] |= height < 0.05 and speed > 0.5 and around > 0.5
    return sum(skating) / count


@naive("quality/foot_skate_speed")
def foot_skate_speed(motion):
    heights = sorted(frame[foot][2] for frame in motion.joints.tolist() for foot in (10, 11))
    place = 0.05 * (len(heights) - 1)
    low = heights[int(place)]
    rest = min(low + (place - int(place)) * (heights[int(place) + 1] - low), 0.06)
    total = weights = 0.0
    for steps in toe_steps(motion).values():
        for speed, height in steps:
            h = max(height - rest, 0)
            if h < 0.025:
                weight = 2 - 2 ** (h / 0.025)
                total, weights = total + weight * speed, weights + weight
    return total / weights


@naive("quality/root_drift")
def root_drift(motion):
    return motion.meta["root_drift_m"]


@naive("quality/bone_length_drift")
def bone_length_drift(motion):
    drifts = []
    for child, parent in enumerate(PARENTS):
        if parent >= 0:
            lengths = [length(sub(frame[child], frame[parent])) for frame in motion.joints.tolist()]
            m = mean(lengths)
            if m >= 0.001:
                drifts.append(math.sqrt(mean([(x - m) ** 2 for x in lengths])) / m)
    return mean(drifts)


@naive("quality/joint_limit_violation")
def joint_limit_violation(motion):
    return mean([violated for frame in motion.joints.tolist() for violated in violations(frame)])


def violations(p):
    """The 8 joints of one frame."""
    right = unit(sub(p[2], p[1]))
    forward = unit(cross(sub(p[3], scaled([a + b for a, b in zip(p[1], p[2], strict=True)], 0.5)), right))
    up = cross(right, forward)
    sides = ((1, 4, 7, 10, 16, 18, 20, -1), (2, 5, 8, 11, 17, 19, 21, 1))
    return [
        *(knee(sub(p[k], p[h]), sub(p[a], p[k]), sub(p[t], p[a])) for h, k, a, t, *_ in sides),
        *(degrees_between(sub(p[e], p[s]), sub(p[w], p[e])) > 165 for *_, s, e, w, _ in sides),
        *(hip(sub(p[k], p[h]), right, forward, up, sign) for h, k, *_, sign in sides),
        trunk(sub(p[12], p[0]), sub(p[17], p[16]), right, forward, up),
        degrees_between(sub(p[15], p[12]), sub(p[9], p[3])) > 60,
    ]


def knee(thigh, shank, foot):
    fold = degrees_between(thigh, shank)
    if fold > 150:
        return True
    if fold <= 15 or not 20 < degrees_between(foot, shank) < 160:
        return False
    s = unit(shank)
    return degrees_between(sub(thigh, scaled(s, dot(thigh, s))), sub(foot, scaled(s, dot(foot, s)))) > 75


def hip(thigh, right, forward, up, sign):
    thigh = unit(thigh)
    flexion = math.degrees(math.atan2(dot(thigh, forward), -dot(thigh, up)))
    outwards = math.degrees(math.asin(max(-1, min(1, sign * dot(thigh, right)))))
    return flexion > 135 or flexion < -45 or outwards > 60 or outwards < -45


def trunk(spine, shoulders, right, forward, up):
    spine = unit(spine)
    flexion = math.degrees(math.atan2(dot(spine, forward), dot(spine, up)))
    sideways = abs(math.degrees(math.asin(max(-1, min(1, dot(spine, right))))))
    across = sub(shoulders, scaled(spine, dot(shoulders, spine)))
    turn = degrees_between(across, sub(right, scaled(spine, dot(right, spine))))
    return flexion > 95 or flexion < -40 or sideways > 50 or turn > 60
