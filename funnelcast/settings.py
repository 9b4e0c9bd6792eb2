"""The settings of a run, and where its files are: the only reader of flags, environment and config together.

Belongs here: precedence (flag, then FUNNELCAST_* variable, then config file, then default) and the paths below home.
Does not belong here: what the sales process means (sales_process.py).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from funnelcast import memory
from funnelcast.errors import UsageError
from funnelcast.landing_place import RemoteFolder, landing_place
from funnelcast.sales_process import describe_validation_error, load_sales_process


class Settings(BaseSettings):
    """Where a run reads and writes, and as of when. All paths are absolute."""

    model_config = SettingsConfigDict(env_prefix="FUNNELCAST_", frozen=True, extra="forbid")

    home: Path = Path("data")
    # A folder, or a URL of one elsewhere.
    landing: Path | RemoteFolder = Path("landing")
    config: Path | None = None
    as_of: date | None = None
    full_refresh: bool = False
    # What a run may take in all, such as 2GB. None: what the machine or container has.
    memory_limit: str | None = None

    @field_validator("landing", mode="before")
    @classmethod
    def _place(cls, value: object) -> object:
        return landing_place(value)

    @field_validator("home", "landing", "config")
    @classmethod
    def _absolute(cls, value: Path | RemoteFolder | None) -> Path | RemoteFolder | None:
        return value.expanduser().absolute() if isinstance(value, Path) else value

    @field_validator("memory_limit")
    @classmethod
    def _is_a_size(cls, value: str | None) -> str | None:
        return memory.limit(value)

    @property
    def duckdb_memory(self) -> str:
        """What DuckDB may take while it is the only one at work, in its own words."""
        return memory.as_setting(memory.for_duckdb(self.memory_limit))

    @property
    def gate_memory(self) -> str:
        """What DuckDB may take in each of the gate's three processes."""
        return memory.as_setting(memory.for_duckdb(self.memory_limit) // 3)

    @property
    def raw(self) -> Path:
        return self.home / "raw"

    @property
    def quarantine(self) -> Path:
        return self.home / "quarantine"

    @property
    def landing_cache(self) -> Path:
        """Where files of a landing elsewhere lie while they are landed."""
        return self.home / "landing_cache"

    @property
    def build(self) -> Path:
        return self.home / "build"

    @property
    def build_database(self) -> Path:
        return self.build / "build.duckdb"

    @property
    def verdict_file(self) -> Path:
        return self.build / "verdict.json"

    @property
    def data_docs(self) -> Path:
        return self.build / "data_docs"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def dbt_home(self) -> Path:
        return self.home / "dbt"

    @property
    def dbt_target(self) -> Path:
        return self.dbt_home / "target"


def load_settings(**flags: Any) -> Settings:
    """Settle the settings from flags (None: not given), environment, config file and defaults.

    Raises `UsageError` naming the setting, or the config file's key, and what was expected.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise UsageError(f"Setting {describe_validation_error(error, Settings)}.") from error
    from_config = load_sales_process(settings.config).run.model_dump(exclude_none=True)
    missing = {name: value for name, value in from_config.items() if name not in settings.model_fields_set}
    return settings if not missing else Settings(**{**settings.model_dump(exclude_unset=True), **missing})
