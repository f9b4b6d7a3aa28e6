"""A file that appears under its name only when it is complete, and never over another one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convoai.refusals import Refusal


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A path to write to; what was written there becomes `path` at the end, if all went well.

    Raises Refusal `exists` when there is a file already, `unwritable` when its folder takes none.
    """
    taken = Refusal("exists", f"There is a file {path} already: give another name.")
    if path.exists() or path.is_symlink():
        raise taken
    try:
        folder = tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise Refusal(
            "unwritable", f"{path} cannot be written: {error.strerror or error}."
        ) from error
    with folder:
        part = Path(folder.name) / "part"
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        try:
            # Unlike a renaming, a link never replaces what somebody else wrote meanwhile.
            os.link(part, path)
        except FileExistsError:
            raise taken from None
        except OSError:
            # A file system without hard links.
            if path.exists():
                raise taken from None
            part.rename(path)
