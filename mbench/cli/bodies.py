"""`mbench convert-body`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mbench.cli.evaluate import Json
from mbench.cli.output import print_json


def convert_body(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A body file of SMPL, SMPL-H or SMPL-X: npz or pkl.")],
    target: Annotated[Path, typer.Argument(metavar="OUT.npz", help="The file to write.")],
    json: Json = False,
) -> None:
    """Convert a body file to npz: plain arrays, checked; no code in a pickle can run and no chumpy is needed."""
    from mbench.body.arrays import FAMILIES
    from mbench.body.files import convert_body as run
    from mbench.files import sha256_of

    arrays = run(source, target)
    counts = {"vertices": len(arrays["v_template"]), "faces": len(arrays["f"]), "betas": arrays["shapedirs"].shape[2]}
    family, digest = FAMILIES[len(arrays["J_regressor"])], sha256_of(target)
    if json:
        print_json({"schema": 1, "target": str(target), "family": family, **counts, "sha256": digest})
        return
    typer.echo(f"{source} → {target}: {family}, {', '.join(f'{n} {what}' for what, n in counts.items())}")
    typer.echo(f"sha256 {digest}")
