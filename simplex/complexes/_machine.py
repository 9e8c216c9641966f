"""The memory that the machine has free, and the guard that asks for it."""

import os
from pathlib import Path

import torch


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
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return None
    for line in meminfo.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _control_group_available() -> int | None:
    limit, current = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if not (limit.exists() and current.exists()) or limit.read_text().strip() == "max":
        return None
    return max(0, int(limit.read_text()) - int(current.read_text()))


def _address_space_available() -> int | None:
    """What a limit on the address space (``ulimit -v``) leaves to this process."""
    try:
        import resource
    except ImportError:  # no POSIX system
        return None
    limit, pages = resource.getrlimit(resource.RLIMIT_AS)[0], Path("/proc/self/statm")
    if limit == resource.RLIM_INFINITY or not pages.exists():
        return None
    used = int(pages.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    return max(0, limit - used)


def require_memory(
    num_bytes: int,
    device: torch.device,
    what: str,
    remedy: str = "Lower the dimension or give fewer simplices.",
) -> None:
    """Raise ``ValueError`` where ``num_bytes`` exceeds half of the free memory of the device.

    Asked before any result is built that can be larger than linear in the input. ``what`` names
    the result and its size (a plural, or a name with its article); ``remedy`` says what to do.
    """
    if num_bytes < 2**26:  # too small to be worth asking the system
        return
    limit = available_bytes(device) // 2
    if num_bytes > limit:
        raise ValueError(
            f"{what} must fit in half of the free memory, {limit / 2**30:.1f} GiB on {device}, "
            f"got {num_bytes / 2**30:.1f} GiB. {remedy}"
        )
