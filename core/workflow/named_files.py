"""Files and folders that a person names on the command line."""

import os
from pathlib import Path

from core.errors import BadColumns, ConfigError


def read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadColumns(f"The file {path} cannot be read ({error.strerror}). Check its name.") from error


def make_folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder {path} cannot be made ({error.strerror}).") from error
    if not os.access(path, os.W_OK | os.X_OK):  # known before the training, not after it
        raise ConfigError(f"Nothing can be written into the folder {path}. Choose another one with --out.")
    return path
