"""The parser of the command line, and what becomes of errors."""

import argparse
import contextlib
import importlib
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

from simplex.cli._notices import notices
from simplex.cli._output import EscapedStream, escaped
from simplex.cli._threads import free_threads


_COMMANDS = {
    "demo": "lift, compare, train and generate end to end on embedded data, with pictures",
    "lift": "turn graphs into clique complexes",
    "convert": "write a graph or a complex in another format of files",
    "edges": "sort the edges of a graph that may be larger than memory into a folder",
    "wl": "compare graphs by the simplicial Weisfeiler-Lehman test",
    "info": "f-vector, Betti numbers and other invariants",
    "persistence": "when classes of homology appear and end in a filtration",
    "hodge": "split a flow on edges into gradient, curl and harmonic part",
    "plot": "draw a complex with filled triangles",
    "view": "write a page to turn a complex on, and to point at its simplices",
    "train": "train and test a network on a data set, by its name or in your files",
    "predict": "what the model of a finished run says of your files",
    "results": "the rows of finished runs as one table",
}

_EXAMPLES = """\
examples:
  simplex demo
  simplex lift graph.edges --max-dim 3 --out complex.pt
  simplex wl first.graphml second.graphml
  simplex wl many.g6 --max-dim 3
  simplex info graph.edges
  simplex plot graph.edges --out graph.png
  simplex view mesh.off
  simplex convert groups.facets groups.json
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the arguments; ``None`` for those of the process.

    Returns:
        The exit code: 0; 2 for wrong arguments or files, with one line on stderr; 130 after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    name = "simplex"
    try:
        args = _parser().parse_args(argv)
        name = f"simplex {args.command}"
        with contextlib.redirect_stdout(EscapedStream(sys.stdout)), free_threads(), notices():
            code: int = args.run(args)
            sys.stdout.flush()
        return code
    except SystemExit as done:  # argparse: --help, --version, wrong arguments
        return done.code if isinstance(done.code, int) else 2
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe has left; keep Python from complaining at exit
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, TypeError, OSError, ImportError, MemoryError, RuntimeError) as error:
        what = " ".join(str(error).split()) or type(error).__name__
        print(escaped(f"{name}: error: {_as_options(what)}"), file=sys.stderr)
        return 2


def _as_options(message: str) -> str:
    """Advice of the library in the words of the command line: ``max_dim`` is ``--max-dim``."""
    message = re.sub(r"\b(kind|level|categories|task)='?(\w+)'?", r"--\1 \2", message)
    return re.sub(r"\b(max_dim|max_simplices|max_edge_length)\b=?", _option, message)


def _option(match: re.Match[str]) -> str:
    return "--" + match[1].replace("_", "-")


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> Any:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    from simplex import __version__

    parser = _Parser(
        prog="simplex",
        description="Simplicial complexes: lift graphs, compare them, train networks on them.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"simplex {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in _COMMANDS.items():
        module = importlib.import_module(f"simplex.cli._{name}")
        command = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser
