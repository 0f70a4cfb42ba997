"""Builds the context package: facts gathered under a deadline, the brief, the summary, and the note an agent reads."""
