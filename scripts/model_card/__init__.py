"""The parts of a model card; `scripts/vimogen_card.py` writes it."""
