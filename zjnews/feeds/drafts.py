"""Files that are under their name whole, or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from typing import IO


class Draft:
    """A file that is written beside its place, as `.NAME.part`.

    As a context manager it gives the open file, which takes its place at the end of the block:

        with Draft(path) as file:
            file.write(content)

    An error in the block, or a disk that is full at its end, leaves everything as it was before.
    """

    def __init__(self, path: str | Path, is_shared: bool = False) -> None:
        """Where `path` is a link, what it leads to will be replaced. `is_shared`: several processes
        may write the same file, each in a draft of its own. Raises OSError."""
        self.target = Path(os.path.realpath(path))
        owner = f".{os.getpid()}" if is_shared else ""
        self.path = self.target.with_name(f".{self.target.name}{owner}.part")
        # A link of that name is none of ours.
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        self.file: IO[bytes] = os.fdopen(os.open(self.path, flags, 0o666), "w+b")

    def keep(self) -> None:
        """Give the file its name, for good. Raises OSError; nothing is left over then."""
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            self.path.replace(self.target)
            sync_folder(self.target.parent)
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Leave everything as it was before."""
        with suppress(OSError):  # a full disk, once more
            self.file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> IO[bytes]:
        return self.file

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self.keep()
        else:
            self.discard()


def sync_folder(folder: Path) -> None:
    """See that a new name outlives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
