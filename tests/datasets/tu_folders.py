"""Random folders of a TU data set, and a second reader of them: slow, strict and by the book."""

import re


NAME = "TOY"
OPTIONAL = ("node_labels", "node_attributes", "edge_labels", "edge_attributes")


def write(root, files):
    """Write the lines of each file as ``root/TOY/raw/TOY_….txt``."""
    raw = root / NAME / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for old in raw.iterdir():
        old.unlink()
    for what, text in files.items():
        (raw / f"{NAME}_{what}.txt").write_bytes(text.encode())
    return root


def text(rows):
    return "".join(", ".join(map(str, row)) + "\n" for row in rows)


def random_files(random):
    """The texts of a data set of one to four graphs, with some of the optional files."""
    sizes = [random.randint(1, 4) for _ in range(random.randint(1, 4))]
    indicator = [g + 1 for g, size in enumerate(sizes) for _ in range(size)]
    edges, start = [], 1
    for size in sizes:
        for u in range(start, start + size):
            for v in range(u + 1, start + size):
                if random.random() < 0.6:
                    edges += [(u, v), (v, u)]
        start += size
    random.shuffle(edges)
    columns = {what: random.randint(1, 3) for what in OPTIONAL}
    files = {"A": text(edges), "graph_indicator": text([g] for g in indicator)}
    if random.random() < 0.7:
        files["graph_labels"] = text([random.randint(-1, 2)] for _ in sizes)
    else:
        width = random.randint(1, 2)
        files["graph_attributes"] = text([real(random) for _ in range(width)] for _ in sizes)
    for what in OPTIONAL:
        if random.random() < 0.5:
            draw = real if what.endswith("attributes") else label
            rows = edges if what.startswith("edge") else indicator
            files[what] = text([draw(random) for _ in range(columns[what])] for _ in rows)
    return files


def real(random):
    return random.choice([-2, 0.5, 1e-3, 7, "1.", ".5", "-3E2"])


def label(random):
    return random.randint(-1, 3)


def mutated(files, random):
    """The files with one line of one of them changed."""
    what = random.choice(sorted(files))
    lines = files[what].splitlines(keepends=True)
    kind = random.choice(["delete", "double", "blank", "cut", "swap", "absent", "letter", "number"])
    at = random.randrange(max(len(lines), 1))
    if kind == "absent":
        return {key: value for key, value in files.items() if key != what}
    if kind == "cut" or not lines:
        return files | {what: files[what][:-1] if lines else "\n"}
    if kind == "delete":
        del lines[at]
    elif kind == "double":
        lines.insert(at, lines[at])
    elif kind == "blank":
        lines.insert(at, "\n")
    elif kind == "swap":
        other = random.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == "letter":
        place = random.randrange(len(lines[at]))
        sign = random.choice(["x", "-", ".", ",", " ", "0", "9", "e", "nan", "\t", "\r", "٣", "_"])
        lines[at] = lines[at][:place] + sign + lines[at][place:]
    else:
        numbers = lines[at].strip().split(", ")
        numbers[random.randrange(len(numbers))] = str(random.choice([0, 1, 2, 5, 99, 0.5, "inf"]))
        lines[at] = ", ".join(numbers) + "\n"
    return files | {what: "".join(lines)}


class RefusedError(Exception):
    pass


def require(condition):
    if not condition:
        raise RefusedError


def rows(content, number):
    require(content == "" or content.endswith("\n"))
    result = []
    for line in content.split("\n")[:-1]:
        row = []
        for part in line.removesuffix("\r").split(","):
            pattern = r"[+-]?\d+" if number is int else r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
            require(re.fullmatch(rf"[ \t]*{pattern}[ \t]*", part, re.ASCII))
            row.append(number(part))
        require(not result or len(row) == len(result[0]))
        require(all(abs(each) < 3.4e38 for each in row))  # float32
        result.append(row)
    return result


def one_hot(table):
    """Each column from its least label to its largest."""
    hot = [[] for _ in table]
    for column in zip(*table, strict=True):
        for value, row in zip(column, hot, strict=True):
            row += [float(value == each) for each in range(min(column), max(column) + 1)]
    return hot


def read_by_the_book(files):
    """The graphs as dictionaries of lists; raises ``RefusedError``."""
    require({"A", "graph_indicator"} <= files.keys())
    require({"graph_labels", "graph_attributes"} & files.keys())
    indicator = rows(files["graph_indicator"], int)
    require(indicator and all(len(row) == 1 for row in indicator))
    indicator = [row[0] for row in indicator]
    require(indicator == sorted(indicator))
    num_graphs = indicator[-1]
    require(set(indicator) == set(range(1, num_graphs + 1)))
    edges = rows(files["A"], int)
    require(all(len(edge) == 2 for edge in edges))
    for u, v in edges:
        require(1 <= u <= len(indicator) and 1 <= v <= len(indicator))
        require(indicator[u - 1] == indicator[v - 1])
        require([v, u] in edges)

    def optional(what, number, count):
        if what not in files:
            return [[] for _ in range(count)]
        table = rows(files[what], number)
        require(len(table) == count)
        return table if number is float else one_hot(table)

    attributes = optional("node_attributes", float, len(indicator))
    labels = optional("node_labels", int, len(indicator))
    of_edges = [
        a + b
        for a, b in zip(
            optional("edge_attributes", float, len(edges)),
            optional("edge_labels", int, len(edges)),
            strict=True,
        )
    ]
    y = rows(files["graph_labels"], int) if "graph_labels" in files else None
    require(y is None or (len(y) == num_graphs and all(len(row) == 1 for row in y)))
    if "graph_attributes" in files:
        y = rows(files["graph_attributes"], float)
        require(len(y) == num_graphs)
    else:
        classes = sorted({row[0] for row in y})
        y = [[classes.index(row[0])] for row in y]
    constant = not attributes[0] and len(labels[0]) < 2
    graphs = []
    for g in range(1, num_graphs + 1):
        own = [v for v in range(1, len(indicator) + 1) if indicator[v - 1] == g]
        pairs = sorted((u, v) for u, v in edges if indicator[u - 1] == g and u != v)
        listed = sorted(set(pairs))
        added = [
            [
                sum(column)
                for column in zip(
                    *(row for edge, row in zip(edges, of_edges, strict=True) if edge == [u, v]),
                    strict=True,
                )
            ]
            for u, v in listed
        ]
        graphs.append(
            {
                "x": [[1.0] if constant else attributes[v - 1] + labels[v - 1] for v in own],
                "edges": [[u - own[0], v - own[0]] for u, v in listed],
                "edge_attr": added,
                "y": y[g - 1] if len(y[g - 1]) == 1 else [y[g - 1]],
            }
        )
    return graphs
