"""The key of the data folder."""

import os
import secrets

from core.config import Settings


def author_secret(settings: Settings) -> bytes:
    """The key that turns authors into pseudonyms; made once, never leaves the data folder."""
    path = settings.data_dir / "author.key"
    if not path.exists():
        temporary = path.with_name(f".author.{secrets.token_hex(4)}")
        temporary.touch(mode=0o600)
        with temporary.open("wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_bytes()
