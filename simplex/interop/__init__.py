"""Foreign formats, both ways: networkx, GUDHI, scipy and edge lists."""
