"""One paper a file: its layer first, its network below, and what only they use above."""
