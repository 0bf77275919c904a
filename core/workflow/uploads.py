"""Uploaded files between the browser and the store: unmasked, so kept privately and not for long."""

import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

from core.config import Settings
from core.errors import BadColumns, NotFound, StoreError, TooLarge

UPLOAD_DAYS = 1
UPLOAD_ID = re.compile(r"[0-9a-f]{64}")


def keep_upload(settings: Settings, data: bytes) -> str:
    """Copy the bytes to disk at once, under their own hash. Returns the upload's id.

    Raises TooLarge, or StoreError when the disk takes no more.
    """
    if len(data) > settings.max_upload_mb * 2**20:
        raise TooLarge(
            f"The file has {len(data) / 2**20:,.0f} MB; the limit is {settings.max_upload_mb} MB. "
            "Split it, or raise ROADLENS_MAX_UPLOAD_MB."
        )
    forget_old_uploads(settings)
    upload = hashlib.sha256(data).hexdigest()
    path = _path(settings, upload)
    temporary = path.with_name(f".{upload}.{secrets.token_hex(4)}")
    try:
        with suppress(FileNotFoundError):
            os.utime(path)  # its day begins again
            return upload
        temporary.touch(mode=0o600)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(
            f"The file could not be kept ({error.strerror}). Free some disk space and try again."
        ) from error
    return upload


def upload_file(settings: Settings, upload: str) -> Path:
    """Where a kept upload lies. Raises NotFound when it is no longer kept."""
    path = _path(settings, upload)
    if not path.exists():
        raise NotFound("This upload is no longer kept. Choose the file again.")
    return path


def drop_upload(settings: Settings, upload: str) -> None:
    """The unmasked copy goes at once."""
    _path(settings, upload).unlink(missing_ok=True)


def forget_old_uploads(settings: Settings) -> None:
    """Files that were uploaded and never imported hold unmasked text: they go after a day."""
    for path in settings.uploads_dir.glob("*"):  # a killed process may have left an unfinished one
        with suppress(FileNotFoundError):  # another process was faster
            if time.time() - path.stat().st_mtime > UPLOAD_DAYS * 86_400:
                path.unlink()


def _path(settings: Settings, upload: str) -> Path:
    if not UPLOAD_ID.fullmatch(upload):
        raise BadColumns("This upload does not exist. Choose the file again.")
    return settings.uploads_dir / upload
