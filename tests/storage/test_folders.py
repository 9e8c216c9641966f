"""A folder under construction: whole or not there, whatever happens to who writes it."""

import builtins
import errno
import io
import itertools
import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from simplex import SimplicialComplex
from simplex.complexes import only_run
from simplex.storage import (
    Format,
    Place,
    edges_to_disk,
    open_complex,
    place_of,
    read_folder,
    run_tasks,
    save_complex,
    under_construction,
)
from tests.cases import over
from tests.storage.tasks import look


K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
THINGS = Format("simplex-things", 1, "make_things")
FOREIGN = {
    "a file": lambda path: path.write_text("mine"),
    "an empty folder": lambda path: path.mkdir(),
    "my folder": lambda path: (path.mkdir(), (path / "manifest.json").write_text('{"mine": 1}')),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
}


def left(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@over("name", FOREIGN)
def test_what_is_not_ours_is_never_touched(tmp_path, name):
    for at in ("K", "K.partial"):
        folder = tmp_path / name / at
        folder.mkdir(parents=True)
        FOREIGN[name](folder / at)
        before = left(folder)
        if name == "an empty folder" or (name, at) == ("a link to nothing", "K"):
            save_complex(K, folder / "K")  # nothing of anybody's is lost
            assert open_complex(folder / "K") == K
            continue
        with pytest.raises(ValueError, match=r"Choose another place|or choose another folder"):
            save_complex(K, folder / "K", overwrite=True)
        assert left(folder) == before


def test_a_folder_is_replaced_on_request_alone(tmp_path):
    save_complex(K, tmp_path / "K")
    with pytest.raises(ValueError, match=r"Pass overwrite=True to replace it"):
        save_complex(K.skeleton(1), tmp_path / "K")
    assert open_complex(tmp_path / "K", verify=True) == K
    edges_to_disk(np.array([[0], [1]]), tmp_path / "K", overwrite=True)
    with pytest.raises(ValueError, match=r"of format simplex-edges"):
        open_complex(tmp_path / "K")
    assert left(tmp_path) == ["K", "K/edges.npy", "K/manifest.json"]


def test_what_has_the_names_of_helpers_is_never_touched(tmp_path):
    save_complex(K, tmp_path / "K")
    for name in ("K.replaced", "K.partial"):
        save_complex(K, tmp_path / name)
    (tmp_path / "L.lock").write_text("[[package]]")
    before = left(tmp_path)
    for at, message in [("K", "holds something else"), ("L", "L.lock, which is no lock")]:
        with pytest.raises(ValueError, match=message):
            save_complex(K.skeleton(1), tmp_path / at, overwrite=True)
    assert left(tmp_path) == before
    (tmp_path / "K.partial").rename(tmp_path / "else")
    save_complex(K.skeleton(1), tmp_path / "K", overwrite=True)
    assert open_complex(tmp_path / "K.replaced", verify=True) == K


def test_an_error_of_what_is_read_is_no_error_of_the_folder(tmp_path):
    def read():
        with under_construction(tmp_path / "K") as site:
            (site.path / "some").write_text("")
            (tmp_path / "nowhere").read_text()

    with pytest.raises(FileNotFoundError, match="nowhere"):
        read()
    assert left(tmp_path) == []


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "K").symlink_to("far/away")
    for each in (K, K.skeleton(1)):
        save_complex(each, tmp_path / "K", overwrite=True)
        assert open_complex(tmp_path / "K", verify=True) == each
        assert (tmp_path / "K").is_symlink()
        assert [path.name for path in (tmp_path / "far").iterdir()] == ["away"]
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(ValueError, match="a circle of links"):
        save_complex(K, tmp_path / "a")


# --- a full disk ----------------------------------------------------------------------------------


class Full(io.FileIO):
    """A file on a disk on which there is room for some bytes alone."""

    room = 0

    def write(self, content):
        size = memoryview(content).nbytes
        if size > Full.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        Full.room -= size
        return super().write(content)


@over("room", [0, 100, 300, 400, 500])
def test_a_full_disk(tmp_path, monkeypatch, room):
    """Wherever it is noticed nothing is left, and what was there before stays."""
    save_complex(K.skeleton(1), tmp_path / "old", overwrite=True)
    before = left(tmp_path)
    plain = builtins.open

    def full(path, mode="r", *args, **options):
        binary = "w" in mode and "b" in mode
        return Full(path, "w") if binary else plain(path, mode, *args, **options)

    for folder in (tmp_path / "new", tmp_path / "old"):
        with monkeypatch.context() as patched:
            patched.setattr(Path, "open", lambda path, *args, **kw: full(path, *args, **kw))
            Full.room = room
            with pytest.raises(OSError, match=r"could not be written .*[Nn]o space left"):
                save_complex(K, folder, overwrite=True)
        assert left(tmp_path) == before
    assert open_complex(tmp_path / "old", verify=True) == K.skeleton(1)


def test_room_is_reserved_before_a_map_is_written(tmp_path, monkeypatch):
    """A map that meets a full disk ends the process: the error must come when it is made."""

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with (
        pytest.raises(OSError, match=r"what is done is kept in .*K\.partial, and calling again"),
        under_construction(tmp_path / "K", job={"of": "today"}) as site,
    ):
        site.new_table("numbers", (10, 2), np.int64)
    monkeypatch.delattr(os, "posix_fallocate")  # as on macOS
    with under_construction(tmp_path / "K", job={"of": "today"}) as site:
        numbers = site.new_table("numbers", (10, 2), np.int64)
        assert numbers.tolist() == [[0, 0]] * 10
        numbers[3] = 7
        site.finish(THINGS, {}, ["numbers"])
    assert read_folder(tmp_path / "K", THINGS, verify=True).table("numbers")[3].tolist() == [7, 7]


