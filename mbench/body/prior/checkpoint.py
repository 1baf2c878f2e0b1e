"""Loading the network of a pose prior: ours, and public checkpoints of NRDF and Pose-NDF. Sizes come from the file.

Tensor names that are understood, `.weight` and `.bias` each (i: joint 0 to 20, l: layer from 0):

| | first layer of a joint's encoder | second | layers of the MLP |
|---|---|---|---|
| ours | `joints.{i}.0` | `joints.{i}.2` | `distance.{2 l}` |
| NRDF, Pose-NDF | `enc.net.{i}.net.0` | `enc.net.{i}.net.2` | `dfnet.lin{l}` |

The decoder `dec.*` of NRDF's checkpoints takes no part in the distance. Their activation is not in the file: NRDF used
softplus, Pose-NDF lrelu.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbench.body.prior.poses import N_ROTATIONS
from mbench.errors import FormatError, one_line

if TYPE_CHECKING:
    from torch import Tensor

    from mbench.body.prior.network import DistanceField

ACTIVATIONS = ("softplus", "relu", "lrelu")
_PUBLIC = re.compile(r"(?:module\.)?(?:enc\.net\.(\d+)\.net\.([02])|dfnet\.lin(\d+))\.(weight|bias)")
_OURS = re.compile(r"(?:joints\.\d+\.[02]|distance\.\d+)\.(weight|bias)")
_LAYOUT = "expected joints.* and distance.*, or enc.net.* and dfnet.lin*, as NRDF and Pose-NDF write"


def load_network(path: Path, activation: str | None = None) -> DistanceField:
    """Return the network of a file, in float64 and eval mode.

    Args:
        path: `.safetensors`, or a torch checkpoint: a state dict, or a mapping with one as `model_state_dict`. It is
            read with `weights_only`, so nothing in it is executed.
        activation: softplus, relu or lrelu; by default what a `.safetensors` file says, softplus where it says nothing.

    Raises:
        FormatError: the file can't be read, is of another kind, or its sizes do not fit together.
    """
    from mbench.body.prior.network import DistanceField

    tensors, said = _read(path)
    activation = activation or said.get("activation", "softplus")
    if activation not in ACTIVATIONS:
        raise FormatError(f"{path}: activation is {activation!r}; expected {', '.join(ACTIVATIONS)}")
    state = _our_names(path, tensors)
    try:
        network = DistanceField(**_sizes(path, state), activation=activation)
        network.load_state_dict(state)
    except RuntimeError as error:
        message = one_line(error).split("DistanceField: ")[-1]
        raise FormatError(f"{path}: the layers do not fit together: {message[:300]}") from error
    return network.double().eval()


def _read(path: Path) -> tuple[Mapping[str, Tensor], Mapping[str, str]]:
    """Return the tensors of a file by name, and what else a safetensors file says of itself."""
    import torch
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FormatError(f"{path}: there is no such file; expected the weights of a pose prior")
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}
        return _state_dict(path, torch.load(path, map_location="cpu", weights_only=True)), {}
    except FormatError:
        raise
    except (SafetensorError, Exception) as error:  # torch raises many kinds on a broken file
        cause = one_line(error).split(". ")[0][:200]
        raise FormatError(
            f"{path}: can't be read as weights (a damaged file, or more than tensors in it?): {cause}"
        ) from error


def _state_dict(path: Path, content: Any) -> Mapping[str, Tensor]:
    """Return the mapping of tensors in what a torch file holds."""
    import torch

    for key in ("model_state_dict", "state_dict"):
        if isinstance(content, Mapping) and key in content:
            content = content[key]
    if not isinstance(content, Mapping):
        raise FormatError(f"{path}: holds a {type(content).__name__}; expected a state dict: {_LAYOUT}")
    return {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}


def _our_names(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a distance field under our names; others (a decoder) are left out."""
    state = {name: tensor.float() for name, tensor in tensors.items() if _OURS.fullmatch(name)}
    for name, tensor in tensors.items():
        if match := _PUBLIC.fullmatch(name):
            joint, part, layer, kind = match.groups()
            ours = f"joints.{joint}.{part}.{kind}" if layer is None else f"distance.{2 * int(layer)}.{kind}"
            state[ours] = tensor.float()
    if not state:
        raise FormatError(f"{path}: its tensors are named {', '.join(list(tensors)[:3]) or 'nothing'}; {_LAYOUT}")
    return state


def _sizes(path: Path, state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return feature, encoder and hidden of a state dict under our names."""
    encoders = {int(name.split(".")[1]) for name in state if name.startswith("joints.")}
    layers = sorted(int(name.split(".")[1]) for name in state if re.fullmatch(r"distance\.\d+\.weight", name))
    if encoders != set(range(N_ROTATIONS)):
        raise FormatError(f"{path}: holds encoders of {len(encoders)} joints; expected {N_ROTATIONS} (SMPL's 1 to 21)")
    if (
        len(layers) < 2
        or state.get(f"distance.{layers[-1]}.weight", state[f"distance.{layers[0]}.weight"]).shape[0] != 1
    ):
        raise FormatError(f"{path}: the MLP has {len(layers)} layers and must end in one number, the distance")
    second = state.get("joints.0.2.weight")
    if second is None or second.ndim != 2:
        raise FormatError(f"{path}: the second layer of joint 0's encoder is missing; {_LAYOUT}")
    hidden = [state[f"distance.{layer}.weight"].shape[0] for layer in layers[:-1]]
    return {"feature": second.shape[0], "encoder": second.shape[1], "hidden": hidden}
