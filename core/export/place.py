"""The folder of an export: written beside, then it takes the place of the earlier one as a whole."""

import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from core.errors import ModelError
from core.export.manifest import is_bundle

NEW, OLD = "new", "old"


def check_place(folder: Path) -> None:
    """Only an earlier export or an empty folder is replaced, and only one that can be moved.

    Raises ModelError.
    """
    folder = folder.resolve()
    if why := _why_it_stays(folder):
        raise ModelError(
            f"The folder {folder} cannot be replaced by an export: {why}. "
            f"Name a folder in it, such as {folder / 'model'}."
        )
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not is_bundle(folder):
        raise ModelError(f"The folder {folder} holds something else. Choose a new or empty folder.")


def _why_it_stays(folder: Path) -> str:
    if os.path.ismount(folder):
        return "it is a disk or volume of its own"
    if Path.cwd().is_relative_to(folder):
        return "the command was started in it"
    there = next(part for part in folder.parents if part.exists())
    return "" if os.access(there, os.W_OK | os.X_OK) else "nothing can be written beside it"


def beside(folder: Path, what: str) -> Path:
    """A name beside `folder` that nobody else has; `what`: NEW or OLD."""
    return folder.with_name(f".{folder.name}.{what}-{secrets.token_hex(4)}")


def take_place(made: Path, folder: Path) -> None:
    """The earlier export goes aside first; it comes back when the new one cannot take its place, after a
    kill by `tidy`. Raises ModelError."""
    aside = beside(folder, OLD)
    try:
        if folder.exists():
            os.rename(folder, aside)
        os.rename(made, folder)
    except OSError as error:
        raise ModelError(
            f"The export could not be put into the folder {folder} ({error.strerror}). Choose another folder."
        ) from error
    finally:
        _put_back(aside, folder)


def tidy(folder: Path) -> None:
    """What killed exports to `folder` left beside it goes; an earlier one that was moved aside comes back.
    Nobody may be exporting to it meanwhile."""
    left = re.compile(rf"\.{re.escape(folder.name)}\.({NEW}|({NEW}|{OLD})-[0-9a-f]{{8}})")
    with suppress(OSError):  # there is nothing to tidy in a folder that cannot be read
        for path in sorted(folder.parent.iterdir()):
            if left.fullmatch(path.name) and f".{OLD}-" in path.name:
                _put_back(path, folder)
            elif left.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True)


def _put_back(aside: Path, folder: Path) -> None:
    with suppress(OSError):  # it is refused where a folder holds anything: the new one is there
        os.rename(aside, folder)
    shutil.rmtree(aside, ignore_errors=True)
