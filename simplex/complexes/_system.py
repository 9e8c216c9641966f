"""What the system tells about this process, in the texts of /proc and of its control groups."""

from pathlib import Path


_ROOT = Path("/")  # of /proc and /sys; another in tests


def system_text(path: str) -> str | None:
    """A file below the root; None where there is none, or none to be read."""
    try:
        return (_ROOT / path).read_text()
    except OSError:
        return None


def system_texts(pattern: str) -> list[str]:
    """All files of a pattern; those that are gone by now are left out."""
    texts = [system_text(str(path)) for path in _ROOT.glob(pattern)]
    return [text for text in texts if text is not None]


def system_number(path: str) -> int | None:
    """A file that holds one number; None for the word "max", for nothing, and for no file."""
    text = (system_text(path) or "").strip()
    return int(text) if text.isdecimal() else None


def group_folders(controller: str) -> list[str]:
    """The groups of this process that may limit "cpu" or "memory", by version 2 or 1.

    A limit of a group holds for all groups in it, so those around that of the process are listed
    too. Inside a container the path is often not visible, but the root of the mount is.
    """
    found = []
    for line in (system_text("proc/self/cgroup") or "").splitlines():
        _, controllers, group = (*line.split(":", 2), "", "")[:3]
        if controllers and controller not in controllers.split(","):
            continue
        names = [controllers, controller] if controllers else ["", "unified"]
        mounts = [f"sys/fs/cgroup/{name}" for name in dict.fromkeys(names)]
        parts = [part for part in group.split("/") if part]
        folders = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
        found += [f"{mount}/{folder}" for mount in mounts for folder in folders]
    return found
