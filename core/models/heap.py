"""What the C library does with memory that tensors give back."""

import ctypes
import platform

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # malloc.h of the GNU C library
LARGEST_KEPT = 32 << 20  # bytes of one tensor; mallopt takes no more
KEPT = 256 << 20  # bytes of freed memory that stay with the process


def keep_freed() -> bool:
    """Freed tensors stay with this process, up to `KEPT` bytes, instead of going back to the system.

    The next step asks for the same bytes again, and the system clears every page that it hands out: copying
    the gradients of a small encoder took eight times as long on new pages. False where the C library is
    another one.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(MMAP_THRESHOLD, LARGEST_KEPT) and library.mallopt(TRIM_THRESHOLD, KEPT))
