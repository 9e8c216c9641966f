"""The house stands: imports point down, packages are listed, importing costs torch alone."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[1]

# From the ground up. A package may import those before it; the root module is the ground's face.
LAYERS = [
    "complexes", "operators", "interop", "lifting", "plot", "wl", "data", "transforms",
    "diffusion", "nn", "testing", "datasets", "train", "cli", "__main__",
]  # fmt: skip
FOREIGN_BELOW = {  # what may be imported, outside the standard library, and only there
    "complexes": {"torch", "numpy", "numba"},
    "optim": {"torch"},
}
HEAVY = ["networkx", "scipy", "gudhi", "torch_geometric", "matplotlib", "numba"]


def sources() -> list[Path]:
    return sorted([*ROOT.glob("simplex/**/*.py"), *ROOT.glob("optim/**/*.py")])


def home(path: Path) -> str:
    """The layer of a file: the package below simplex, or the module itself."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0] if parts[0] == "optim" else parts[1]


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module named by an import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            if node.module in ("simplex", "optim"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def upward_imports(layer: str, tree: ast.AST) -> list[str]:
    """The imports of a file of the layer that break the order."""
    broken = []
    for module in imported(tree):
        parts = module.split(".")
        if parts[0] == "optim":
            allowed = layer == "optim"
        elif parts[0] == "simplex":
            target = parts[1] if len(parts) > 1 and parts[1] in LAYERS else None
            allowed = layer != "optim"
            if target is not None and layer in LAYERS:
                allowed = LAYERS.index(target) <= LAYERS.index(layer)
            elif target is not None:  # simplex/__init__.py is the face of the ground floor
                allowed = target == "complexes"
        else:
            foreign = FOREIGN_BELOW.get(layer)
            allowed = foreign is None or parts[0] in foreign or parts[0] in sys.stdlib_module_names
        if not allowed:
            broken.append(module)
    return broken


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    if path == ROOT / "simplex" / "optim.py":
        return  # the alias, the only file that names optim
    assert upward_imports(home(path), ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        ("complexes", "from simplex.operators import boundary_matrix"),
        ("complexes", "def f():\n    import networkx"),
        ("operators", "from simplex.lifting._clique import clique_complex"),
        ("wl", "import simplex.nn"),
        ("nn", "from simplex import datasets"),
        ("diffusion", "from simplex.nn import SIN"),
        ("train", "import optim"),
        ("__init__", "from simplex.lifting import clique_complex"),
        ("optim", "from simplex import SimplicialComplex"),
        ("optim", "import numpy"),
    ],
)
def test_an_upward_import_is_noticed(layer, line):
    assert upward_imports(layer, ast.parse(line))


def test_every_layer_is_known():
    assert {home(path) for path in sources()} == {*LAYERS, "__init__", "optim"}


def test_packages_are_listed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    on_disk = {".".join(path.parent.relative_to(ROOT).parts) for path in sources()}
    assert set(project["tool"]["setuptools"]["packages"]) == on_disk


def test_every_test_folder_is_a_package():
    folders = {path.parent for path in (ROOT / "tests").glob("**/*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_importing_simplex_loads_torch_and_nothing_else():
    code = f"import sys, simplex; print([m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_optim_is_one_package_under_two_names():
    import optim
    import simplex.optim

    for name in optim.__all__:
        assert getattr(simplex.optim, name) is getattr(optim, name)
    assert simplex.optim.__all__ is optim.__all__
