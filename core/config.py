"""Settings, read once from the environment (prefix ROADLENS_)."""

import os
from pathlib import Path
from tempfile import TemporaryFile

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigError

LIBRARIES = {  # what those under torch read once, when they are loaded
    # Waiting threads sleep instead of spinning beside a training.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Products made ready for one shape that are kept for the next time. Comments come in hundreds of shapes:
    # with the usual 1,024 of each, a fine-tuning grew from 0.9 to 2.5 GB and was no faster.
    "LRU_CACHE_CAPACITY": "16",  # torch
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "128",  # oneDNN below it
}


def settle_libraries() -> None:
    """Before torch is imported; what a person has set in the environment stays."""
    for name, value in LIBRARIES.items():
        os.environ.setdefault(name, value)


class Settings(BaseSettings):
    """Every setting has a default that works; `ROADLENS_DATA_DIR=/x` overrides `data_dir`."""

    model_config = SettingsConfigDict(env_prefix="ROADLENS_", frozen=True)

    data_dir: Path = Field(default_factory=lambda: Path.home() / ".roadlens")
    database_url: str = ""  # empty: one SQLite file in data_dir
    max_upload_mb: int = Field(100, ge=1, le=2000)
    max_rows: int = Field(1_000_000, ge=1)
    max_cell_chars: int = Field(1_000_000, ge=100)
    max_columns: int = Field(500, ge=1)
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$")
    threads: int = Field(0, ge=0)  # 0: all cores but one
    # That share the batches of a fine-tuning; auto: one a GPU, 1 on the processor.
    processes: str = Field("auto", pattern=r"^(auto|[1-9]\d?)$")
    phone_region: str = Field("US", pattern=r"^[A-Z]{2}$")  # for numbers without a country code
    hub_timeout_s: float = Field(2.0, gt=0)
    lease_s: float = Field(20.0, gt=0)
    worker_idle_s: float = Field(90.0, ge=0)
    save_every_s: float = Field(30.0, ge=0)  # at most this much of a fine-tuning is lost by a kill
    retention_days: int = Field(0, ge=0)  # comments older than this are removed; 0: kept
    allow_remote: bool = False  # True: may listen on another address than loopback without a login

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'roadlens.db'}"

    @property
    def runs_dir(self) -> Path:
        return self.data_dir / "runs"

    @property
    def jobs_dir(self) -> Path:
        return self.data_dir / "jobs"

    @property
    def uploads_dir(self) -> Path:
        return self.data_dir / "uploads"


def load_settings() -> Settings:
    """Read the environment and make the data folder.

    Raises ConfigError with the name of the setting that is wrong, or when the folder takes no file.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "ROADLENS_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"The setting {name} is not valid: {first['msg']}.") from error
    try:
        for folder in (settings.data_dir, settings.runs_dir, settings.jobs_dir, settings.uploads_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Tried, since to the superuser every folder seems writable.
        TemporaryFile(dir=settings.data_dir).close()
    except OSError as error:
        what = "written to" if os.path.isdir(settings.data_dir) else "made"
        raise ConfigError(
            f"The data folder {settings.data_dir} cannot be {what} ({error.strerror}). "
            "Set ROADLENS_DATA_DIR to a folder you may write to."
        ) from error
    # Importing transformers makes this folder, by default among the machine's temporary files.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(settings.data_dir / "cache"))
    return settings
