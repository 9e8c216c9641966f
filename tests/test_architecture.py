"""The rules of the house, held by machine: who imports what, where files lie, what an import costs.

Each rule is a function that lists what breaks it, so one example of each shows that it can fail.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest


ROOT = Path(__file__).resolve().parents[1]

# From the ground up. A package may import those before it; the root module is the ground's face.
LAYERS = [
    "complexes", "storage", "operators", "interop", "lifting", "persistence", "io", "wl",
    "data", "transforms", "loader", "diffusion", "signals", "plot", "nn", "testing", "datasets",
    "train", "cli", "__main__",
]  # fmt: skip
FOREIGN_BELOW = {  # what may be imported, outside the standard library, and only there
    "complexes": {"torch", "numpy", "numba"},
    "storage": {"torch", "numpy", "numba", "pyarrow"},
    "optim": {"torch"},
}
PRIVATE_PARTS_OF_OTHERS = {"torch.utils._pytree"}  # used, for want of a public name
MOST_LINES = 450
MOST_ROOMS = {"simplex/nn": 15}  # entries at the top level of a package


class Import(NamedTuple):
    """One name that one file imports: ``from module import name``, or ``import module``."""

    importer: str  # dotted name of the file, a package's __init__ included
    module: str
    name: str = ""

    def __str__(self) -> str:
        what = f"from {self.module} import {self.name}" if self.name else f"import {self.module}"
        return f"{self.importer}: {what}"

    @property
    def target(self) -> list[str]:
        """The parts of the dotted path of what is imported."""
        return [*self.module.split("."), *([self.name] if self.name else [])]


def imports(importer: str, tree: ast.AST) -> Iterator[Import]:
    """Every import of a file, wherever it stands."""
    waiting = [tree]
    while waiting:  # statements alone: in expressions there are none
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (Import(importer, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (Import(importer, module, alias.name) for alias in node.names)
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, field, ())


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def sources() -> list[Path]:
    """The files that are installed."""
    return sorted([*ROOT.glob("simplex/**/*.py"), *ROOT.glob("optim/**/*.py")])


@cache
def all_imports() -> list[Import]:
    """The imports of all Python files of the project, tests and benchmarks included."""
    paths = [*sources(), *sorted(ROOT.glob("tests/**/*.py")), *sorted(ROOT.glob("docs/*.py"))]
    trees = ((dotted(path), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)
    return [one for importer, tree in trees for one in imports(importer, tree)]


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


# Imports


def layer_of(importer: str) -> str:
    """The layer of an installed file: the package below simplex, or the module itself."""
    parts = importer.split(".")
    return parts[0] if parts[0] == "optim" else parts[1]


def points_up(one: Import) -> bool:
    """An installed file imports a layer above its own, or what its layer may not."""
    if one.importer.split(".")[0] not in ("simplex", "optim") or one.importer == "simplex.optim":
        return False  # the alias simplex/optim.py is the only file that names optim
    layer, target = layer_of(one.importer), one.target
    if target[0] == "optim":
        return layer != "optim"
    if target[0] == "simplex":
        if layer == "optim":
            return True
        above = target[1] if len(target) > 1 and target[1] in LAYERS else None
        if above is None:
            return False
        if layer in LAYERS:
            return LAYERS.index(above) > LAYERS.index(layer)
        return above != "complexes"  # simplex/__init__.py is the face of the ground floor
    foreign = FOREIGN_BELOW.get(layer)
    return not (foreign is None or target[0] in foreign or target[0] in sys.stdlib_module_names)


def enters_a_room(one: Import) -> bool:
    """A name that begins with ``_`` is taken from a package of which the importer is no part."""
    private = [i for i, part in enumerate(one.target) if re.match(r"_(?!_)", part)]
    if not private or ".".join(one.target[: private[0] + 1]) in PRIVATE_PARTS_OF_OTHERS:
        return False
    package = one.target[: private[0]]
    return one.importer.split(".")[: len(package)] != package


def is_relative(one: Import) -> bool:
    return one.module.startswith(".")


@pytest.mark.parametrize("broken", [points_up, enters_a_room, is_relative])
def test_imports(broken):
    found = [str(one) for one in all_imports() if broken(one)]
    assert not found, "\n".join(["imports that break a rule:", *found])


@pytest.mark.parametrize(
    ("broken", "importer", "line"),
    [
        (points_up, "simplex.complexes._flag", "from simplex.operators import boundary_matrix"),
        (points_up, "simplex.complexes._flag", "def f():\n    import networkx"),
        (points_up, "simplex.operators._hodge", "from simplex.lifting import clique_complex"),
        (points_up, "simplex.wl._compare", "import simplex.nn"),
        (points_up, "simplex.nn._networks.sin", "from simplex import datasets"),
        (points_up, "simplex.diffusion._ddpm", "from simplex.nn import SIN"),
        (points_up, "simplex.train", "import optim"),
        (points_up, "simplex.__init__", "from simplex.lifting import clique_complex"),
        (points_up, "optim._locoprop", "from simplex import SimplicialComplex"),
        (points_up, "optim._locoprop", "import numpy"),
        (enters_a_room, "simplex.nn._norm", "from simplex.operators._rows import segment_sum"),
        (enters_a_room, "simplex.nn._norm", "def f():\n    import simplex.operators._rows as rows"),
        (enters_a_room, "simplex.nn._norm", "from simplex.operators import _pointer"),
        (enters_a_room, "simplex.nn._norm", "from torch._utils import _flatten_dense_tensors"),
        (enters_a_room, "tests.nn.test_sin", "from simplex.nn._networks.sin import SINConv"),
        (enters_a_room, "tests.benchmarks.speed.nn", "from simplex.nn import _networks"),
        (enters_a_room, "tests.optim.test_solve", "from optim._solve import solve"),
        (is_relative, "simplex.nn.__init__", "from ._norm import PartNorm"),
        (is_relative, "tests.nn.test_sin", "from . import table"),
    ],
)
def test_a_wrong_import_is_noticed(broken, importer, line):
    assert any(broken(one) for one in imports(importer, ast.parse(line)))


@pytest.mark.parametrize(
    ("importer", "line"),
    [
        ("simplex.nn.__init__", "from simplex.nn._networks.sin import SIN"),
        ("simplex.nn._networks.sin", "from simplex.nn._checks import require_cochains"),
        ("simplex.nn._networks.sin", "from simplex.operators import segment_sum"),
        ("simplex.operators._apply", "from simplex.operators._rows import _pointer"),
        ("simplex.cli.__init__", "from __future__ import annotations"),
        ("tests.nn.test_sin", "from tests.nn.table import LAYERS"),
    ],
)
def test_a_right_import_passes(importer, line):
    for one in imports(importer, ast.parse(line)):
        assert not any(broken(one) for broken in (points_up, enters_a_room, is_relative))


# Files


def misnamed(paths: list[str]) -> list[str]:
    """Files in a room, a folder that begins with ``_``, whose own names do so too."""
    return [
        path
        for path in paths
        if any(folder.startswith("_") for folder in path.split("/")[:-1])
        and re.match(r"_(?!_)", path.split("/")[-1])
    ]


def too_long(lines: dict[str, int]) -> list[str]:
    return [f"{path}: {count}" for path, count in lines.items() if count > MOST_LINES]


def crowded(paths: list[str]) -> list[str]:
    """Packages with more entries at their top level, files and folders, than they may have."""
    return [
        f"{package}: {len(entries)}"
        for package, most in MOST_ROOMS.items()
        for entries in [{p.split("/")[2] for p in paths if p.startswith(f"{package}/")}]
        if len(entries) > most
    ]


def private_modules(text: str) -> list[str]:
    """The private modules that a page names: readers are shown public paths alone."""
    module = r"\b(?:simplex|optim)(?:[./]\w+)*[./]_[a-z]\w*"
    return re.findall(module, text)


def test_files():
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sources()
    }
    assert misnamed([*texts]) == []
    assert too_long({path: len(text.splitlines()) for path, text in texts.items()}) == []
    assert crowded([*texts]) == []


def test_pages_name_public_modules():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    named = {page.name: private_modules(page.read_text(encoding="utf-8")) for page in pages}
    assert {page: found for page, found in named.items() if found} == {}


def test_examples_and_pages_of_the_guide_name_each_other():
    named = {}
    for example in sorted((ROOT / "docs" / "gallery").glob("*/*.py")):
        text = example.read_text(encoding="utf-8").split('"""')[1]
        guides = re.findall(r":doc:`/([\w-]+)`", text.partition("More:")[2])
        link = f"{{doc}}`examples/{example.parent.name}/{example.stem}`"
        pages = [(ROOT / "docs" / f"{guide}.md").read_text(encoding="utf-8") for guide in guides]
        named[example.stem] = any(link in page for page in pages)
    assert [example for example, known in named.items() if not known] == []


