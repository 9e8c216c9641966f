"""Files of this library: arrays of numpy in ``.npz``, and what ``torch.save`` wrote in ``.pt``."""

import io
import json
import pickle
import warnings
import zipfile
import zlib
from typing import Any

import numpy as np
import torch

from simplex.complexes import SimplicialComplex, require_memory
from simplex.io._content import FILTRATION, Content, Values
from simplex.io._names import from_json, in_json, whole_of
from simplex.io._options import Reading
from simplex.io._source import read_bytes, require_regular
from simplex.io._text import json_bytes


_MARK = "simplex complex 1"


def read_npz(path: str, _: Reading, max_dim: int | None, __: list[str]) -> Content:
    """A complex with its values, as :func:`write_npz` wrote it; no code of the file is run."""
    data = read_bytes(path, text=False)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(each.file_size for each in archive.infolist())
        require_memory(2 * size, torch.device("cpu"), f"the arrays of {path}")
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, KeyError) as error:
        if "free memory" in str(error):
            raise
        raise ValueError(
            f"must be arrays of a complex in .npz, got another file ({str(error)[:80]})."
        ) from None
    if "format" not in arrays or str(arrays["format"]) != _MARK:
        raise ValueError(
            "must be a complex that simplex.io.write has written, got arrays "
            f"{', '.join(map(repr, [*arrays][:6]))}."
        )
    try:
        said = json.loads(str(arrays["said"]))
        tensors = {
            name: torch.from_numpy(a) for name, a in arrays.items() if a.dtype.kind in "biuf"
        }
        dims = range(int(said["dim"]) + 1)
        state: dict[str, Any] = {
            "num_vertices": said["num_vertices"],
            "facets": [tensors[f"facets_{k}"] for k in dims if k],
            "vertex_labels": from_json(said["vertex_labels"]),
            "orientation": [tensors[f"orientation_{k}"] for k in dims]
            if said["oriented"]
            else None,
            "filtration": [tensors[f"filtration_{k}"] for k in dims] if said["filtered"] else None,
            "part_pointer": tensors.get("part_pointer"),
            "directed": said["directed"],
            "device": "cpu",
        }
        K = SimplicialComplex(**state).validate()
        values = {int(k): dict(own) for k, own in said["values"].items()}
        sizes = K.f_vector
        if any(len(c) != sizes[k] for k, own in values.items() for c in own.values()):
            raise ValueError("values that are not one for each simplex")
    except (KeyError, TypeError, IndexError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"must be a whole complex in .npz, got a damaged one ({str(error)[:120]})."
        ) from None
    if max_dim is not None:
        K = K.skeleton(max_dim)
    return Content(facets=K, values=values, metadata=said.get("metadata", {}))


def write_npz(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """All of a complex as arrays; names and values as JSON beside them."""
    names = K.vertex_labels
    labels = None if names is None else [n if in_json(n) else str(n) for n in names]
    dims = range(K.dim + 1)
    arrays: dict[str, Any] = {f"facets_{k}": K.facets(k).cpu().numpy() for k in dims if k}
    oriented = K.state()["orientation"] is not None
    if oriented:
        arrays |= {f"orientation_{k}": K.orientation(k).cpu().numpy() for k in dims}
    if K.filtration is not None:
        arrays |= {f"filtration_{k}": v.detach().cpu().numpy() for k, v in enumerate(K.filtration)}
    if K.num_parts != 1:
        arrays["part_pointer"] = K.part_pointer(0).cpu().numpy()
    own = {k: {name: list(column) for name, column in each.items() if name != FILTRATION}
           for k, each in values.items() if k >= 0}  # fmt: skip
    said = {
        "dim": K.dim, "num_vertices": K.num_simplices(0), "vertex_labels": labels,
        "oriented": oriented, "filtered": K.filtration is not None, "directed": K.directed,
        "values": own, "metadata": whole_of(values),
    }  # fmt: skip
    file = io.BytesIO()
    text = np.array(json_bytes(said).decode())
    np.savez_compressed(file, format=np.array(_MARK), said=text, **arrays)
    return file.getvalue()


# --- .pt ------------------------------------------------------------------------------------------


def read_saved(path: str, max_dim: int | None) -> list[SimplicialComplex]:
    """The complexes that ``torch.save`` wrote, each part of a union one; no code is run."""
    require_regular(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong is said in one line below
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, AttributeError):
        raise ValueError(
            "must be complexes saved by torch.save or 'simplex lift --out', got something that "
            "cannot be loaded as such."
        ) from None
    items: list[Any] = list(content) if isinstance(content, (list, tuple)) else [content]
    complexes = []
    for item in items:
        if not isinstance(item, SimplicialComplex):
            raise ValueError(f"must hold simplicial complexes, got a {type(item).__name__}.")
        _require_whole(item)
        complexes += parts_of(item.validate(), max_dim)
    return complexes


def _require_whole(K: SimplicialComplex) -> None:
    """Refuse tables that a small file blows up: one row, said to be a thousand million."""
    for k in range(1, K.dim + 1):
        table = K.facets(k)
        if table.untyped_storage().nbytes() < table.numel() * table.element_size():
            raise ValueError(
                f"must hold its tables whole, got {len(table)} {k}-simplices in "
                f"{table.untyped_storage().nbytes()} bytes."
            )


def parts_of(K: SimplicialComplex, max_dim: int | None) -> list[SimplicialComplex]:
    """A complex, or the parts of a union, cut."""
    parts = K.split() if K.num_parts != 1 else [K]
    return parts if max_dim is None else [part.skeleton(max_dim) for part in parts]


def read_pt(path: str, _: Reading, max_dim: int | None, __: list[str]) -> Content:
    """One complex, or several as their disjoint union."""
    found = read_saved(path, max_dim)
    if not found:
        raise ValueError("must hold at least one complex, got none.")
    K = found[0] if len(found) == 1 else SimplicialComplex.disjoint_union(found)
    return Content(facets=K)


def write_pt(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """As ``torch.save(K, path)`` writes it."""
    labels = K.vertex_labels
    if labels is not None:
        K = K.with_vertex_labels([n if in_json(n) else str(n) for n in labels])
    file = io.BytesIO()
    torch.save(K, file)
    return file.getvalue()
