"""How files of graphs, points and matrices are read: bytes, text, the table, what it means."""
