import os
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "../shared/data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real feedback beside the repository."""
    if not DATA.is_dir():
        message = "the real data beside the repository is not there"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return DATA.resolve()
