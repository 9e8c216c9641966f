"""What the API pages list: ``python docs/public_names.py`` writes their tables anew.

The tables are for readers of the plain files. Where the pages are built they are left out, as the
directive below each makes its own, with links.
"""

import inspect
import re
from importlib import import_module
from pathlib import Path
from types import GenericAlias
from typing import Any

import simplex


PAGES = Path(__file__).parent / "api"
TABLE = re.compile(r"<!-- names -->\n.*?<!-- end of names -->\n\n", re.DOTALL)
DIRECTIVE = re.compile(r"```\{public\} (\S+)\n```")


def public_names(package: str) -> list[str]:
    """The classes and functions that a page documents, in the order of ``__all__``."""
    module = import_module(package)
    names = getattr(module, "__all__", None) or [
        name for name, value in vars(module).items() if inspect.getmodule(value) is module
    ]
    return [
        name
        for name in names
        if callable(getattr(module, name))
        and not isinstance(getattr(module, name), GenericAlias)  # a name of a kind of callable
        and not name.startswith("_")
        and (package == "simplex" or name not in simplex.__all__)
    ]


def summary(value: Any) -> str:
    """The first sentence of a docstring, in Markdown."""
    first = " ".join((inspect.getdoc(value) or "").split("\n\n")[0].split())
    first = re.sub(r":math:`([^`]*)`", r"$\1$", first)
    first = re.sub(r":\w+:`~?(?:[\w.]*\.)?([^`]*)`", r"`\1`", first)
    return first.replace("``", "`").replace("|", r"\|")


def table(package: str) -> str:
    """The names of a package, a line each."""
    module = import_module(package)
    rows = (f"| `{name}` | {summary(getattr(module, name))} |" for name in public_names(package))
    return "\n".join(["<!-- names -->", "| name | |", "|---|---|", *rows, "<!-- end of names -->"])


def with_tables(page: str) -> str:
    """A page with the table that each of its directives stands for above it."""
    return DIRECTIVE.sub(lambda found: f"{table(found[1])}\n\n{found[0]}", without_tables(page))


def without_tables(page: str) -> str:
    """A page as it is built."""
    return TABLE.sub("", page)


if __name__ == "__main__":
    for path in PAGES.glob("*.md"):
        path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
