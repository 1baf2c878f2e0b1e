"""MBench: judge text-to-3D-human-motion models."""

__version__ = "0.1.0"
