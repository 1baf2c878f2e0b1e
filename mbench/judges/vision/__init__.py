"""Judges that show pictures of a motion to a vision-language model: `openai` and `gemini`."""
