"""Agreement of metrics with people: pairwise accuracy, Kendall's tau, Spearman of win ratios, beside people's own."""

from mbench.agreement.compute import agreement

__all__ = ["agreement"]
