"""Motion to pictures: videos and filmstrips of bodies and skeletons, and strips of stick figures."""

from mbench.render.frames import render
from mbench.render.panels import render_strip
from mbench.render.strip import filmstrip, save_strip, strip_svg
from mbench.render.video import write_png, write_video

__all__ = ["filmstrip", "render", "render_strip", "save_strip", "strip_svg", "write_png", "write_video"]
