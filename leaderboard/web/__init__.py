"""The web server that `mbench arena serve` and `mbench serve` share: one FastAPI app, held to this machine's own files.

app = make_app({"arena": "/arena/"}, checks={"database": database_answers})
mount_page(app, blocks, "/arena/", title="Arena")
run(app, host="127.0.0.1", port=7860)
"""

from __future__ import annotations

from leaderboard.web.app import Settings, make_app
from leaderboard.web.files import mount_folder
from leaderboard.web.gradio_page import gradio, mount_page, theme
from leaderboard.web.limits import Limit
from leaderboard.web.server import is_loopback, run

__all__ = ["Limit", "Settings", "gradio", "is_loopback", "make_app", "mount_folder", "mount_page", "run", "theme"]
