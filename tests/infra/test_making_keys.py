"""`make key` refuses what makes no sense before it touches anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local import commands


def run(monkeypatch: pytest.MonkeyPatch, days: str) -> int:
    """How `python -m infra.local key --expires-days=<days>` ends when nothing is running."""
    arguments = ["key", "--owner=ada", "--role=viewer", f"--expires-days={days}"]
    monkeypatch.setattr("sys.argv", ["infra.local", *arguments])
    with pytest.raises(SystemExit) as ended:
        commands.main()
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAMMOTHBOX_HOME", str(tmp_path))


@pytest.mark.parametrize("days", ["0", "-1", "3650.1", "1e9", "nan", "inf", "soon", ""])
def test_a_key_lasts_more_than_no_time_and_at_most_ten_years(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], days: str
) -> None:
    assert run(monkeypatch, days) == 2
    assert "--expires-days" in capsys.readouterr().err


@pytest.mark.parametrize("days", ["0.01", "1", "90", "3650"])
def test_any_time_between_is_fine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], days: str
) -> None:
    assert run(monkeypatch, days) == 1
    heard = capsys.readouterr()
    assert "nothing is running" in heard.out + heard.err
