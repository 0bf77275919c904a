"""Files and folders that a person names on the command line."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from core.errors import AppError, BadColumns, ConfigError


def read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> BadColumns:
    return BadColumns(f"The file {path} cannot be read ({error.strerror}). Check its name.")


def make_folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder {path} cannot be made ({error.strerror}).") from error
    if not os.access(path, os.W_OK | os.X_OK):  # known before the training, not after it
        raise ConfigError(f"Nothing can be written into the folder {path}. Choose another one with --out.")
    return path


@contextmanager
def folder_for(path: Path) -> Iterator[Path]:
    """`make_folder`; of the folders that were made for it none stays, as long as it is empty, when the work
    fails."""
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        yield make_folder(path)
    except BaseException:
        with suppress(OSError):  # something stands in it
            for folder in new:  # the innermost first
                folder.rmdir()
        raise


def free_name(out: Path, source: Path) -> Path:
    """Where a file that is made of `source` may be written: known before the work, not after it.

    Raises BadColumns when `source` cannot be read, AppError.
    """
    try:
        source.open("rb").close()
    except OSError as error:
        raise _unreadable(source, error) from error
    out = out.resolve()  # of a link, what it leads to
    if (out.exists() and not out.is_file()) or not os.access(out.parent, os.W_OK | os.X_OK):
        raise AppError(f"The file {out} cannot be written. Choose another one with --out.")
    if out.exists() and out.samefile(source):
        raise AppError("The file would be written over itself. Choose another one with --out.")
    return out


@contextmanager
def whole_file(out: Path, encoding: str = "utf-8", newline: str = "\n") -> Iterator[TextIO]:
    """A file beside, which takes the name `out` once it is whole; of one that is not, nothing stays.

    Raises AppError.
    """
    part = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        with part.open("w", encoding=encoding, newline=newline) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, out)
    except OSError as error:
        raise AppError(f"The file {out} cannot be written ({error.strerror}).") from error
    finally:
        with suppress(OSError):  # where it cannot be removed, what went wrong before is what matters
            part.unlink()
