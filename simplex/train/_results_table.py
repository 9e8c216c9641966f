"""The rows of many runs as one table."""

import json
from collections.abc import Sequence
from pathlib import Path

from simplex.complexes import require_flag
from simplex.train._artefacts import in_latex
from simplex.train._checks import require_path


_WORDS = ("data", "target", "model", "protocol", "folder")  # headings above no numbers


def results_table(folders: Sequence[str | Path], *, latex: bool = False) -> str:
    r"""One table of the rows that runs have left, for Markdown or for a paper.

    Args:
        folders: of finished runs of :func:`run_experiment`, or folders of such folders.
        latex: whether to write a ``tabular`` of LaTeX.

    Returns:
        The lines: data, the target where runs have named one, model, protocol, every metric that a
        run has, seconds, and of several runs the folders; by data, in the order of the folders.

    Raises:
        ValueError: a folder without a finished run.
    """
    require_flag("latex", latex)
    rows: list[dict[str, str]] = []
    for folder in folders:
        require_path("folders", folder)
        rows += [row for place in _runs(Path(folder)) for row in _rows(place)]
    if not rows:
        raise ValueError("folders must hold at least one finished run, got none.")
    met = dict.fromkeys(head for row in rows for head in row)
    heads = ["data", *(["target"] if any(row["target"] for row in rows) else [])]
    heads += [head for head in met if head not in ("target", "seconds", "folder", *heads)]
    several = len({row["folder"] for row in rows}) > 1
    heads += ["seconds", "folder"] if several else ["seconds"]
    order = list(dict.fromkeys(row["data"] for row in rows))
    rows.sort(key=lambda row: order.index(row["data"]))
    cells = [[row.get(head, "") for head in heads] for row in rows]
    if not latex:
        lines = [heads, ["---"] * len(heads), *cells]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
    body = "\n".join(in_latex(line) for line in [heads, *cells])
    first, _, rest = body.partition("\n")
    form = "".join("l" if head in _WORDS else "r" for head in heads)
    return (
        f"\\begin{{tabular}}{{{form}}}\n\\hline\n{first}\n\\hline\n{rest}\n\\hline\n"
        "\\end{tabular}\n"
    )


def _runs(folder: Path) -> list[Path]:
    """The folder, or the finished runs in it."""
    if (folder / "row.md").is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob("*/row.md"))
    if not found:
        raise ValueError(
            f"folders must be of finished runs, got {folder} without row.md. Train with "
            "run_experiment, or continue the run with resume."
        )
    return found


def _rows(folder: Path) -> list[dict[str, str]]:
    """The rows of one run by their headings."""
    lines = (folder / "row.md").read_text(encoding="utf-8").splitlines()
    cells = [[part.strip() for part in line.strip().strip("|").split("|")] for line in lines]
    if len(cells) < 3 or any(len(line) != len(cells[0]) for line in cells):
        raise ValueError(f"{folder / 'row.md'} must be a table of a run, got another text.")
    more = {
        "target": _target(folder / "settings.json"),
        "folder": folder.as_posix().replace("|", "/"),
    }
    return [dict(zip(cells[0], line, strict=True)) | more for line in cells[2:]]


def _target(settings: Path) -> str:
    """The target that the run was told, or nothing."""
    try:
        told = json.loads(settings.read_text(encoding="utf-8"))["experiment"].get("target")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""  # of a run before there were targets
    return "" if told is None else str(told).replace("|", "/")
