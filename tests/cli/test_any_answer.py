"""Whatever a server answers, a command says one sentence and ends with a status of its own."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from clients.cli import main, server

ID = "01a1ffc2-768b-713d-bf43-e210e04bc40d"
COMMANDS = [
    ["ls"],
    ["show", ID],
    ["get", ID],
    ["get", ID, "--lineage"],
    ["get", ID, "--metadata"],
    ["search", "cat"],
    ["search", "--like", ID],
    ["searches", "list"],
    ["tag", "add", ID, "x"],
    ["trash", ID],
    ["clusters", "list"],
    ["clusters", "show", "Pets"],
    ["clusters", "split", ID, "--into", "2", "--yes"],
    ["clusters", "threshold", ID, "0.5", "--yes"],
    ["clusters", "suggestions"],
    ["duplicates", "list"],
    ["duplicates", "confirm", ID],
    ["decisions"],
    ["undo", "last"],
    ["schemas", "list"],
    ["schemas", "approve", ID, "--yes"],
    ["collections", "show", "orders"],
    ["collections", "drift", "orders"],
    ["query", "orders"],
    ["replay", ID],
    ["dlq", "list"],
    ["dlq", "show", "intake"],
    ["keys", "list"],
    ["models", "list"],
    ["usage"],
    ["doctor"],
]
PROBLEM = '{"title":"No","status":%d,"detail":"It may not be.","code":"no","request_id":"r-1"}'
ANSWERS = {
    "problem 401": (401, PROBLEM % 401, 3),
    "problem 403": (403, PROBLEM % 403, 3),
    "problem 404": (404, PROBLEM % 404, 4),
    "problem 409": (409, PROBLEM % 409, 5),
    "problem 410": (410, PROBLEM % 410, 4),
    "problem 422": (422, PROBLEM % 422, 2),
    "problem 429": (429, PROBLEM % 429, 1),
    "problem 500": (500, PROBLEM % 500, 1),
    "page 502": (502, "<html>Bad gateway</html>", 1),
    "odd status": (599, "", 1),
    "page 200": (200, "<html>Welcome</html>", 1),
    "cut off": (200, '{"items": [{"id": "', 1),
    "another shape": (200, "[1, 2]", 1),
    "no items": (200, "{}", 1),
    "nothing": (200, "", 1),
    "nowhere": (302, "", 1),
}


@contextmanager
def answering(status: int, body: str) -> Iterator[str]:
    """The address of a server that answers everything so."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody waits for a server that fails, and what is written down is thrown away."""
    defaults = server.connect.__wrapped__.__kwdefaults__  # type: ignore[attr-defined]
    monkeypatch.setitem(defaults, "patience_s", 0.0)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("MAMMOTHBOX_KEY", "mbx_nobody")


def ended(arguments: list[str], url: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How a command ends at that address."""
    monkeypatch.setenv("MAMMOTHBOX_URL", url)
    monkeypatch.setattr(sys, "argv", ["mammothbox", *arguments])
    monkeypatch.setattr("clients.cli.main.signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as end:
        main.run()
    return int(end.value.code or 0)


def meet(
    commands: list[list[str]],
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Let commands have that answer."""
    status, body, expected = ANSWERS[kind]
    with answering(status, body) as url:
        for command in commands:
            code = ended(command, url, monkeypatch)
            out, err = capsys.readouterr()
            told = f"{command}: {code}\n{out}{err}"
            assert "Traceback" not in told and "mbx_nobody" not in told, told
            if status >= 300 or body.startswith("<"):
                assert code in (expected, 1) and (err or out).strip(), told
            assert len(err.splitlines()) <= 6, told


@pytest.mark.parametrize("kind", ANSWERS)
def test_no_answer_is_too_odd(
    kind: str, at_once: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = list(ANSWERS).index(kind)
    meet(COMMANDS[place % 8 :: 8], kind, monkeypatch, capsys)


@pytest.mark.prove
@pytest.mark.parametrize("kind", ANSWERS)
def test_no_answer_is_too_odd_for_any_command(
    kind: str, at_once: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    meet(COMMANDS, kind, monkeypatch, capsys)


def test_a_server_that_is_not_there_is_told(
    at_once: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(["ls"], "http://127.0.0.1:9", monkeypatch) == 6
    assert "cannot be reached" in capsys.readouterr().err
    assert ended(["doctor", "--json"], "http://127.0.0.1:9", monkeypatch) == 1
    findings = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["do"] for one in findings if one["what"] == "address"] == [
        "Start it with `make up`, or name another with --url or `mammothbox login`."
    ]


def test_every_command_has_help_and_completion(
    at_once: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in {one[0]: one for one in COMMANDS}.values():
        words = [word for word in command[:2] if word != ID and not word.startswith("-")]
        words = words[:1] if words[0] in ("show", "search", "query") else words
        assert ended([*words, "--help"], "http://127.0.0.1:9", monkeypatch) == 0, words
        assert "--help" in capsys.readouterr().out
    monkeypatch.setenv("_MAMMOTHBOX_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "mammothbox clusters re")
    monkeypatch.setenv("COMP_CWORD", "2")
    ended([], "http://127.0.0.1:9", monkeypatch)
    assert "rename" in capsys.readouterr().out
