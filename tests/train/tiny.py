"""A TU data set of sixteen graphs, written as raw files: triangles with a tail against paths."""

TRIANGLE, PATH = [(0, 1), (1, 2), (0, 2), (2, 3)], [(0, 1), (1, 2), (2, 3)]


def write_tiny(root, name="TINY", tags=True):
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    edges, indicator, labels = [], [], []
    for g in range(16):
        first = 4 * g + 1
        for u, v in TRIANGLE if g % 2 else PATH:
            edges += [f"{first + u}, {first + v}", f"{first + v}, {first + u}"]
        indicator += [str(g + 1)] * 4
        labels.append(str(2 * (g % 2)))  # classes 0 and 2, as in MUTAG
    files = {"A": edges, "graph_indicator": indicator, "graph_labels": labels}
    if tags:
        files["node_labels"] = [str(i % 3) for i in range(64)]
    for key, lines in files.items():
        (raw / f"{name}_{key}.txt").write_text("\n".join(lines) + "\n")
    return root
