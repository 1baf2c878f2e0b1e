"""Motion to pictures: skeleton filmstrips."""

from mbench.render.strip import filmstrip, save_strip, strip_svg

__all__ = ["filmstrip", "save_strip", "strip_svg"]
