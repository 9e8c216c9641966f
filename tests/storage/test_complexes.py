"""A complex in a folder: what is saved comes back, and what is damaged is refused."""

import copy
import io
import json
import pickle

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.complexes import flag_complex, unique_edges
from simplex.lifting import directed_flag_complex
from simplex.storage import open_complex, save_complex
from tests.cases import over


HOUSE = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3), (3, 4)])
VALUES = [torch.zeros(5), torch.ones(6), torch.full((2,), 2.0)]
DENSE = flag_complex(9, unique_edges(torch.randint(9, (2, 60)), 9), 4)
CASES = {
    "empty": SimplicialComplex(0),
    "vertices alone": SimplicialComplex(5),
    "house": HOUSE,
    "dense": DENSE,
    "turned": HOUSE.reorient({1: [1, -1, 1, 1, -1, 1], 2: [-1, 1]}),
    "filtered": HOUSE.with_filtration(VALUES),
    "of half precision": HOUSE.with_filtration([value.bfloat16() for value in VALUES]),
    "of integers": HOUSE.with_filtration([value.to(torch.int16) for value in VALUES]),
    "with infinity": HOUSE.with_filtration([*VALUES[:2], VALUES[2] * torch.inf]),
    "words": HOUSE.with_vertex_labels(["a", "ü", "", "\ud800", "\n"]),
    "numbers": HOUSE.with_vertex_labels([2**63 - 1, -(2**63), 0, 7, 1]),
    "values": HOUSE.with_vertex_labels([(np.int64(1), ("x", None)), 2.5, True, 2**70, "2"]),
    "parts": SimplicialComplex.disjoint_union([HOUSE, SimplicialComplex(0), DENSE]),
    "directed": directed_flag_complex([(0, 1), (1, 0), (1, 2), (0, 2)], max_dim=3),
    "not in rows": SimplicialComplex(3, [torch.tensor([[1, 2, 2], [0, 0, 1]]).T]),
}


def same(K, L):
    assert K == L
    assert L.vertex_labels == K.vertex_labels
    assert list(map(type, L.vertex_labels or ())) == list(map(type, K.vertex_labels or ()))
    assert (L.filtration is None) == (K.filtration is None)
    for mine, other in zip(K.filtration or (), L.filtration or (), strict=True):
        assert mine.dtype == other.dtype
        assert torch.equal(mine, other)
    return L.validate()


@over("name", CASES)
def test_what_is_saved_comes_back(tmp_path, name):
    folder, K = tmp_path / name / "K", CASES[name]
    save_complex(K, folder)
    opened = same(K, open_complex(folder, verify=True))
    assert [path.name for path in folder.parent.iterdir()] == ["K"]
    for k in range(1, K.dim + 1):
        assert np.array_equal(np.load(folder / f"facets_{k}.npy"), K.facets(k).numpy())
    for again in (pickle.loads(pickle.dumps(opened)), copy.deepcopy(opened)):
        same(K, again)
    derived = opened.with_parts(None).with_vertex_labels(None)
    assert pickle.loads(pickle.dumps(derived)) == K.with_parts(None)
    file = io.BytesIO()
    torch.save(opened, file)
    file.seek(0)
    same(K, torch.load(file, weights_only=True))
    assert SimplicialComplex.from_state(opened.state()) == K


def test_a_pickle_is_the_path_of_the_folder(tmp_path, monkeypatch):
    big = flag_complex(200, torch.combinations(torch.arange(200)), 2)
    monkeypatch.chdir(tmp_path)
    save_complex(big, "K")
    packed = pickle.dumps(open_complex("K"))
    assert len(packed) < 1000
    monkeypatch.chdir("/")
    assert pickle.loads(packed) == big
    save_complex(HOUSE, tmp_path / "K", overwrite=True)
    with pytest.raises(OSError, match=r"every worker must see the folder .*K.* it is another one"):
        pickle.loads(packed)
    (tmp_path / "K").rename(tmp_path / "L")
    with pytest.raises(OSError, match=r"it is not there\. Put it where all machines"):
        pickle.loads(packed)


def test_writing_into_an_opened_table_leaves_the_file(tmp_path):
    save_complex(HOUSE, tmp_path / "K")
    opened = open_complex(tmp_path / "K")
    opened.facets(1).zero_()
    assert open_complex(tmp_path / "K", verify=True) == HOUSE
    assert pickle.loads(pickle.dumps(opened)).facets(1).eq(0).all()  # what it has, not the file


def test_a_complex_replaces_the_folder_it_was_opened_from(tmp_path):
    save_complex(HOUSE, tmp_path / "K")
    opened = open_complex(tmp_path / "K")
    save_complex(opened.reorient({2: [-1, 1]}), tmp_path / "K", overwrite=True)
    assert open_complex(tmp_path / "K") == HOUSE.reorient({2: [-1, 1]})
    assert opened == HOUSE


