"""What the environment tells a function, one model per concern.

A function reads only the models of the things it touches. A missing or illegal variable
raises `ConfigurationError` naming the variable and never its value.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import DirectoryPath, Field, Json, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_CONFIG = SettingsConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

# Decoded by the model itself, so that text that is no JSON is reported like everything else.
_Addresses = Annotated[Json[dict[str, str]], NoDecode]
_Origins = Annotated[Json[tuple[str, ...]], NoDecode]

# By what the address says, or by an IAM token that is made for each connection.
_Auth = Literal["address", "iam"]

Model = TypeVar("Model", bound=BaseSettings)

GIBIBYTE = 1024**3
MEBIBYTE = 1024**2


class ConfigurationError(RuntimeError):
    """The environment lacks something this function needs, or holds something illegal."""


class DatabaseSettings(BaseSettings):
    """Where the catalogue is, as the role this function connects with."""

    model_config = _CONFIG
    database_url: SecretStr
    database_auth: _Auth = "address"


class OperatorDatabaseSettings(BaseSettings):
    """The catalogue as role `operator`, for the routes that look across owners."""

    model_config = _CONFIG
    operator_database_url: SecretStr
    database_auth: _Auth = "address"


class OwnerDatabaseSettings(BaseSettings):
    """The catalogue as the role that owns it, whose password may be kept in Secrets Manager."""

    model_config = _CONFIG
    database_url: SecretStr
    # The secret's ARN; without one the address says all.
    database_secret: str | None = None


class StorageSettings(BaseSettings):
    """The two buckets, and how long a presigned address lives."""

    model_config = _CONFIG
    raw_bucket: str = Field(min_length=3)
    library_bucket: str = Field(min_length=3)
    upload_expires_s: Annotated[int, Field(ge=60, le=3600)] = 900
    part_expires_s: Annotated[int, Field(ge=60, le=43200)] = 3600
    download_expires_s: Annotated[int, Field(ge=60, le=3600)] = 300
    # Presigned POST up to here, multipart beyond.
    single_upload_limit: Annotated[int, Field(ge=1)] = 100_000_000


class BrowserSettings(BaseSettings):
    """The sites whose pages may ask the API, as JSON: `["https://console.example"]`."""

    model_config = _CONFIG
    cors_origins: _Origins = Field(default=(), validate_default=False)


class QueueSettings(BaseSettings):
    """Addresses by worker name, as JSON: `{"intake": "https://…"}`."""

    model_config = _CONFIG
    queue_urls: _Addresses
    dead_letter_queue_urls: _Addresses = Field(default_factory=dict, validate_default=False)


class BusSettings(BaseSettings):
    """The EventBridge bus that tells the outside what happened."""

    model_config = _CONFIG
    event_bus: str


class WorkerSettings(BaseSettings):
    """What the topology promised this worker."""

    model_config = _CONFIG
    function_timeout_s: Annotated[int, Field(ge=1, le=900)]
    max_receives: Annotated[int, Field(ge=1)]

    @property
    def lease_s(self) -> int:
        """Longer than the function can live, shorter than the message stays hidden."""
        return self.function_timeout_s + 30


class IntakeSettings(BaseSettings):
    """Beyond the limit S3's own CRC64NVME stands in for a SHA-256."""

    model_config = _CONFIG
    hash_limit_bytes: Annotated[int, Field(ge=0)] = 20 * GIBIBYTE


class DocumentSettings(BaseSettings):
    """How JSON is read, and what becomes of the tables that are proposed for it."""

    model_config = _CONFIG
    # What one invocation reads: seconds of its time, and some hundred megabytes of its memory.
    part_bytes: Annotated[int, Field(ge=1024)] = 32 * MEBIBYTE
    most_parts: Annotated[int, Field(ge=1)] = 4096
    # What compressed files may hold.
    unpacked_limit_bytes: Annotated[int, Field(ge=1024)] = 256 * GIBIBYTE
    # How alike the keys of two structures are that share a collection.
    same_structure: Annotated[float, Field(gt=0, le=1)] = 0.5
    # Approve proposals without asking once their dry run has passed.
    auto_migrate: bool = False


class MediaSettings(BaseSettings):
    """How media is read, and where a place is kept from those it is not theirs to know."""

    model_config = _CONFIG
    # Out of derivatives, and out of answers to whoever acts for another owner.
    strip_gps: bool = True
    max_key_frames: Annotated[int, Field(ge=1, le=16)] = 3


class ModelSettings(BaseSettings):
    """Where the models are, and how many threads one run of them may take."""

    model_config = _CONFIG
    models_folder: DirectoryPath
    encoder_threads: Annotated[int, Field(ge=1, le=64)] = 1
    vocabulary_language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"


class CaptionSettings(BaseSettings):
    """Whether pictures are captioned, and what that may cost each owner, in tokens."""

    model_config = _CONFIG
    captions: bool = False
    # About 250 pictures a day and 2,500 a month.
    caption_tokens_a_day: Annotated[int, Field(ge=0)] = 1_000_000
    caption_tokens_a_month: Annotated[int, Field(ge=0)] = 10_000_000


class GeminiSettings(BaseSettings):
    """The model that captions, and the key to it, or the ARN of the secret that keeps the key.

    Without a key, captions are off. `gemini_url` is for a stand-in.
    """

    model_config = _CONFIG
    gemini_api_key: SecretStr = SecretStr("")
    gemini_model: str = "gemini-3.5-flash-lite"
    gemini_url: str | None = None
    caption_language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"


class JanitorSettings(BaseSettings):
    """How long things may lie about before the janitor acts."""

    model_config = _CONFIG
    wake_after_s: Annotated[int, Field(ge=1)] = 60
    # Longer than a message stays hidden while somebody works on it, and than most have to wait.
    wake_again_after_s: Annotated[int, Field(ge=1)] = 3600
    # Longer than a message that failed stays hidden before it is tried again.
    retry_lost_after_s: Annotated[int, Field(ge=1)] = 300
    # A chore that was called for and is not under way yet.
    call_again_after_s: Annotated[int, Field(ge=1)] = 300
    look_for_uploads_after_s: Annotated[int, Field(ge=1)] = 120
    uploads_expire_after_s: Annotated[int, Field(ge=60)] = 24 * 3600
    multipart_expires_after_s: Annotated[int, Field(ge=60)] = 7 * 24 * 3600
    # What was announced to others and when, for whoever asks why they did not hear.
    announcements_kept_s: Annotated[int, Field(ge=3600)] = 7 * 24 * 3600


def load(model: type[Model]) -> Model:
    """Read `model` from the environment, or say in one line per variable what is wrong."""
    try:
        return model()
    except ValidationError as error:
        problems = "; ".join(
            f"{_variable(*item['loc'])}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise ConfigurationError(f"environment: {problems}") from None


def _variable(name: int | str, *inside: int | str) -> str:
    return str(name).upper() + "".join(f"[{part!r}]" for part in inside)