def test_a_wrong_file_is_noticed():
    assert misnamed(["simplex/nn/_networks/_sin.py"])
    assert not misnamed(["simplex/nn/_norm.py", "simplex/nn/_networks/__init__.py"])
    assert too_long({"optim/_solve.py": MOST_LINES + 1})
    assert not too_long({"optim/_solve.py": MOST_LINES})
    rooms = [f"simplex/nn/{name}" for name in ["__init__.py", "_a/b.py", "_a/c.py"]]
    assert not crowded(rooms + [f"simplex/nn/_{i}.py" for i in range(13)])
    assert crowded(rooms + [f"simplex/nn/_{i}.py" for i in range(14)])
    assert private_modules("see simplex.nn._norm, and simplex/nn/_norm.py") == [
        "simplex.nn._norm",
        "simplex/nn/_norm",
    ]
    assert not private_modules("simplex.nn.SIN, docs/_build, simplex/nn/__init__.py")


def test_every_layer_is_known():
    assert {layer_of(dotted(path)) for path in sources()} == {*LAYERS, "__init__", "optim"}


def test_packages_are_listed(project):
    on_disk = {".".join(path.parent.relative_to(ROOT).parts) for path in sources()}
    assert set(project["tool"]["setuptools"]["packages"]) == on_disk


