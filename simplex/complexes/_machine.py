"""The memory that the machine has free, and the guard that asks for it."""

import os

import torch

from simplex.complexes._system import group_folders, system_number, system_text


# What a group may use and what it does use, by version 2 and 1.
_GROUP_FILES = (
    ("memory.max", "memory.current"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes"),
)


def available_bytes(device: torch.device) -> int:
    """Free memory in bytes on the device: what an allocation can still get."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    candidates = [_meminfo_available(), _control_group_available(), _address_space_available()]
    known = [value for value in candidates if value is not None]
    if known:
        return min(known)
    # Systems without /proc (macOS): free pages undercount what can be reclaimed, so take all pages.
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _meminfo_available() -> int | None:
    for line in (system_text("proc/meminfo") or "").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _control_group_available() -> int | None:
    """What the tightest control group around this process leaves."""
    left = [
        max(0, limit - used + _reclaimable(folder))
        for folder in group_folders("memory")
        for limit_name, used_name in _GROUP_FILES
        if (limit := system_number(f"{folder}/{limit_name}")) is not None
        and (used := system_number(f"{folder}/{used_name}")) is not None
    ]
    return min(left, default=None)


def _reclaimable(folder: str) -> int:
    """Files that a group has read and does not use: counted as used, but given up on demand."""
    lines = (system_text(f"{folder}/memory.stat") or "").splitlines()
    stat = dict(line.split()[:2] for line in lines if len(line.split()) >= 2)
    return int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))  # version 1, 2


def _address_space_available() -> int | None:
    """What a limit on the address space (``ulimit -v``) leaves to this process."""
    try:
        import resource
    except ImportError:  # no POSIX system
        return None
    limit, pages = resource.getrlimit(resource.RLIMIT_AS)[0], system_text("proc/self/statm")
    if limit == resource.RLIM_INFINITY or pages is None:
        return None
    return max(0, limit - int(pages.split()[0]) * os.sysconf("SC_PAGE_SIZE"))


def require_memory(
    num_bytes: int,
    device: torch.device,
    what: str,
    remedy: str = "Lower the dimension or give fewer simplices.",
    *,
    whole: bool = False,
) -> None:
    """Raise ``ValueError`` where ``num_bytes`` exceeds half of the free memory of the device.

    Asked before any result is built that can be larger than linear in the input. ``what`` names
    the result and its size (a plural, or a name with its article); ``remedy`` says what to do.
    With ``whole``, for a peak that was measured, all of the free memory may be taken.
    """
    if num_bytes < 2**26:  # too small to be worth asking the system
        return
    limit = available_bytes(device) // (1 if whole else 2)
    if num_bytes > limit:
        raise ValueError(
            f"{what} must fit in {'' if whole else 'half of '}the free memory, "
            f"{limit / 2**30:.1f} GiB on {device}, got {num_bytes / 2**30:.1f} GiB. {remedy}"
        )