def test_labels_are_read_when_they_are_asked_for(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("labels were read")

    save_complex(CASES["words"], tmp_path / "K")
    with monkeypatch.context() as patched:
        patched.setattr("simplex.storage._labels._texts", refuse)
        K = open_complex(tmp_path / "K")
        assert K.f_vector == HOUSE.f_vector
        with pytest.raises(AssertionError, match="labels were read"):
            K.index([("a", "ü")])
    K = open_complex(tmp_path / "K")
    assert K.index([("a", "ü"), ("", "a")]).tolist() == HOUSE.index([(0, 1), (2, 0)]).tolist()
    assert K.vertex_labels is K.vertex_labels
    assert K.skeleton(1).vertex_labels == CASES["words"].vertex_labels


def test_a_table_larger_than_the_memory_is_opened(tmp_path):
    """Ten times 10⁹ triangles that are never written: 240 GB, of which the disk holds nothing."""
    save_complex(HOUSE, tmp_path / "K")
    shape, file = (10**10, 3), tmp_path / "K" / "facets_2.npy"
    with file.open("wb") as table:
        content = {"descr": "<i8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(table, content)
        table.truncate(table.tell() + 24 * 10**10)
    manifest = json.loads((tmp_path / "K" / "manifest.json").read_text())
    manifest["tables"]["facets_2"]["shape"] = list(shape)
    manifest["f_vector"][2] = shape[0]
    (tmp_path / "K" / "manifest.json").write_text(json.dumps(manifest))
    K = open_complex(tmp_path / "K")
    assert K.f_vector == (5, 6, 10**10)
    assert K.facets(2)[10**9 : 10**9 + 2].tolist() == [[0, 0, 0]] * 2
    K.facets(2)[5, 0] = 3
    assert K.facets(2)[5].tolist() == [3, 0, 0]


# --- damage ---------------------------------------------------------------------------------------


def altered(name, change):
    def damage(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(change(content))

    return damage


def manifest(**changes):
    return altered("manifest.json", lambda text: json.dumps(json.loads(text) | changes).encode())


def entry(**changes):
    def change(text):
        content = json.loads(text)
        content["tables"]["facets_2"] |= changes
        return json.dumps(content).encode()

    return altered("manifest.json", change)


def without_rows(folder):
    np.save(folder / "facets_2.npy", np.zeros((1, 3), np.int64))


def of_objects(folder):
    np.save(folder / "facets_2.npy", np.array([[0, 1, "x"]] * 2, object), allow_pickle=True)


DAMAGE = {
    "cut short": (altered("facets_2.npy", lambda b: b[:-1]), "facets_2.npy .*: it was cut short"),
    "too long": (altered("facets_2.npy", lambda b: b + b"0"), "it was written to"),
    "no head": (altered("facets_2.npy", lambda b: b[:9]), "facets_2.npy must be a table"),
    "empty": (altered("facets_2.npy", lambda b: b""), "facets_2.npy must be a table"),
    "text": (altered("facets_2.npy", lambda b: b"0 1 2\n3 4 5\n"), "must be a table"),
    "absent": (lambda folder: (folder / "facets_2.npy").unlink(), "must hold facets_2.npy"),
    "another shape": (without_rows, "as the manifest says, got <i8 and .1, 3."),
    "objects": (of_objects, "must hold numbers in rows"),
    "in columns": (
        lambda folder: np.save(folder / "facets_2.npy", np.zeros((2, 3), np.int64, "F")),
        "must hold numbers in rows",
    ),
    "newer": (manifest(version=2), "version 1 … 1, got .* of version 2, written by simplex 0"),
    "no version": (manifest(version=None), "version None"),
    "foreign": (manifest(format="zarr"), "format simplex-complex.* of format zarr"),
    "no tables": (manifest(tables=3), "must list the tables"),
    "outside": (entry(file="../x.npy"), "must name the file of facets_2"),
    "no list": (altered("manifest.json", lambda _: b"[]"), "of format None"),
    "no JSON": (altered("manifest.json", lambda b: b[:40]), "manifest.json cannot be read"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "has no manifest.json"),
    "another f-vector": (manifest(f_vector=[5, 6, 3]), "f_vector"),
    "more dimensions": (manifest(f_vector=[5, 6, 2, 1]), "facets_3"),
    "more parts": (manifest(num_parts=2), "num_parts 2 for 1"),
    "a word": (manifest(directed="yes"), "directed yes"),
    "negative": (manifest(f_vector=[-5]), "f_vector"),
    "words": (manifest(f_vector="abc"), "f_vector"),
}


@over("name", DAMAGE)
def test_damage_is_refused(tmp_path, name):
    damage, message = DAMAGE[name]
    folder = tmp_path / name
    save_complex(HOUSE, folder)
    damage(folder)
    with pytest.raises(ValueError, match=message) as refused:
        open_complex(folder)
    assert str(folder) in str(refused.value)


@over("place", [-1, -24, 130, 20])
def test_an_altered_byte_is_noticed(tmp_path, place):
    save_complex(HOUSE, tmp_path / "K", overwrite=True)
    file = tmp_path / "K" / "facets_2.npy"
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match="facets_2") as refused:
        open_complex(tmp_path / "K", verify=True)
    if place < 0:
        assert "it was altered" in str(refused.value)
        assert open_complex(tmp_path / "K").f_vector == HOUSE.f_vector


def test_what_cannot_be_saved_is_refused_before_anything_is_written(tmp_path):
    for K, error, message in [
        (HOUSE.with_vertex_labels([1, 2, 3, 4, b"x"]), ValueError, r"got b'x'\. Save K.with_vert"),
        (HOUSE.to("meta"), ValueError, "device meta"),
        ("K", TypeError, "must be a SimplicialComplex"),
    ]:
        with pytest.raises(error, match=message):
            save_complex(K, tmp_path / "K")
    with pytest.raises(TypeError, match="folder must be a path"):
        save_complex(HOUSE, 3)
    assert list(tmp_path.iterdir()) == []


def test_no_folder(tmp_path):
    with pytest.raises(ValueError, match="there is no such folder"):
        open_complex(tmp_path / "K")
    (tmp_path / "K").write_text("")
    with pytest.raises(ValueError, match="which is a file"):
        open_complex(tmp_path / "K")
