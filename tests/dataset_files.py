"""Small datasets of each kind, made for tests from one motion, with or without defects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mbench.motion import Motion
from mbench.motion.representations import hml263, vimogen276
from mbench.motion.representations.rows import SMPL_TO_OURS


def write_shards(folder: Path, motions: dict[str, Motion], shard: str = "a_00.npz", **fields: Any) -> None:
    """Write motions with poses as one shard, in the format's 0.1 mm and 16-bit steps; `fields` go into every row."""
    root = np.concatenate([np.round(motion.joints[:, 0] * 1e4).astype(np.int32) for motion in motions.values()])
    turns = np.concatenate([np.round(motion.pose.rotations * 32767).astype(np.int16) for motion in motions.values()])
    lengths = [len(motion) for motion in motions.values()]
    (folder / "shards").mkdir(parents=True)
    np.savez_compressed(
        folder / "shards" / shard,
        root=np.diff(root.T, axis=1, prepend=np.int32(0)),
        rot=np.diff(turns.reshape(len(turns), -1).T, axis=1, prepend=np.int16(0)),
        start=np.cumsum([0, *lengths[:-1]]),
        length=np.array(lengths),
    )
    np.save(folder / "rest_offsets.npy", np.stack([motion.pose.offsets for motion in motions.values()]))
    rows = [
        {"id": name, "fps": motion.fps, "frames": len(motion), "shard": shard, "index": i, "rest_index": i, **fields}
        for i, (name, motion) in enumerate(motions.items())
    ]
    write_rows(folder, rows)


def write_rows(folder: Path, rows: list[Any]) -> None:
    """Write `metadata.jsonl`; a row that is text is written as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "metadata.jsonl").write_text("\n".join(lines) + "\n")


def read_rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]


def write_hml_motion(folder: Path, name: str, motion: Motion, kind: str = "new_joint_vecs") -> None:
    """Write a motion as HumanML3D has it: vectors (T - 1, 263), or y-up joints (T, 22, 3)."""
    (folder / kind).mkdir(parents=True, exist_ok=True)
    array = hml263.encode(motion) if kind == "new_joint_vecs" else (motion.joints @ SMPL_TO_OURS).astype(np.float32)
    np.save(folder / kind / f"{name}.npy", array)


def write_hml_text(folder: Path, name: str, *lines: str) -> None:
    (folder / "texts").mkdir(parents=True, exist_ok=True)
    (folder / "texts" / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def vimogen_rows(motion: Motion) -> Any:
    """Return the rows (T - 1, 276) of a motion as a tensor."""
    import torch

    return torch.from_numpy(vimogen276.encode(motion))


def write_pt(folder: Path, name: str, content: Any, **options: Any) -> str:
    """Write a `.pt` file under `motions/`; return its path as rows have it."""
    import torch

    (folder / "motions").mkdir(parents=True, exist_ok=True)
    torch.save(content, folder / "motions" / name, **options)
    return f"motions/{name}"
