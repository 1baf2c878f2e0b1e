"""The arena's API alone, as `uvicorn arena_server:app --factory` runs it; its environment says of which study."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI

from leaderboard.arena.api import router
from leaderboard.arena.database import open_database
from leaderboard.arena.service import Arena
from leaderboard.arena.study import read_study


def app() -> FastAPI:
    folder = Path(os.environ["ARENA_FOLDER"])
    study = read_study(folder)
    served = FastAPI(openapi_url=None)
    arena = Arena(study, open_database(study, os.environ.get("ARENA_DATABASE") or folder))
    served.include_router(router(arena, folder))
    return served
