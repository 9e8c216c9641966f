"""Room: what stands before and after the layers of a network."""
