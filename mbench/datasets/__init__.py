"""Text-motion datasets."""
