"""A complex in a folder, and back as memory maps."""

import os
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    ON_DISK,
    OPENED_BY,
    SimplicialComplex,
    require_complex,
    require_flag,
)
from simplex.storage._folder import under_construction
from simplex.storage._labels import label_tables, labels_from
from simplex.storage._manifest import Folder, Format, read_folder
from simplex.storage._place import Place, absolute, place_of
from simplex.storage._tables import save_table


COMPLEX = Format("simplex-complex", 1, "save_complex")


def save_complex(
    K: SimplicialComplex, folder: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Write a complex into a folder: one file per table, and a manifest.

    The folder appears whole or not at all: everything is written into ``folder.partial``, which is
    renamed when it is on the disk. The tables are ``.npy`` files, which numpy opens as well:
    ``facets_1.npy`` (n_1, 2) … ``facets_d.npy`` (n_d, d+1), int64, and where the complex has them
    ``orientation_k.npy``, ``filtration_k.npy``, ``part_pointer.npy`` and labels of the vertices.
    ``manifest.json`` has the f-vector and, of every file, dtype, shape and checksum.

    Args:
        K: the complex, on any device; tables that are memory maps are copied in blocks.
        folder: a path; the folders above are made.
        overwrite: replace a folder of this library that is there. Other folders never are.

    Raises:
        ValueError: the place is taken, another run is writing there, or a vertex label is neither a
            number, a string, nor a tuple of such.
        OSError: it cannot be written, as on a full disk; nothing is left under the name.

    Example:
        >>> import tempfile
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_complex(K, f"{folder}/K")
        ...     open_complex(f"{folder}/K").f_vector
        (4, 4, 1)
    """
    require_complex("K", K)
    if K.device.type == "meta":
        raise ValueError("K must have tables to be saved, got one on the device meta.")
    labels = label_tables(K.vertex_labels)
    tables = {f"facets_{k}": K.facets(k) for k in range(1, K.dim + 1)}
    state = K.state()
    for name in ("orientation", "filtration"):
        tables |= {f"{name}_{k}": each for k, each in enumerate(state[name] or ())}
    if state["part_pointer"] is not None:
        tables["part_pointer"] = state["part_pointer"]
    with under_construction(folder, overwrite=overwrite) as site:
        dtypes = {}
        for name, values in (tables | labels.tables).items():
            of_torch = save_table(site.file(name), values)
            if of_torch is not None:
                dtypes[name] = of_torch
        facts = complex_facts(
            K.f_vector, K.num_parts, directed=K.directed, vertex_labels=labels.kind, torch=dtypes
        )
        site.finish(COMPLEX, facts, tables | labels.tables)


def complex_facts(
    f_vector: tuple[int, ...], num_parts: int = 1, *, directed: bool = False, **others: Any
) -> dict[str, Any]:
    """What the manifest of a complex says beside its tables; what is empty is left out."""
    facts = {"f_vector": list(f_vector), "num_parts": num_parts, "directed": directed}
    return facts | {name: value for name, value in others.items() if value}


def open_complex(
    folder: str | os.PathLike[str], *, verify: bool = False, executor: Any = None
) -> SimplicialComplex:
    """The complex in a folder, on memory maps: nothing is read before it is needed.

    Every table is a map of its file that is copied on writing, so the files never change. A
    computation reads what it touches; the system gives that memory back when others need it.
    Pickled, as for a worker process, the complex is the path of its folder; ``K.state()`` has
    the tables themselves.

    Args:
        folder: as :func:`save_complex` wrote it.
        verify: read all files and compare their checksums (CRC-32 of blocks of 64 MiB), to notice
            altered bytes. Without it sizes, dtypes and shapes are compared, which costs nothing.
        executor: of the checksums; ``None`` for threads of this process.

    Returns:
        The complex, on the CPU.

    Raises:
        ValueError: no such folder, one of another kind, of a newer version, still being written,
            incomplete, or damaged.

    Laws:
        ``open_complex`` after ``save_complex(K)`` equals ``K``, labels and filtration included.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_complex(SimplicialComplex.from_simplices([(0, 1, 2)]), f"{folder}/K")
        ...     open_complex(f"{folder}/K", verify=True).facets(2)
        tensor([[2, 1, 0]])
    """
    require_flag("verify", verify)
    opened = read_folder(absolute(folder), COMPLEX, verify=verify, executor=executor)
    f_vector = opened.manifest.get("f_vector")
    if not isinstance(f_vector, list) or any(type(n) is not int or n < 0 for n in f_vector):
        raise opened.altered(f"f_vector {f_vector}")
    directed = opened.manifest.get("directed", False)
    if type(directed) is not bool:
        raise opened.altered(f"directed {directed}")
    top = max(len(f_vector) - 1, 0)

    def each(name: str) -> list[Tensor] | None:
        if f"{name}_0" not in opened.manifest["tables"]:
            return None
        return [_tensor(opened, f"{name}_{k}") for k in range(top + 1)]

    pointer = "part_pointer" in opened.manifest["tables"]
    K = SimplicialComplex(
        f_vector[0] if f_vector else 0,
        [_tensor(opened, f"facets_{k}") for k in range(1, top + 1)],
        orientation=each("orientation"),
        filtration=each("filtration"),
        vertex_labels=labels_from(opened),
        part_pointer=_tensor(opened, "part_pointer") if pointer else None,
        directed=directed,
    )
    if list(K.f_vector) != f_vector:
        raise opened.altered(f"f_vector {f_vector} for tables of {list(K.f_vector)} rows")
    if opened.manifest.get("num_parts") != K.num_parts:
        raise opened.altered(f"num_parts {opened.manifest.get('num_parts')} for {K.num_parts}")
    K.cached(ON_DISK, 0, lambda: True)
    K.cached(OPENED_BY, 0, lambda: (_opened_again, tuple(place_of(opened.path))))  # when unpickled
    return K


def opened_in(K: SimplicialComplex) -> Place | None:
    """The folder in which a complex was opened, if it was."""
    function, arguments = K.__reduce__()
    return Place(*arguments) if function is _opened_again else None


def _opened_again(path: str, token: str) -> SimplicialComplex:
    """What a pickled complex calls, perhaps in another process on another machine."""
    return open_complex(Place(path, token).found())


def _tensor(opened: Folder, name: str) -> Tensor:
    values = torch.from_numpy(opened.table(name))
    of_torch = opened.manifest.get("torch", {}).get(name)
    if of_torch is None:
        return values
    dtype = getattr(torch, str(of_torch), None)
    if not isinstance(dtype, torch.dtype) or dtype.itemsize != values.dtype.itemsize:
        raise opened.altered(f"the dtype {of_torch}")
    return values.view(dtype)


torch.serialization.add_safe_globals([_opened_again])