# --- kills ----------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process of POSIX is killed")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_kill_at_any_step(tmp_path, monkeypatch):
    """The folder is the old one or the new one, and the next run needs no help."""
    folder, old, seen = tmp_path / "K", K.skeleton(1), set()
    for step in itertools.count(1):
        save_complex(old, folder, overwrite=True)
        pid = os.fork()
        if pid == 0:
            kill_at(step)
            save_complex(K, folder, overwrite=True)
            os._exit(0)
        if not os.WIFSIGNALED(os.waitpid(pid, 0)[1]):
            break
        found = None
        if folder.exists():
            found = open_complex(folder, verify=True)
            assert found in (old, K)
        else:
            with pytest.raises(ValueError, match=r"rename K\.partial/replaced, the one before"):
                open_complex(folder)
        seen.add(found and found.dim)
    assert step > 20
    assert seen == {1, 2, None}
    assert [path.name for path in tmp_path.iterdir()] == ["K"]


def kill_at(step):
    """Kill this process before it changes the disk for the how manieth time."""
    left = [step]

    def counted(plain, changes=lambda *_: True):
        def call(*args, **options):
            left[0] -= changes(*args)
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return plain(*args, **options)

        return call

    for name in ("mkdir", "rename", "replace", "fsync", "unlink", "rmdir"):
        setattr(os, name, counted(getattr(os, name)))
    # Not those to read, which the look at free threads does as time permits.
    Path.open = counted(Path.open, lambda path, mode="r", *_: mode != "r" and mode != "rb")


# --- two runs -------------------------------------------------------------------------------------


def test_a_folder_is_of_one_run_at_a_time(tmp_path):
    with under_construction(tmp_path / "K") as site:
        told = []

        def second():
            with pytest.raises(ValueError, match=r"another run \(process \d+\) is writing into"):
                save_complex(K, tmp_path / "K")
            with pytest.raises(ValueError, match=r"is still being written"):
                open_complex(tmp_path / "K")
            told.append(True)

        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        assert told
        np.save(site.file("numbers"), np.arange(3))
        site.finish(THINGS, {}, ["numbers"])
    assert left(tmp_path) == ["K", "K/manifest.json", "K/numbers.npy"]


def test_a_lock_that_nobody_holds_does_not_block(tmp_path):
    (tmp_path / "K.lock").write_text("1")
    save_complex(K, tmp_path / "K")
    with only_run("folder", tmp_path / "K", tmp_path / "K.lock"):
        open_complex(tmp_path / "K")
    assert [path.name for path in tmp_path.iterdir()] == ["K"]


# --- resumed jobs ---------------------------------------------------------------------------------


def test_a_job_is_resumed_and_another_one_is_not(tmp_path):
    def begin(job, error, overwrite=False):
        building = under_construction(tmp_path / "K", job=job, overwrite=overwrite)
        with suppress(type(error)), building as site:
            found = left(site.path)
            np.save(site.file("part"), np.arange(3))
            raise error
        return site.resumed, [name for name in found if name != "unfinished.json"]

    assert begin({"of": [1]}, KeyError()) == (False, [])
    assert begin({"of": (1,)}, KeyboardInterrupt()) == (True, ["part.npy"])
    for other in ({"of": [2]}, None):
        with pytest.raises(ValueError, match=r"no unfinished work at another job .*K\.partial"):
            begin(other, KeyError())
    assert begin({"of": [2]}, KeyError(), overwrite=True) == (False, [])
    assert begin({"of": [2]}, KeyError()) == (True, ["part.npy"])
    assert begin(None, ValueError(), overwrite=True) == (False, [])
    assert left(tmp_path) == []
    assert begin({"of": [1]}, ValueError()) == (False, [])
    with under_construction(tmp_path / "K", job={"of": [1]}) as site:
        assert site.resumed
        np.save(site.file("whole"), np.arange(3))
        site.finish(THINGS, {"of": [1]}, ["whole"])
    assert left(tmp_path) == ["K", "K/manifest.json", "K/whole.npy"]
    assert read_folder(tmp_path / "K", THINGS, verify=True).manifest["of"] == [1]


# --- folders that workers do not see --------------------------------------------------------------


def test_workers_see_the_same_folder_or_say_so(tmp_path, monkeypatch, processes):
    monkeypatch.chdir(tmp_path)
    save_complex(K, "K")
    place = place_of("K")
    monkeypatch.chdir("/")
    assert list(run_tasks(look, [place], processes)) == [str(tmp_path / "K")]
    save_complex(K.skeleton(1), tmp_path / "K", overwrite=True)
    with pytest.raises(OSError, match=r"on \S+ \(process \d+\) it is another one"):
        list(run_tasks(look, [place], processes))
    with pytest.raises(OSError, match=r"it is not there"):
        list(run_tasks(look, [Place("/nowhere", "0")], processes))
    with under_construction(tmp_path / "L", job={}) as site:
        assert look(*site.place) == str(site.path)
        np.save(site.file("numbers"), np.arange(3))
        site.finish(THINGS, {}, ["numbers"])
    with pytest.raises(ValueError, match="must be one that this library has written"):
        place_of(tmp_path)
