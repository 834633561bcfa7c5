"""Whatever a server answers, a command says one sentence and ends with a status of its own."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

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
    ["replay", "--failed"],
    ["dlq", "list"],
    ["dlq", "show", "intake"],
    ["keys", "list"],
    ["models", "list"],
    ["usage"],
    ["doctor"],
]
LISTS = [
    ["ls"],
    ["get", ID, "--lineage"],
    ["search", "cat", "--explain"],
    ["searches", "list"],
    ["clusters", "list"],
    ["clusters", "links"],
    ["clusters", "suggestions"],
    ["duplicates", "list"],
    ["decisions"],
    ["schemas", "list"],
    ["collections", "list"],
    ["collections", "refusals", "x"],
    ["query", "x"],
    ["dlq", "list"],
    ["keys", "list"],
    ["models", "list"],
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
    "page 404": (404, "<html>No such page</html>", 1),
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
def answering(status: int, body: str, asked: list[str] | None = None) -> Iterator[str]:
    """The address of a server that answers everything so; `asked` gets what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if asked is not None:
                asked.append(
                    f"{self.command} {self.path[len('/api/v1/') :]} {sent.decode()}".strip()
                )
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
    assert ended(["doctor", "--json"], "http://127.0.0.1:9", monkeypatch) == 6
    findings = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["do"] for one in findings if one["what"] == "address"] == [
        "Start it with `make up`, or name another with --url or `mammothbox login`."
    ]


def test_another_program_at_the_address_is_told_in_words(
    at_once: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"mbx_nobody\n")))
    with answering(404, "<html>No such page</html>") as url:
        assert ended(["login", "--url", url, "--key-stdin"], url, monkeypatch) == 1
    told = capsys.readouterr().err
    assert told.endswith(
        "answers, but not as MammothBox does (404 Not Found): look at the address.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        (["models", "fill", "clip"], "POST admin/spaces/clip/fill"),
        (["models", "stop", "clip"], "DELETE admin/spaces/clip/fill"),
        (["models", "activate", "clip"], "POST admin/spaces/clip/activate"),
        (
            ["models", "activate", "clip", "--incomplete"],
            "POST admin/spaces/clip/activate?incomplete=true",
        ),
        (
            ["schemas", "override", ID, "--type", "/a=b=text", "--name", "/a=b=x"],
            f'PATCH schemas/{ID} {{"columns":{{"/a=b":{{"name":"x","type":"text"}}}}}}',
        ),
        (
            ["schemas", "override", ID, "--storage", "jsonb", "--no-wait"],
            f'PATCH schemas/{ID} {{"storage":"jsonb"}}',
        ),
        (
            ["replay", "--done", "--stage", "tag", "--collection", "x", "--before", "2024"],
            'POST admin/replay {"collection":"x","done":true,'
            '"ended_before":"2024-01-01T00:00:00Z","stage":"tag","limit":200}',
        ),
        (["decisions", "--action", "merge", "--object", ID], f"GET decisions?limit=51&object={ID}"),
    ],
)
def test_what_is_asked_for_is_what_is_sent(
    arguments: list[str],
    request_: str,
    at_once: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: dict[str, Any] = {
        "id": ID,
        "name": "clip",
        "state": "filling",
        "fill": None,
        "status": "provisional",
    }
    said |= {"version": 2, "collection": "x", "error": None, "items": [], "next_cursor": None}
    said |= {"matched": 0, "queued": 0, "refused": []}
    asked: list[str] = []
    with answering(200, json.dumps(said), asked) as url:
        assert ended(arguments, url, monkeypatch) == 0
    assert asked[0].startswith(request_)


def test_each_list_is_a_line_of_json_per_item(
    at_once: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    items = [{"id": 1, "doc": {"id": 1}}, {"id": 2, "doc": {"id": 2}}]
    said = {"items": items, "results": items, "plan": [], "corrected": None, "next_cursor": None}
    with answering(200, json.dumps(said)) as url:
        for command in LISTS:
            assert ended([*command, "--json"], url, monkeypatch) == 0, command
            lines = capsys.readouterr().out.splitlines()
            assert [json.loads(line)["id"] for line in lines] == [1, 2], command


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
