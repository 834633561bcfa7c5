"""Clusters, duplicates, decisions, schemas and collections from the command line."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from mammothbox.catalog import spaces

from tests.cli.conftest import Person
from tests.cli.filled import ORDERS, PHOTOS, fill, lines, near_copy
from tests.house import SPACE, House


def test_clusters_are_corrected_and_put_back(house: House, person: Person, tmp_path: Path) -> None:
    fill(house, person, tmp_path / "mine", photos=["cat.webp", "moose.webp", "bulb.webp"])
    ids = {one["filename"]: one["system_id"] for one in lines(person("ls", "--json").out)}
    cat, moose, bulb = (ids[f"{name}.webp"] for name in ("cat", "moose", "bulb"))
    home = {
        one: json.loads(person("show", one, "--json").out)["cluster"]["id"]
        for one in (cat, moose, bulb)
    }

    person("clusters", "rename", home[cat], "Pets")
    moved = lines(person("clusters", "move", moose, "--to", "pets", "--json").out)
    preview = json.loads(person("clusters", "threshold", "Pets", "0.9", "--preview", "--json").out)
    unanswered = person("clusters", "split", "Pets", "--into", "2")
    merged = person("clusters", "merge", "Pets", home[bulb], "--json")
    shown = lines(person("clusters", "show", "Pets", "--json").out)
    undone = person("undo", "last")

    assert moved[0]["cluster_id"] == home[cat]
    assert preview["leaving"] == [], "a hand put it there"
    assert unanswered.status == 2 and "--yes" in unanswered.err
    assert {one["system_id"] for one in shown} == {cat, moose, bulb} and merged.status == 0
    assert undone.status == 0
    left = lines(person("clusters", "show", "Pets", "--json").out)
    assert {one["system_id"] for one in left} == {cat, moose}
    acts = lines(person("decisions", "--all", "--json").out)
    assert [one["action"] for one in acts] == ["undo", "merge", "move", "rename"]
    assert person("clusters", "split", "Pets", moose).status == 0
    assert person("clusters", "part", cat, moose).status == 0
    assert [one["kind"] for one in lines(person("clusters", "links", "--json").out)] == ["cannot"]
    assert person("clusters", "merge", "Pets", home[moose]).status in (0, 5)
    assert person("clusters", "show", "Nobody's").status == 4
    assert "Pets" in person("clusters", "list").out
    assert person("clusters", "suggestions", "--json").status == 0


def test_pairs_are_confirmed_and_dismissed(house: House, person: Person, tmp_path: Path) -> None:
    photo = "brandenburg-gate.webp"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "small.jpg").write_bytes(near_copy(PHOTOS / photo))
    fill(house, person, tmp_path / "mine", photos=[photo])
    [pair] = lines(person("duplicates", "list", "--state", "open", "--json").out)
    keep = pair["objects"][1]["system_id"]

    confirmed = lines(person("duplicates", "confirm", pair["id"], "--keep", keep, "--json").out)
    person("undo", confirmed[0]["decision_id"])
    dismissed = lines(person("duplicates", "dismiss", pair["id"], "--json").out)

    assert confirmed[0]["keeper"] == keep and dismissed[0]["state"] == "dismissed"
    assert photo in person("duplicates", "list").out
    assert person("duplicates", "decide").status == 2, "nobody is there to ask"


def test_a_proposal_becomes_a_table_that_is_asked(
    house: House, person: Person, tmp_path: Path
) -> None:
    text = '{"long":123456789012345678901234567890.10,"small":0.0000001,"whole":1.0}'
    (tmp_path / "exact.json").write_text(text)
    person("upload", tmp_path / "exact.json", "--collection", "exact", "--no-wait")
    fill(house, person, tmp_path / "mine")
    exact = person("query", "exact", "--json").out
    proposed = ("schemas", "list", "--status", "provisional", "--collection", "orders", "--json")
    [proposal] = lines(person(*proposed).out)
    shown = person("schemas", "show", "orders")
    refused = person("schemas", "approve", "orders")

    approved = person("schemas", "approve", "orders", "--yes", "--no-wait", "--json")
    house.run_queues()

    assert "CREATE TABLE" in shown.out and "type_conflicts" in shown.out
    assert refused.status == 2 and "--yes" in refused.err
    assert approved.status == 0 and json.loads(approved.out)["id"] == proposal["id"]
    assert json.loads(exact) == json.loads(text)
    assert "123456789012345678901234567890.10" in exact and '"whole":1.0' in exact
    collection = json.loads(person("collections", "show", "orders", "--json").out)
    assert (collection["storage"], collection["documents"]) == ("sql", len(ORDERS))
    asked = ("query", "orders", "-w", "total>=3.5", "-w", "paid=true", "--sort", "-total")
    found = lines(person(*asked, "--json").out)
    assert found == [one for one in reversed(ORDERS) if one["total"] >= 3.5 and one["paid"]]
    table = csv.DictReader(io.StringIO(person(*asked, "-n", "1", "--format", "csv").out))
    assert [row["total"] for row in table] == ["20.5"]
    picked = ("--fields", "paid,at,order", "--format", "csv")
    assert person("query", "orders", "-w", "total>999", *picked).lines == ["paid,at,order"]
    assert person("query", "orders", "-w", "nonsense").status == 2
    assert person("query", "elsewhere").status == 4
    assert person("collections", "contract", "orders", "freeze").out.strip() == "freeze"
    assert json.loads(person("collections", "drift", "orders", "--json").out)["drifted"] is False
    assert "total" in person("collections", "show", "orders").out
    assert person("collections", "refusals", "orders").err.strip() == "Every document was kept."
    # A name is a name, whatever it would mean in an address
    assert person("collections", "contract", "orders?x=1", "evolve").status == 4
    assert person("collections", "show", "x/../orders").status == 4
    assert person("query", "orders#1").status == 4
    person("schemas", "rollback", "orders", "--yes", "--no-wait")
    house.run_queues()
    assert lines(person(*asked, "--json").out) == found


def test_operators_see_queues_and_models(
    house: House, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = person("keys", "create", "scanner", "--role", "viewer", "--days", "3", "--json")
    made = json.loads(mine.out)
    listed = lines(person("keys", "list", "--json").out)
    denied = person("dlq", "list")
    monkeypatch.setenv("MAMMOTHBOX_KEY", made["key"])
    as_viewer = person("keys", "list")
    monkeypatch.setenv("MAMMOTHBOX_KEY", house.key("operator"))

    assert made["key"] not in json.dumps(listed)
    assert made["key_id"] in {one["key_id"] for one in listed}
    assert denied.status == 3 and as_viewer.status == 3
    assert {one["name"] for one in lines(person("dlq", "list", "--json").out)} >= {"intake"}
    assert person("dlq", "redrive", "intake", "--json").status == 0
    assert person("dlq", "show", "embed").err.strip() == "Nothing was given up."
    # A name is all of what was typed, whatever signs are in it.
    assert person("dlq", "show", "embed?limit=1").status == 4
    assert person("dlq", "redrive", "embed/redrive#").status == 4
    house.session.client("sqs").send_message(
        QueueUrl=house.dead_letter_queue_urls["intake"], MessageBody="none of ours"
    )
    [strange] = json.loads(person("dlq", "show", "intake", "--json").out)["messages"]
    # No worker runs here, for which the doctor would wait.
    monkeypatch.setattr("clients.cli.diagnosis._WORKERS_S", 0.0)
    assert not strange["is_ours"] and "intake: 1 since 20" in person("doctor").out
    assert person("dlq", "discard", "intake", strange["id"]).status == 2, "nobody is there to ask"
    assert person("dlq", "discard", "intake", strange["id"], "--yes").status == 0
    assert person("dlq", "discard", "intake", strange["id"], "--yes").status == 4
    assert person("dlq", "show", "intake").err.strip() == "Nothing was given up."
    known = lines(person("models", "list", "--json").out)
    assert [one["state"] for one in known].count("active") == 1
    assert person("models", "activate", "nothing").status == 4
    assert person("models", "activate", f"{SPACE.name}/activate?incomplete=true#").status == 4
    other = replace(SPACE, name="other")
    spaces.offer(house.urls.superuser, [(SPACE, {}), (other, {})], SPACE.name)
    acts = [("fill", "other"), ("stop", "other"), ("activate", "other"), ("activate", SPACE.name)]
    turns = [json.loads(person("models", *act, "--json").out) for act in acts]
    assert [(one["name"], one["state"]) for one in turns] == [
        ("other", "filling"),
        ("other", "known"),
        ("other", "active"),
        (SPACE.name, "active"),
    ]
    assert person("keys", "revoke", made["key_id"], "--yes").status == 0
    monkeypatch.setenv("MAMMOTHBOX_KEY", made["key"])
    assert person("ls").status == 3


def test_a_redrive_goes_on_until_all_was_tried_again(
    house: House, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAMMOTHBOX_KEY", house.key("operator"))
    monkeypatch.setattr("mammothbox.dead_letters._MOST", 10)
    for number in range(25):
        house.sqs.send_message(
            QueueUrl=house.dead_letter_queue_urls["tag"], MessageBody=f"number {number}"
        )

    told = lines(person("dlq", "redrive", "tag", "--json").out)

    assert told == [{"queue": "tag", "messages": 25, "stages": 0}]


def test_operators_look_after_the_keys_of_others(
    house: House, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAMMOTHBOX_KEY", house.key("operator"))
    of_grace = ("--owner", "grace")
    made = json.loads(person("keys", "create", "scanner", *of_grace, "--json").out)
    person("keys", "create", "guest", "--days", "0.000000001", *of_grace)

    told = person("keys", "list", *of_grace).out
    revoked = person("keys", "revoke", made["key_id"], *of_grace, "--yes")

    assert "scanner" in told and "expired 20" in told and "until" not in told
    assert revoked.status == 0
    assert "revoked 20" in person("keys", "list", *of_grace).out
    assert person("keys", "revoke", made["key_id"], "--yes").status == 4
