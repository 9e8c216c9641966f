"""Sphinx builds the pages with this; examples and pictures are computed, but those in pictures/.

These took minutes of training; the page that shows one names the command.
"""

import inspect
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import simplex


sys.path.insert(0, str(Path(__file__).parent))
from public_names import public_names, without_tables


warnings.filterwarnings("ignore", "Sparse CSR tensor support")  # torch's, in an example


project = "simplex"
author = "the simplex authors"
version = release = simplex.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # its script and fonts go into the pages: they need no network
    "sphinx.ext.doctest",
    "matplotlib.sphinxext.plot_directive",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery"]
html_theme = "furo"
html_title = f"simplex {release}"
html_static_path = ["style.css"]
html_css_files = ["style.css"]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autosummary_generate = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_custom_sections = ["Cost", "Laws", "Paper", "Reference", "Shapes"]

# Only the directives of these pages are run here; the examples of the docstrings are run by pytest.
doctest_test_doctest_blocks = ""
doctest_global_setup = f"""
import torch

torch.set_num_threads(1)
_ = torch.manual_seed(0)
DOCS = {str(Path(__file__).parent)!r}
"""

plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("png", 120)]
plot_rcparams = {"figure.constrained_layout.use": True, "font.size": 9}
plot_apply_rcparams = True

# gallery/*.py are run, and become pages and thumbnails in examples/.
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "backreferences_dir": "examples/used",
    "subsection_order": [
        f"gallery/{name}" for name in ("lift", "shape", "signals", "apart", "train", "generate")
    ],
    "within_subsection_order": "ExampleTitleSortKey",
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "capture_repr": ("_repr_html_",),
    "image_srcset": ["2x"],
    "thumbnail_size": (400, 300),
    "min_reported_time": 600,
    "write_computation_times": False,
    "download_all_examples": False,
    "show_signature": False,
    "doc_module": ("simplex",),
    "reference_url": {"simplex": None},
}

# Names of other libraries have no page here, and the build must not need the network for theirs.
nitpick_ignore_regex = [
    (r"py:.*", r"(torch|torch_geometric|collections|concurrent|numpy|os|pathlib|typing)\..*"),
    (r"py:class", r"simplex\.\w+\._.*"),  # what is hidden has no page: see the functions
]

# Where each public name is documented: its one import path, not the private file it lives in.
PACKAGES = (
    "simplex.complexes",
    "simplex.storage",
    "simplex.lifting",
    "simplex.persistence",
    "simplex.io",
    "simplex.interop",
    "simplex.operators",
    "simplex.wl",
    "simplex.data",
    "simplex.transforms",
    "simplex.loader",
    "simplex.nn",
    "simplex.diffusion",
    "simplex.signals",
    "simplex.testing",
    "simplex.datasets",
    "simplex.train",
    "simplex.optim",
    "simplex.optim.transfers",
    "simplex.optim.problem",
    "simplex.optim.curvature",
    "simplex.optim.inner",
    "simplex.optim.solvers",
    "simplex.optim.blocks",
    "simplex.optim.linear_map",
    "simplex.optim.maps",
    "simplex.optim.detect",
    "simplex.optim.capture",
    "simplex.plot",
    "simplex",
)


class Public(SphinxDirective):
    """``{public} simplex.wl``: a table of the public names of a package, then each in full."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Hand the work to autosummary and autodoc."""
        package = self.arguments[0]
        names = public_names(package)
        lines = ["```{eval-rst}", f".. currentmodule:: {package}", "", ".. autosummary::"]
        lines += ["   :nosignatures:", "", *(f"   {name}" for name in names), ""]
        for name in names:
            is_class = inspect.isclass(getattr(import_module(package), name))
            lines += [f".. auto{'class' if is_class else 'function'}:: {name}"]
            lines += ["   :members:"] if is_class else []
            lines += ["   :inherited-members:"] if name == "SimplicialComplex" else []
            lines += [""]
        return self.parse_text_to_nodes("\n".join([*lines, "```"]))


def skip_member(
    app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out the fields of named tuples: the docstring of the class describes them."""
    return True if type(member).__name__ == "_tuplegetter" else None


def keep_bars(
    app: Sphinx, what: str, name: str, member: Any, options: Any, lines: list[str]
) -> None:
    """Docstrings write |∂| for absolute values; reStructuredText would see a substitution."""
    math_indent: int | None = None
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if line.strip() and (math_indent is None or indent <= math_indent):
            math_indent = indent if line.lstrip().startswith(".. math::") else None
        if math_indent is None:
            pieces = line.split("``")
            pieces[::2] = [piece.replace("|", r"\|") for piece in pieces[::2]]
            lines[i] = "``".join(pieces)


def leave_out_tables(app: Sphinx, docname: str, source: list[str]) -> None:
    """They are for those who read the files as they are."""
    if docname.startswith("api/"):
        source[0] = without_tables(source[0])


def setup(app: Sphinx) -> None:
    """Register the directive; give public names their public path."""
    for package in PACKAGES:
        for name in public_names(package):
            getattr(import_module(package), name).__module__ = package
    app.add_directive("public", Public)
    app.connect("source-read", leave_out_tables)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("autodoc-process-docstring", keep_bars)
