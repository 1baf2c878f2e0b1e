"""The whole app for tests: a small leaderboard, a playground, and an arena where it is asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from leaderboard.serve.app import Parts, app_of
from leaderboard.serve.board import Board
from leaderboard.serve.models import Playable, playable
from leaderboard.serve.store import Store
from leaderboard.serve.takes import Studio, Take
from leaderboard.serve.uploads import Uploads
from leaderboard.web.server import LOCAL_NAMES
from leaderboard_runs import make_results

MODELS = ("choreographer", "static")


def results_in(folder: Path) -> Path:
    """Make results of two models and return their folder."""
    make_results(folder, MODELS)
    return folder / "results"


@contextmanager
def parts_of(
    board: Board,
    study: Path | None = None,
    uploads: bool = False,
    models: Sequence[Playable] | None = None,
    **more: Any,
) -> Iterator[Parts]:
    """Yield what an app is made of; everything is closed at the end."""
    with closing(Store[Take]()) as store:
        studio = Studio(playable(MODELS)[0] if models is None else models, store, device="cpu")
        given = {"hosts": LOCAL_NAMES, "uploads": Uploads() if uploads else None, **more}
        if study is None:
            yield Parts(board, studio, **given)
            return
        from leaderboard.arena.database import open_database
        from leaderboard.arena.service import Arena
        from leaderboard.arena.study import read_study

        fixed = read_study(study)
        with closing(open_database(fixed, study)) as database:
            yield Parts(board, studio, (Arena(fixed, database), study), **given)


def small_board(folder: Path) -> Board:
    """Return a board whose site is a page and a video by hand: for tests of what is around it."""
    site = folder / "site"
    shutil.rmtree(site, ignore_errors=True)
    (site / "models").mkdir(parents=True)
    (site / "index.html").write_text("<!doctype html><html><head></head><body><h1>A leaderboard</h1></body></html>")
    (site / "models" / "a.html").write_text("<!doctype html><html><head></head><body><h1>A model</h1></body></html>")
    (site / "site.json").write_text('{"schema": 1}')
    return Board(folder / "results", folder=site)


__all__ = ["app_of", "parts_of", "results_in", "small_board"]
