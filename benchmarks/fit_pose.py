"""How well and how fast are rotations fitted to joints? Ours, and a straightforward per-clip fit through smplx.

    python benchmarks/fit_pose.py [--mocap ../shared/mocap] [--clips 30] [--frames 100] [--lbfgs 3] [--device cpu]

Clips are drawn in turn from every kind of skeleton in the folder. The straightforward fit is that of SMPLify
(Bogo et al., ECCV 2016) without images: LBFGS on betas, translation and axis-angles of one clip, joints from the mesh
of the smplx layer in every evaluation, first the trunk, then everything. Both fit clips as they are, and the rotations
of the same clips on the body's own bones, where no difference of proportions is in the way. Prints the tables of
docs/fitting.md.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mbench.body import Body, find_body, load_body
from mbench.body.fit import fit_pose, joint_error
from mbench.datasets.shards import Shards
from mbench.motion import Motion, Pose
from mbench.motion.kinematics import forward_kinematics, world_rotations
from mbench.motion.representations.rows import SMPL_TO_OURS
from mbench.motion.skeleton import JOINTS, N_JOINTS

POSE_WEIGHT, BETAS_WEIGHT = 1e-6, 1e-6  # of squared radians and squared betas, against squared metres
INVENTED = "humanoid15"  # a skeleton whose toes, collars, head and two spine joints are not measured


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mocap", type=Path, default=Path("../shared/mocap"))
    parser.add_argument("--clips", type=int, default=30)
    parser.add_argument("--frames", type=int, default=100, help="at most, of each clip")
    parser.add_argument("--lbfgs", type=int, default=3, help="clips of the straightforward fit; 0 leaves it out")
    parser.add_argument("--steps", type=int, default=100, help="iterations of LBFGS on everything")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--body", default="default")
    arguments = parser.parse_args()
    body = load_body(arguments.body)
    kinds, motions = drawn(Shards(arguments.mocap), arguments.clips, arguments.frames)
    for what, those in (("as they are", motions), ("on the body's own bones", [on_body(m, body) for m in motions])):
        print(f"clips {what}, {arguments.device}")
        poses = print_ours(those, body, arguments.device)
        print_lbfgs(those[: arguments.lbfgs], arguments)
        if those is motions:
            as_they_are = poses
    print_rotations(kinds, motions, as_they_are)


def drawn(shards: Shards, count: int, frames: int) -> tuple[list[str], list[Motion]]:
    """Return kinds of skeleton and motions, from one kind after the other, each cut to a number of frames."""
    rng = np.random.default_rng(0)
    kinds: dict[str, list[dict]] = defaultdict(list)
    for index in rng.permutation(len(shards.rows)):
        row = shards.rows[index]
        kinds[row["skeleton"].split(":")[0]].append(row)
    queues = [kinds[kind] for kind in sorted(kinds)]
    rows = [queue[turn] for turn in range(count) for queue in queues if turn < len(queue)][:count]
    return [row["skeleton"].split(":")[0] for row in rows], [cut(shards.motion(row), frames) for row in rows]


def cut(motion: Motion, frames: int) -> Motion:
    """Return the first frames of a motion."""
    pose = Pose(motion.pose.rotations[:frames], motion.pose.offsets)
    return Motion(motion.joints[:frames], motion.fps, pose, motion.meta)


def on_body(motion: Motion, body: Body) -> Motion:
    """Return a motion with the same rotations on a body's own bones."""
    joints = forward_kinematics(motion.pose.rotations, motion.joints[:, 0], body.rest_offsets)
    return Motion(joints.astype(np.float32), motion.fps, Pose(motion.pose.rotations, body.rest_offsets))


def timed(work: Callable[[], list], frames: int) -> tuple[list, float]:
    """Return what `work` returns, and the seconds it took for 100 frames."""
    start = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - start) * 100 / frames


def print_ours(motions: list[Motion], body: Body, device: str) -> list[Pose]:
    """Fit all clips at once and one by one, print errors and times, and return the poses."""
    frames = sum(map(len, motions))
    fit_pose(motions[0], body, device=device, cache=False)  # warm up
    poses, together = timed(lambda: fit_pose(motions, body, device=device, cache=False), frames)
    alone, one_by_one = timed(lambda: [fit_pose(m, body, device=device, cache=False) for m in motions], frames)
    apart = max(np.abs(a.rotations - b.rotations).max() for a, b in zip(poses, alone, strict=True))
    errors = [1000 * joint_error(motion, pose)[:, 1:] for motion, pose in zip(motions, poses, strict=True)]
    most = np.percentile(np.concatenate([e.ravel() for e in errors]), 99.9)
    mean, worst = np.mean([e.mean() for e in errors]), max(e.mean() for e in errors)
    print(f"  ours, {len(motions)} clips, {frames} frames")
    print(f"    joint error mm: mean {mean:.2f}, worst clip {worst:.2f}, 99.9 % of joints below {most:.1f}")
    print(f"    seconds per 100 frames: {together:.3f} together, {one_by_one:.3f} one by one; differ by {apart:.1g}")
    return poses


