"""Prompts to train on: a lexicon of what people do, sentences made of it, and a selection that covers them."""
