"""The tables of the API pages say what the packages hold."""

import importlib.util
from pathlib import Path

import pytest


DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(path for path in (DOCS / "api").glob("*.md") if path.stem != "index")


@pytest.fixture(scope="module")
def public_names():
    spec = importlib.util.spec_from_file_location("public_names", DOCS / "public_names.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_tables_are_those_of_the_packages(public_names, path):
    page = path.read_text(encoding="utf-8")
    assert "<!-- names -->" in page
    assert page == public_names.with_tables(page), "run: python docs/public_names.py"


def test_a_table_that_is_old_is_found_and_mended(public_names):
    fresh = public_names.with_tables("# wl\n\n```{public} simplex.wl\n```\n")
    assert "| `compare` | Whether a test tells two complexes apart" in fresh
    old = "\n".join(line for line in fresh.split("\n") if "`compare`" not in line)
    assert public_names.with_tables(old) == fresh
    assert public_names.without_tables(fresh) == "# wl\n\n```{public} simplex.wl\n```\n"
