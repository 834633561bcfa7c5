"""The labels of a library, with how often each was said, and by whom."""

from __future__ import annotations

from tests.house import House
from tests.integration.test_errors import assert_problem


def test_labels_are_counted_by_who_said_them_the_most_used_first(house: House) -> None:
    client, ids = house.client("uploader"), []
    for number, labels in enumerate((["beach"], ["beach", "Sea"], ["sea", "beach house"], ["sea"])):
        ids.append(house.upload(client, b"%d" % number, filename=f"{number}.txt"))
        client.patch(f"/api/v1/objects/{ids[-1]}", json={"tags": {"add": labels}})
    machine = (
        "INSERT INTO tag (owner, asset_id, label, source, space, asset_created_at)"
        " VALUES ('{owner}', '{id}', '{label}', 'zero-shot', '{space}', now())"
    )
    eve = house.client("uploader", owner="eve")
    hers = house.upload(eve, b"hers", filename="hers.txt")
    # Of a space that is not active nothing is said.
    house.rows(machine.format(owner="ada", id=ids[0], label="beach", space=""))
    house.rows(machine.format(owner="ada", id=ids[0], label="old", space="another"))
    house.rows(machine.format(owner="eve", id=hers, label="hers", space=""))

    def told(**asked: str) -> list[tuple[str, int, int, int]]:
        items = client.get("/api/v1/tags", params=asked).json()["items"]
        return [(one["label"], one["count"], one["by_hand"], one["by_machine"]) for one in items]

    everything = [("beach", 3, 2, 1), ("sea", 3, 3, 0), ("beach house", 1, 1, 0)]
    assert told() == everything
    assert told(prefix="BEACH") == [everything[0], everything[2]]
    assert told(prefix="50%") == told(prefix="each") == []
    page = client.get("/api/v1/tags?limit=1").json()
    assert ([one["label"] for one in page["items"]], page["more"]) == (["beach"], True)
    assert [one["label"] for one in eve.get("/api/v1/tags").json()["items"]] == ["hers"]
    for bad in ("limit=0", "limit=1001", "prefix=", "prefix=%00"):
        assert_problem(client.get(f"/api/v1/tags?{bad}"), 422)
