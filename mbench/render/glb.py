"""Animated `.glb`: a skinned body that moves, for viewers on the web, Blender and game engines.

glTF 2.0, https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html: metres, y up, facing +z in the T-pose.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.body import Body, load_body
from mbench.body.fit_bones import size_of
from mbench.files import atomic_write
from mbench.io.bvh_writer import TO_Y_UP
from mbench.motion import Motion, Pose
from mbench.motion.ik import CHILDREN
from mbench.motion.skeleton import JOINTS, N_JOINTS, PELVIS
from mbench.render.body_figure import body_pose, lift, vertex_colours
from mbench.render.bones import joints_of
from mbench.render.look import Look
from mbench.render.reshape import Reshaped

INFLUENCES = 4  # joints a vertex, the most that every viewer takes
FLOAT, UINT8, UINT32 = 5126, 5121, 5125  # numbers of types in glTF
VERTICES, TRIANGLES = 34962, 34963  # what a part of the buffer is for
FIRST_JOINT = 1  # node 0 is the mesh
_KINDS = {np.dtype("<f4"): FLOAT, np.dtype("u1"): UINT8, np.dtype("<u4"): UINT32}
_SHAPES = {(): "SCALAR", (3,): "VEC3", (4,): "VEC4", (16,): "MAT4"}

Floats = NDArray[np.floating]
Json = dict[str, Any]


def write_glb(motion: Motion, path: Path, body: str = "default") -> None:
    """Write a motion as a body with a skin, a skeleton and one animation.

    Bone lengths are constant: those of the motion's pose, or of one fitted to its joints. Of a body file's pose
    correctives nothing is kept, and of its weights the four largest at a vertex: the format knows no others.

    Args:
        motion: metres, z up.
        path: the file.
        body: see `mbench.body.load_body`.

    Raises:
        FormatError: the body can't be read.
        MBenchError: the file can't be written.
    """
    figure = load_body(body)
    pose = body_pose(motion, figure)
    shaped = Reshaped(figure, size_of(motion.joints, figure.rest_offsets), pose.offsets)
    root = motion.joints[:, PELVIS].astype(np.float64)
    buffer = _Buffer()
    document = _document(buffer, figure, shaped)
    document["animations"] = [_animation(buffer, pose, root + lift(shaped, pose, root), motion.fps)]
    document |= {"accessors": buffer.accessors, "bufferViews": buffer.views, "buffers": [{"byteLength": buffer.size}]}
    with atomic_write(path) as file:
        file.write(_container(document, b"".join(buffer.parts)))


class _Buffer:
    """The binary part of a file, and the tables that say what lies where in it."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.views: list[Json] = []
        self.accessors: list[Json] = []
        self.size = 0

    def add(self, values: Any, kind: str, target: int | None = None, bounds: bool = False) -> int:
        """Append an array; return the number of its accessor."""
        array = np.ascontiguousarray(values, dtype=kind)
        view: Json = {"buffer": 0, "byteOffset": self.size, "byteLength": array.nbytes}
        self.views.append(view if target is None else view | {"target": target})
        accessor: Json = {"bufferView": len(self.views) - 1, "componentType": _KINDS[array.dtype]}
        accessor |= {"count": len(array), "type": _SHAPES[array.shape[1:]]}
        if bounds:
            low, high = (np.atleast_1d(edge).tolist() for edge in (array.min(axis=0), array.max(axis=0)))
            accessor |= {"min": low, "max": high}
        self.accessors.append(accessor)
        padded = array.tobytes() + bytes(-array.nbytes % 4)
        self.parts.append(padded)
        self.size += len(padded)
        return len(self.accessors) - 1


