"""Data sets on disk: written in blocks, opened as memory maps."""
