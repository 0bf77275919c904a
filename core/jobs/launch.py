"""The surroundings of the processes that Roadlens starts."""

import os
from pathlib import Path

from core.config import LIBRARIES

ROOT = Path(__file__).resolve().parents[2]


def environment(**more: str) -> dict[str, str]:
    """Ours, with the project on the path: the server may have been started in any folder."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**LIBRARIES, **os.environ, "PYTHONPATH": path, **more}