def print_lbfgs(motions: list[Motion], arguments: argparse.Namespace) -> None:
    """Fit clips one by one through the smplx layer, and print errors and times."""
    if not motions:
        return
    frames = sum(map(len, motions))
    errors, seconds = timed(lambda: [lbfgs_error(motion, arguments) for motion in motions], frames)
    print(f"  LBFGS through smplx, {len(motions)} clips, {frames} frames")
    print(f"    joint error mm: mean {np.mean(errors):.2f}, worst clip {max(errors):.2f}")
    print(f"    seconds per 100 frames: {seconds:.2f}")


def lbfgs_error(motion: Motion, arguments: argparse.Namespace) -> float:
    """Return the mean joint error in mm of the straightforward fit of one clip."""
    import roma
    import torch
    from smplx import SMPLLayer  # warns that there are only 10 betas
    from smplx.utils import Struct

    device = arguments.device
    arrays = find_body(arguments.body).arrays()
    n_betas = arrays["shapedirs"].shape[2]
    named = dict.fromkeys(("nose", "reye", "leye", "rear", "lear"), 0)
    layer = SMPLLayer("", data_struct=Struct(**arrays), num_betas=n_betas, vertex_ids=named, use_hands=False,
                      use_feet_keypoints=False).to(device)  # fmt: skip
    target = torch.tensor(motion.joints @ SMPL_TO_OURS, dtype=torch.float32, device=device)
    frames = len(target)
    turns = torch.zeros(frames, 24, 3, device=device, requires_grad=True)
    betas = torch.zeros(1, n_betas, device=device, requires_grad=True)
    places = target[:, 0].clone().requires_grad_()

    def joints() -> torch.Tensor:
        matrices = roma.rotvec_to_rotmat(turns)
        out = layer(betas=betas.expand(frames, -1), global_orient=matrices[:, :1], body_pose=matrices[:, 1:])
        return out.joints[:, :N_JOINTS] + (places - out.joints[:, 0])[:, None]

    def minimise(which: list[int], steps: int) -> None:
        search = torch.optim.LBFGS([turns, betas, places], max_iter=steps, line_search_fn="strong_wolfe")

        def closure() -> torch.Tensor:
            search.zero_grad()
            loss = (joints()[:, which] - target[:, which]).square().sum()
            loss = loss + POSE_WEIGHT * turns[:, 1:].square().sum() + BETAS_WEIGHT * frames * betas.square().sum()
            loss.backward()
            return loss

        search.step(closure)

    trunk = [JOINTS.index(part) for part in ("pelvis", "left_hip", "right_hip", "left_shoulder", "right_shoulder")]
    minimise(trunk, 30)
    minimise(list(range(N_JOINTS)), arguments.steps)
    return 1000 * (joints() - target)[:, 1:].norm(dim=-1).mean().item()


def print_rotations(kinds: list[str], motions: list[Motion], poses: list[Pose]) -> None:
    """Print the angle between fitted and recorded world rotations, by joint and kind of skeleton."""
    by_kind: dict[str, list[np.ndarray]] = defaultdict(list)
    for kind, motion, pose in zip(kinds, motions, poses, strict=True):
        fitted, true = world_rotations(pose.rotations), world_rotations(motion.pose.rotations)
        cosine = (np.einsum("tjab,tjab->tj", fitted, true) - 1) / 2
        by_kind[kind].append(np.degrees(np.arccos(cosine.clip(-1, 1))).mean(axis=0))
    shown = [kind for kind in by_kind if kind != INVENTED]
    print("\n| joint | all | " + " | ".join(shown) + " |\n|---|---|" + "---|" * len(shown))
    for joint, name in enumerate(JOINTS):
        means = [np.mean([clip[joint] for clip in by_kind[kind]]) for kind in shown]
        print(f"| {name} | {np.mean(means):.0f} | " + " | ".join(f"{mean:.0f}" for mean in means) + " |")


if __name__ == "__main__":
    main()
