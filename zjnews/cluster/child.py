"""The process of one crawl: `python -m zjnews.cluster.child PARENT crawl …`.

It does not outlive its worker: the kernel kills it when the worker is gone, however that has
ended. The state is made for such an end, and another worker may have its job in half a minute.
"""

import ctypes
import os
import signal
import sys

from scrapy.cmdline import execute

_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Have this process killed when its parent ends. Linux only. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it ended before
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    die_with(int(sys.argv.pop(1)))
    sys.argv[0] = "zjnews"  # for messages
    execute()
