"""Settings: what is missing or illegal is named, and no value is ever shown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from mammothbox.settings import (
    BrowserSettings,
    BusSettings,
    CaptionSettings,
    ConfigurationError,
    DatabaseSettings,
    GeminiSettings,
    IntakeSettings,
    JanitorSettings,
    MediaSettings,
    ModelSettings,
    OperatorDatabaseSettings,
    OwnerDatabaseSettings,
    QueueSettings,
    StorageSettings,
    WorkerSettings,
    load,
)
from pydantic_settings import BaseSettings

LEGAL: dict[type[BaseSettings], dict[str, str]] = {
    DatabaseSettings: {"DATABASE_URL": "postgresql://app:hush@db/mammoth"},
    OperatorDatabaseSettings: {"OPERATOR_DATABASE_URL": "postgresql://operator:hush@db/mammoth"},
    OwnerDatabaseSettings: {"DATABASE_URL": "postgresql://postgres:hush@db/mammoth"},
    StorageSettings: {"RAW_BUCKET": "the-raw-bucket", "LIBRARY_BUCKET": "the-library-bucket"},
    QueueSettings: {"QUEUE_URLS": '{"intake": "https://queue"}'},
    BrowserSettings: {},
    BusSettings: {"EVENT_BUS": "the-bus"},
    WorkerSettings: {"FUNCTION_TIMEOUT_S": "300", "MAX_RECEIVES": "5"},
    IntakeSettings: {},
    JanitorSettings: {},
    MediaSettings: {},
    ModelSettings: {"MODELS_FOLDER": str(Path(__file__).parent)},
    CaptionSettings: {},
    GeminiSettings: {},
}

# Something illegal for each variable that can be illegal. None of these may be repeated.
ILLEGAL = [
    (DatabaseSettings, "DATABASE_AUTH", "by-handshake"),
    (OperatorDatabaseSettings, "DATABASE_AUTH", "by-handshake"),
    (StorageSettings, "RAW_BUCKET", "@@"),
    (StorageSettings, "LIBRARY_BUCKET", "@@"),
    (StorageSettings, "UPLOAD_EXPIRES_S", "59111.5"),
    (MediaSettings, "STRIP_GPS", "perhaps"),
    (MediaSettings, "MAX_KEY_FRAMES", "017171"),
    (ModelSettings, "MODELS_FOLDER", "/nowhere/at/all"),
    (ModelSettings, "ENCODER_THREADS", "65999"),
    (ModelSettings, "VOCABULARY_LANGUAGE", "Klingon"),
    (CaptionSettings, "CAPTIONS", "sometimes"),
    (CaptionSettings, "CAPTION_TOKENS_A_DAY", "-51717"),
    (CaptionSettings, "CAPTION_TOKENS_A_MONTH", "-51718"),
    (GeminiSettings, "CAPTION_LANGUAGE", "Klingon"),
    (StorageSettings, "UPLOAD_EXPIRES_S", "59"),
    (StorageSettings, "PART_EXPIRES_S", "43201"),
    (StorageSettings, "DOWNLOAD_EXPIRES_S", "soonish"),
    (StorageSettings, "SINGLE_UPLOAD_LIMIT", "-77"),
    (BrowserSettings, "CORS_ORIGINS", "hush-no-json"),
    (QueueSettings, "QUEUE_URLS", "hush-no-json"),
    (QueueSettings, "QUEUE_URLS", '["hush-list"]'),
    (QueueSettings, "QUEUE_URLS", '{"intake": 4711}'),
    (QueueSettings, "DEAD_LETTER_QUEUE_URLS", "hush-no-json"),
    (WorkerSettings, "FUNCTION_TIMEOUT_S", "0"),
    (WorkerSettings, "FUNCTION_TIMEOUT_S", "90001"),
    (WorkerSettings, "MAX_RECEIVES", "many"),
    (IntakeSettings, "HASH_LIMIT_BYTES", "-77"),
    (JanitorSettings, "WAKE_AFTER_S", "-77"),
    (JanitorSettings, "LOOK_FOR_UPLOADS_AFTER_S", "-77"),
    (JanitorSettings, "UPLOADS_EXPIRE_AFTER_S", "57"),
    (JanitorSettings, "MULTIPART_EXPIRES_AFTER_S", "weekly"),
]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for model in LEGAL:
        for name in model.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)


def give(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_database_settings_keep_their_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, LEGAL[DatabaseSettings])

    settings = load(DatabaseSettings)

    assert settings.database_url.get_secret_value() == "postgresql://app:hush@db/mammoth"
    assert "hush" not in repr(settings)


def test_operator_database_settings_keep_their_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, LEGAL[OperatorDatabaseSettings])

    settings = load(OperatorDatabaseSettings)

    assert settings.operator_database_url.get_secret_value().startswith("postgresql://operator")
    assert "hush" not in repr(settings)


def test_storage_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, {**LEGAL[StorageSettings], "SINGLE_UPLOAD_LIMIT": "5"})

    settings = load(StorageSettings)

    assert settings.raw_bucket == "the-raw-bucket"
    assert settings.library_bucket == "the-library-bucket"
    assert settings.single_upload_limit == 5
    assert settings.upload_expires_s == 900


def test_queue_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = {"intake": "https://queue", "embed": "https://other"}
    give(monkeypatch, {"QUEUE_URLS": json.dumps(urls)})

    settings = load(QueueSettings)

    assert settings.queue_urls == urls
    assert settings.dead_letter_queue_urls == {}


def test_bus_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, LEGAL[BusSettings])

    assert load(BusSettings).event_bus == "the-bus"


def test_a_workers_lease_outlives_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, LEGAL[WorkerSettings])

    settings = load(WorkerSettings)

    assert settings.function_timeout_s < settings.lease_s < 6 * settings.function_timeout_s
    assert settings.max_receives == 5


def test_intake_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, {"HASH_LIMIT_BYTES": "0"})

    assert load(IntakeSettings).hash_limit_bytes == 0


def test_janitor_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, {"WAKE_AFTER_S": "1"})

    settings = load(JanitorSettings)

    assert settings.wake_after_s == 1
    assert settings.uploads_expire_after_s == 24 * 3600


@pytest.mark.parametrize(
    ("model", "missing"), [(model, name) for model, legal in LEGAL.items() for name in legal]
)
def test_a_missing_variable_is_named(
    model: type[BaseSettings], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given all variables but one, When the model is loaded, Then that one alone is named."""
    others = {name: value for name, value in LEGAL[model].items() if name != missing}
    give(monkeypatch, others)

    with pytest.raises(ConfigurationError) as raised:
        load(model)

    message = str(raised.value)
    assert missing in message
    assert "required" in message
    assert all(value not in message for value in others.values())


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"RAW_BUCKET.*LIBRARY_BUCKET"):
        load(StorageSettings)


@pytest.mark.parametrize(("model", "name", "value"), ILLEGAL)
def test_an_illegal_variable_is_named_and_its_value_is_not_shown(
    model: type[BaseSettings], name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, {**LEGAL[model], name: value})

    with pytest.raises(ConfigurationError) as raised:
        load(model)

    message = str(raised.value)
    assert re.search(rf"\b{name}(\['intake'\])?: ", message)
    assert value not in message
    assert "hush" not in message
    assert raised.value.__cause__ is None


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, LEGAL[BusSettings])
    settings = load(BusSettings)

    with pytest.raises(ValueError, match="frozen"):
        settings.event_bus = "another"


def test_other_variables_are_none_of_our_business(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, {**LEGAL[BusSettings], "EVENT_BUSINESS": "x"})

    assert load(BusSettings).event_bus == "the-bus"