def test_the_lowest_versions_are_those_promised(project):
    lowest = (ROOT / ".ci" / "constraints-lowest.txt").read_text(encoding="utf-8").splitlines()
    promised = project["project"]["dependencies"]
    assert {dependency.replace(">=", "==") for dependency in promised} <= set(lowest)


def test_every_test_folder_is_a_package():
    folders = {path.parent for path in (ROOT / "tests").glob("**/*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


# What importing costs


NEW = """
import sys, torch
before = set(sys.modules)
import {package}
new = {{module.split(".")[0] for module in set(sys.modules) - before}}
print(*sorted(new - sys.stdlib_module_names))
"""
COMPILED = """
import simplex.diffusion, simplex.lifting, simplex.wl
print(*{"llvmlite", "numba", "scipy", "pyarrow", "dask"} & set(sys.modules))
"""


def lines_of(code: str) -> list[str]:
    """What a process of its own prints."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


@pytest.mark.parametrize("package", ["optim", "networkx"])
def test_importing_costs_torch_and_nothing_else(package):
    assert lines_of(NEW.format(package=package)) == [package]  # networkx: another one would show


def test_compiled_code_is_loaded_with_the_first_call():
    assert lines_of(NEW.format(package="simplex") + COMPILED) == ["simplex", ""]


def test_optim_is_one_package_under_two_names():
    import optim
    import simplex.optim

    for name in optim.__all__:
        assert getattr(simplex.optim, name) is getattr(optim, name)
    assert simplex.optim.__all__ is optim.__all__
