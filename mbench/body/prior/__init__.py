"""A prior over poses: a neural distance field that tells how far a pose is from real ones."""

from mbench.body.prior.score import PosePrior, card, load_prior

__all__ = ["PosePrior", "card", "load_prior"]
