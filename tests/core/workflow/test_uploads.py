"""Uploaded files between the browser and the store."""

import os
import time

import pytest

from core.errors import BadColumns, NotFound, TooLarge
from core.workflow import importing
from core.workflow.uploads import drop_upload, keep_upload, upload_file

FILE = b'comment,topic,stars\n"The app is slow, write to ann@mail.example",speed,1\nLove it,praise,5\n,,3\n'


def test_the_kept_copy_can_be_read_by_its_owner_alone(settings):
    upload = keep_upload(settings, FILE)
    (path,) = settings.uploads_dir.iterdir()
    assert path.name == upload
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "upload", ["", "../author", "f" * 63, "F" * 64, "/etc/passwd", "f" * 64 + "\n", "é" * 64]
)
def test_an_id_that_is_no_hash_never_becomes_a_path(settings, upload):
    with pytest.raises(BadColumns, match="Choose the file again"):
        upload_file(settings, upload)
    with pytest.raises(BadColumns, match="Choose the file again"):
        drop_upload(settings, upload)


def test_an_upload_that_is_gone_or_spoiled_asks_for_the_file(store, settings):
    upload = keep_upload(settings, FILE)
    drop_upload(settings, upload)
    with pytest.raises(NotFound, match="no longer kept. Choose the file again"):
        importing.look(store, settings, upload, {})
    keep_upload(settings, FILE)
    (path,) = settings.uploads_dir.iterdir()
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(NotFound, match="Choose the file again"):
        importing.look(store, settings, upload, {})


def test_a_file_over_the_limit_is_refused_and_not_kept(settings):
    small = settings.model_copy(update={"max_upload_mb": 1})
    with pytest.raises(TooLarge, match="the limit is 1 MB"):
        keep_upload(small, b"x" * (2**20 + 1))
    assert list(settings.uploads_dir.iterdir()) == []
    keep_upload(small, b"x" * 2**20)


def test_uploads_go_after_a_day_unless_they_are_sent_again(settings):
    old, kept = keep_upload(settings, FILE), keep_upload(settings, FILE + b"x,y,1\n")
    unfinished = settings.uploads_dir / f".{old}.12ab34cd"
    unfinished.write_bytes(b"from a process that was killed")
    yesterday = time.time() - 25 * 3600
    for path in settings.uploads_dir.iterdir():
        os.utime(path, (yesterday, yesterday))
    os.utime(settings.uploads_dir / kept, (yesterday + 7200, yesterday + 7200))
    keep_upload(settings, FILE + b"x,y,1\n")
    assert [path.name for path in settings.uploads_dir.iterdir()] == [kept]
    assert time.time() - (settings.uploads_dir / kept).stat().st_mtime < 60
