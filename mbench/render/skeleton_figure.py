"""A skeleton as a mesh: a capsule a bone, a ball for the head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mbench.motion import Motion
from mbench.motion.ik import smallest_rotation
from mbench.motion.skeleton import BONES, HEAD, INDEX, JOINTS, REST_OFFSETS
from mbench.render.bones import joints_of
from mbench.render.figure import Figure
from mbench.render.look import Look, srgb
from mbench.render.view import scale_of

Floats = NDArray[np.floating]
SEGMENTS, RINGS, BANDS = 16, 4, 4  # around a capsule, from its end to the pole, and along it
RADIUS = {"hip": 0.050, "spine": 0.055, "knee": 0.045, "ankle": 0.036, "collar": 0.045, "shoulder": 0.045, "neck": 0.05}
THIN, HEAD_RADIUS, HEAD_ABOVE = 0.030, 0.105, 0.075  # metres
LEFT, RIGHT, MIDDLE = "#4f86c6", "#e08a3c", "#8d95a1"
NECK = INDEX["neck"]


def skeleton_figure(motion: Motion, look: Look) -> Figure:
    """Return a motion as capsules; left limbs blue, right limbs orange, whatever the preset.

    Args:
        motion: metres, z up.
        look: not used: a skeleton's colours tell its sides apart.
    """
    template, end, faces = capsule()
    size, count = scale_of(motion), len(template)
    pieces = len(BONES) + 1
    all_faces = np.concatenate([faces + count * piece for piece in range(pieces)])
    colours = np.repeat([srgb(_colour(child)) for _, child in BONES] + [srgb(MIDDLE)], count, axis=0)
    joints = motion.joints.astype(np.float64)

    def skin(joints: Floats) -> Floats:
        starts, ends, radii = _capsules(joints, size)
        turns = smallest_rotation(
            np.broadcast_to([0.0, 0, 1], starts.shape).reshape(-1, 3), (ends - starts).reshape(-1, 3)
        )
        around = np.einsum("nij,vj->nvi", turns, template).reshape(len(joints), pieces, count, 3) * radii[:, None, None]
        placed = starts[:, :, None] * (1 - end)[:, None] + ends[:, :, None] * end[:, None] + around
        return np.asarray(placed.reshape(len(joints), -1, 3), dtype=np.float32)

    rest = skin(size * joints_of(REST_OFFSETS.astype(np.float64))[None])[0]
    return Figure(all_faces, colours, rest, len(motion), lambda first, last: skin(joints[first:last]))


def _capsules(joints: Floats, size: float) -> tuple[Floats, Floats, Floats]:
    """Return starts and ends (T, 22, 3) and radii (22,) of the capsules of all bones, then of the head's ball."""
    parents, children = (list(ends) for ends in zip(*BONES, strict=True))
    up = joints[:, HEAD] - joints[:, NECK]
    up = up / np.maximum(np.linalg.norm(up, axis=-1, keepdims=True), 1e-6)
    low, high = (joints[:, HEAD] + up * size * (HEAD_ABOVE + d) for d in (-0.02, 0.02))
    radii = [next((r for part, r in RADIUS.items() if part in JOINTS[child]), THIN) for child in children]
    starts, ends = (np.concatenate([joints[:, n], e[:, None]], axis=1) for n, e in ((parents, low), (children, high)))
    return starts, ends, size * np.array([*radii, HEAD_RADIUS])


def _colour(joint: int) -> str:
    """Return the colour of the bone that ends at a joint."""
    side = JOINTS[joint].split("_")[0]
    return {"left": LEFT, "right": RIGHT}.get(side, MIDDLE)


def capsule() -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return a capsule along z: normals (V, 3), how far along each vertex is (V,), faces (F, 3)."""
    south, north = np.linspace(np.pi, np.pi / 2, RINGS + 1)[1:], np.linspace(np.pi / 2, 0, RINGS + 1)[:-1]
    polar = np.concatenate([south, np.full(BANDS - 1, np.pi / 2), north])
    along = np.concatenate([0 * south, np.arange(1, BANDS) / BANDS, 0 * north + 1])
    around = np.arange(SEGMENTS) * 2 * np.pi / SEGMENTS
    ring = np.stack([np.cos(around), np.sin(around), 0 * around], axis=-1)
    rings = np.sin(polar)[:, None, None] * ring + np.cos(polar)[:, None, None] * [0, 0, 1.0]
    normals = np.concatenate([[[0, 0, -1.0]], rings.reshape(-1, 3), [[0, 0, 1.0]]])
    end = np.concatenate([[0.0], np.repeat(along, SEGMENTS), [1.0]])
    return normals, end, _capsule_faces(len(polar))


def _capsule_faces(rings: int) -> NDArray[np.intp]:
    """Return the faces of stacked rings with a pole at either end."""
    i = np.arange(SEGMENTS)
    j = (i + 1) % SEGMENTS
    last = 1 + rings * SEGMENTS
    faces = [np.stack([0 * i, 1 + j, 1 + i], axis=-1)]
    for ring in range(rings - 1):
        a, b = 1 + ring * SEGMENTS, 1 + (ring + 1) * SEGMENTS
        faces += [np.stack([a + i, a + j, b + j], axis=-1), np.stack([a + i, b + j, b + i], axis=-1)]
    top = last - SEGMENTS
    return np.concatenate([*faces, np.stack([0 * i + last, top + i, top + j], axis=-1)])