def _document(buffer: _Buffer, body: Body, shaped: Reshaped) -> Json:
    """Return the scene, without its animation."""
    bind = np.tile(np.eye(4), (N_JOINTS, 1, 1))
    bind[:, 3, :3] = -_y_up(joints_of(shaped.offsets))  # column after column, so the last row is the translation
    skin = {
        "inverseBindMatrices": buffer.add(bind.reshape(-1, 16), "<f4"),
        "joints": [FIRST_JOINT + joint for joint in range(N_JOINTS)],
        "skeleton": FIRST_JOINT,
    }
    material = {"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.8}, "name": "skin"}
    return {
        "asset": {"version": "2.0", "generator": "mbench", "copyright": f"body: {body.card.name}, {body.card.licence}"},
        "scene": 0,
        "scenes": [{"nodes": [0, FIRST_JOINT]}],
        "nodes": [{"name": "body", "mesh": 0, "skin": 0}, *_joints(_y_up(shaped.offsets))],
        "meshes": [{"name": "body", "primitives": [_primitive(buffer, body, shaped)]}],
        "skins": [skin],
        "materials": [material],
    }


def _joints(offsets: Floats) -> list[Json]:
    """Return the nodes of the skeleton."""
    nodes: list[Json] = [
        {"name": name, "translation": offset.tolist()} for name, offset in zip(JOINTS, offsets, strict=True)
    ]
    for joint, children in enumerate(CHILDREN):
        if children:
            nodes[joint]["children"] = [FIRST_JOINT + child for child in children]
    return nodes


def _primitive(buffer: _Buffer, body: Body, shaped: Reshaped) -> Json:
    """Return the mesh in its T-pose."""
    joints, weights = _influences(body.weights)
    points = shaped.vertices
    attributes = {
        "POSITION": buffer.add(_y_up(points), "<f4", VERTICES, bounds=True),
        "NORMAL": buffer.add(_y_up(normals_of(points, body.faces)), "<f4", VERTICES),
        "COLOR_0": buffer.add(vertex_colours(body, Look()), "<f4", VERTICES),
        "JOINTS_0": buffer.add(joints, "u1", VERTICES),
        "WEIGHTS_0": buffer.add(weights, "<f4", VERTICES),
    }
    return {"attributes": attributes, "indices": buffer.add(np.ravel(body.faces), "<u4", TRIANGLES), "material": 0}


def _influences(weights: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the joints (V, 4) with the largest weights, and these weights, their sum 1; no weight, joint 0."""
    joints = np.argsort(-weights, axis=1, kind="stable")[:, :INFLUENCES]
    chosen = np.take_along_axis(weights, joints, axis=1).clip(0).astype(np.float32)
    return np.where(chosen > 0, joints, 0), chosen / chosen.sum(axis=1, keepdims=True)


def normals_of(points: Floats, faces: NDArray[np.integer]) -> Floats:
    """Return unit normals (V, 3): of the faces (F, 3) around a vertex, by area; up where there are none."""
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    normals = np.zeros_like(points)
    np.add.at(normals, faces, np.cross(b - a, c - a)[:, None])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 1e-12, normals / np.maximum(length, 1e-12), [0.0, 0.0, 1.0])


def _animation(buffer: _Buffer, pose: Pose, root: Floats, fps: float) -> Json:
    """Return the rotations of all joints and the path of the pelvis."""
    times = buffer.add(np.arange(len(root)) / fps, "<f4", bounds=True)
    turns = _continuous(pose.rotations.astype(np.float64))
    turns[..., :3] = _y_up(turns[..., :3])
    tracks = [(PELVIS, "translation", _y_up(root))]
    tracks += [(joint, "rotation", turns[:, joint]) for joint in range(N_JOINTS)]
    samplers = [{"input": times, "output": buffer.add(track, "<f4")} for _, _, track in tracks]
    channels = [
        {"sampler": number, "target": {"node": FIRST_JOINT + joint, "path": path}}
        for number, (joint, path, _) in enumerate(tracks)
    ]
    return {"name": "motion", "samplers": samplers, "channels": channels}


def _continuous(quaternions: Floats) -> Floats:
    """Return the same unit rotations (T, J, 4), neighbours on one side of the sphere, as viewers interpolate them."""
    flips = np.where((quaternions[1:] * quaternions[:-1]).sum(axis=-1) < 0, -1.0, 1.0)
    signs = np.concatenate([np.ones_like(quaternions[:1, :, 0]), np.cumprod(flips, axis=0)])
    return quaternions * signs[..., None] / np.linalg.norm(quaternions, axis=-1, keepdims=True)


def _y_up(vectors: Floats) -> Floats:
    """Return vectors (..., 3) in glTF's axes."""
    return np.asarray(vectors, dtype=np.float64) @ TO_Y_UP.T


def _container(document: Json, binary: bytes) -> bytes:
    """Return a whole file: header, JSON and binary, each part padded to four bytes."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    size = 12 + 8 + len(text) + 8 + len(binary)
    header = struct.pack("<4sII", b"glTF", 2, size)
    return b"".join(
        [header, struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", len(binary), b"BIN\0"), binary]
    )
