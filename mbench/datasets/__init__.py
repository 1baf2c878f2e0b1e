"""Text-motion datasets: `load_dataset` finds out which kind lies at a path and lists its clips."""

from mbench.datasets.base import Caption, Clip, TextMotionDataset
from mbench.datasets.load import load_dataset

__all__ = ["Caption", "Clip", "TextMotionDataset", "load_dataset"]
