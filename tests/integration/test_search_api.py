"""Search as clients meet it: over HTTP, with pictures and documents that went the whole way."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from mammothbox import model_wiring
from mammothbox.errors import Retryable
from mammothbox.searching import by_text
from PIL import Image
from starlette.testclient import TestClient

from functions.search.handler import handler
from tests.house import House, event
from tests.integration.test_errors import assert_problem

# One process loads the model and the vectors of the labels for all of these.
pytestmark = pytest.mark.xdist_group("models")

GALLERY = Path(__file__).parents[2] / "models" / "evaluation" / "gallery"
BERLIN, PARIS = (52.5, 13.25), (48.75, 2.25)
# What each is, when it was taken, and where.
PHOTOS = {
    "cat": ("2023:12:24 18:00:00", BERLIN),
    "brandenburg-gate": ("2024:05:01 12:00:00", BERLIN),
    "arc-de-triomphe": ("2024:05:30 12:00:00", PARIS),
    "baseball": ("2024:06:02 12:00:00", None),
}
ORDER = '{"item": "galoshes", "town": "Timbuktu", "pairs": 3, "weight": 0.12345678901234567890}'
LONG_ORDER = json.dumps({"item": "gumboots", "note": "wet " * 1100})


@dataclass
class Library:
    """A house with a few pictures and a document in it, and who looks into it."""

    house: House
    client: TestClient
    ids: dict[str, UUID]

    def search(self, **asked: Any) -> dict[str, Any]:
        return found(self.client, "search", **asked)

    def names(self, **asked: Any) -> list[str]:
        named = {str(asset_id): name for name, asset_id in self.ids.items()}
        return [named[result["id"]] for result in self.search(**asked)["results"]]


def found(client: TestClient, path: str, **asked: Any) -> dict[str, Any]:
    asked = {name.rstrip("_"): value for name, value in asked.items()}
    answer = client.get(f"/api/v1/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def photo(name: str) -> bytes:
    """A photo of the gallery that tells when and where it was taken."""
    taken_at, place = PHOTOS[name]
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "EOS R6"
    exif.get_ifd(0x8769)[0x9003] = taken_at
    if place is not None:
        gps = exif.get_ifd(0x8825)
        for at, sign, degrees in ((1, "N", place[0]), (3, "E", place[1])):
            gps[at], gps[at + 1] = sign, (degrees // 1, degrees % 1 * 60, 0.0)
    body = io.BytesIO()
    Image.open(GALLERY / f"{name}.webp").convert("RGB").save(body, "JPEG", exif=exif, quality=95)
    return body.getvalue()


@pytest.fixture
def library(house: House) -> Iterator[Library]:
    client = house.client()
    ids = {
        # The names give nothing away.
        name: house.upload(client, photo(name), filename=f"{number}.jpg")
        for number, name in enumerate(PHOTOS, start=1000)
    }
    ids["order"] = house.upload(
        client, f"{ORDER}\n{LONG_ORDER}".encode(), filename="order.json", collection="orders"
    )
    house.run_queues()
    house.sweep()
    house.run_queues()
    yield Library(house, client, ids)


def test_words_pictures_and_documents_are_found_in_one_list(library: Library) -> None:
    assert library.names(query="a cat")[0] == "cat"
    assert library.names(query="galoshes")[0] == "order"
    assert set(library.names(query="canon", type="media", min_score=0.5)) == {*PHOTOS}
    assert library.names(query="camera:canon before:2024") == ["cat"]
    assert library.names(kind="image", from_="2024-05", to="2024-06") == [
        "arc-de-triomphe",
        "brandenburg-gate",
    ]
    # A comma means any and a repeated filter all, in parameters as in the text.
    assert library.names(bbox="2,48,3,49", tags="canon eos r6,nothing") == ["arc-de-triomphe"]
    assert library.names(bbox="2,48,3,49", query='tag:nothing,"canon eos r6"') == [
        "arc-de-triomphe"
    ]
    assert library.names(tags=["canon eos r6", "nothing"]) == []
    # The same on a map, of which a part is seen.
    for bbox, count in (("-180,-90,180,90", 3), ("2,48,3,49", 1)):
        spots = found(library.client, "map", query="canon", min_score=0.5, bbox=bbox)["items"]
        assert sum(spot["count"] for spot in spots) == count
    assert found(library.client, "map", query="galoshes", min_score=0.5)["items"] == []
    # A misspelt word is looked for as what was meant.
    body = library.search(query="basebll")
    assert body["corrected"] == "baseball"
    assert body["results"][0]["id"] == str(library.ids["baseball"])


def test_a_result_shows_what_it_is_and_why(library: Library) -> None:
    body = library.search(query="kitten", explain=True)

    best = body["results"][0]
    assert (best["id"], best["kind"], best["filename"]) == (
        str(library.ids["cat"]),
        "image",
        "1000.jpg",
    )
    assert "cat" in [tag["label"] for tag in best["tags"]]
    assert (best["location"]["latitude"], best["location"]["longitude"]) == BERLIN
    assert urlsplit(best["thumbnail"]).path.endswith(f"{best['id']}/thumb-300.webp")
    assert best["uri"]
    assert 0 < best["similarity"] < 1
    assert [why["retriever"] for why in best["why"]] == ["vector"]
    assert best["why"][0]["distance"] == pytest.approx(1 - best["similarity"])
    assert {step["retriever"] for step in body["plan"]} == {"vector", "words", "documents", "tags"}
    order = library.search(query="galoshes", limit=1)["results"][0]
    assert (order["collection"], order["why"]) == ("orders", None)


def test_a_document_is_shown_digit_for_digit(library: Library) -> None:
    client = library.client

    short = client.get("/api/v1/search", params={"query": "galoshes", "limit": 1})
    long = library.search(query="gumboots", limit=1)["results"][0]

    assert f'"document":{ORDER}' in short.text
    (found,) = short.json()["results"]
    one = client.get(f"/api/v1/collections/orders/documents/{found['document_id']}")
    assert f'"doc":{ORDER}' in one.text
    assert one.json()["system_id"] == found["id"] == str(library.ids["order"])
    # What is long is shown when it is asked for.
    assert long["document"] is None
    one = client.get(f"/api/v1/collections/orders/documents/{long['document_id']}")
    assert one.json()["doc"] == json.loads(LONG_ORDER)


def test_an_exact_duplicate_is_shown_as_what_it_is_one_of(library: Library) -> None:
    client, cat = library.client, library.ids["cat"]
    copy = library.house.upload(client, photo("cat"), filename="copy.jpg")
    library.house.run_queues()

    (shown,) = library.search(duplicates="only")["results"]
    (original,) = library.search(query="camera:canon before:2024")["results"]

    assert (shown["id"], shown["filename"]) == (str(copy), "copy.jpg")
    for name in ("width", "height", "tags", "taken_at", "location"):
        assert shown[name] == original[name] is not None, name
    for each in (
        shown,
        original,
        found(client, "timeline", duplicates="only")["items"][0]["cover"],
    ):
        assert urlsplit(each["thumbnail"]).path.endswith(f"{cat}/thumb-300.webp")
    # What it is shown with it is found by, and by what is said of the original since.
    said = client.patch(f"/api/v1/objects/{cat}", json={"tags": {"add": ["Whiskers"]}})
    assert said.status_code == 200, said.text
    for query in ("camera:canon before:2024", "has:place", "tag:whiskers", "whiskers"):
        assert [
            each["id"] for each in library.search(query=query, duplicates="only")["results"]
        ] == [str(copy)], query
    like = [
        client.post("/api/v1/search/by-image", json={"system_id": str(each)}).json()["results"]
        for each in (copy, cat)
    ]
    assert [result["id"] for result in like[0]] == [result["id"] for result in like[1]] != []


def test_what_a_copy_alone_was_tagged_with_is_found_among_copies(library: Library) -> None:
    client, cat = library.client, library.ids["cat"]
    copy = library.house.upload(client, photo("cat"), filename="copy.jpg")
    library.house.run_queues()

    said = client.patch(f"/api/v1/objects/{copy}", json={"tags": {"add": ["Tomcat"]}})
    assert said.status_code == 200, said.text

    assert library.search(query="tag:tomcat")["results"] == []
    (shown,) = library.search(query="tag:tomcat duplicates:include")["results"]
    assert shown["id"] == str(copy)
    # By its name the one is found that it is the same as.
    assert str(cat) in [each["id"] for each in library.search(query="copy.jpg")["results"]]


def test_what_was_asked_once_needs_no_model_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = library.search(query="a gate")

    def no_model(space: str, text: str) -> list[float]:
        raise Retryable("space_unavailable", "No model is here.")

    monkeypatch.setattr(by_text, "embed", no_model)
    again = library.search(query="A  gate")
    without = library.search(query="galoshes")

    scores = [[(each["id"], each["score"]) for each in page["results"]] for page in (first, again)]
    assert scores[0] == scores[1]
    # A text that was not asked before goes on without its vector, and the plan says so.
    assert [result["id"] for result in without["results"]] == [str(library.ids["order"])]
    assert {"retriever": "vector", "plan": "none: space_unavailable"}.items() <= next(
        step for step in without["plan"] if step["retriever"] == "vector"
    ).items()


def test_pages_of_a_list_end_and_are_bound_to_what_was_asked(library: Library) -> None:
    pages, cursor = [], None
    while True:
        page = library.search(kind="image", limit=1, **({"cursor": cursor} if cursor else {}))
        pages += [result["id"] for result in page["results"]]
        if (cursor := page["next_cursor"]) is None:
            break
        last = cursor

    newest = ["baseball", "arc-de-triomphe", "brandenburg-gate", "cat"]
    assert pages == [str(library.ids[name]) for name in newest]
    for asked in ({"kind": "video"}, {"kind": "image", "query": "cat"}):
        answer = library.client.get("/api/v1/search", params={**asked, "cursor": last})
        assert assert_problem(answer, 422)["code"] == "invalid_cursor"
    library.house.rows("UPDATE frozen_search SET expires_at = now()")
    answer = library.client.get("/api/v1/search", params={"kind": "image", "cursor": last})
    assert assert_problem(answer, 410)["code"] == "cursor_expired"


def test_a_picture_finds_what_looks_like_it(library: Library) -> None:
    """As bytes, in a form, or as an object of the library, which is not like itself."""
    client, path = library.client, "/api/v1/search/by-image"
    cat = photo("cat")
    in_form = {"file": ("a.jpg", cat, "image/jpeg")}

    for answer in (
        client.post(path, content=cat, headers={"Content-Type": "image/jpeg"}),
        client.post(path, files=in_form),
        client.post(f"{path}?query=camera:canon&limit=1", files=in_form),
    ):
        best = answer.json()["results"][0]
        assert best["id"] == str(library.ids["cat"])
        assert best["similarity"] > 0.999
    like = client.post(f"{path}?to=2024-06", json={"system_id": str(library.ids["cat"])}).json()
    assert {result["id"] for result in like["results"]} == {
        str(library.ids[name]) for name in ("brandenburg-gate", "arc-de-triomphe")
    }
    assert client.post(f"{path}?min_score=0.99", files=in_form).json()["results"][1:] == []


def test_a_picture_comes_through_api_gateway_in_base64(library: Library) -> None:
    request = json.loads(event("api_gateway_search.json"))
    request |= {
        "path": "/api/v1/search/by-image",
        "httpMethod": "POST",
        "multiValueQueryStringParameters": {"limit": ["1"]},
        "body": base64.b64encode(photo("cat")).decode("ascii"),
        "isBase64Encoded": True,
    }
    key = f"Bearer {library.house.key('viewer')}"
    request["multiValueHeaders"] |= {"Authorization": [key], "Content-Type": ["image/jpeg"]}
    request["headers"] |= {"Authorization": key, "Content-Type": "image/jpeg"}

    answer = handler(request, library.house.context)  # type: ignore[arg-type]

    assert answer["statusCode"] == 200, answer
    [best] = json.loads(answer["body"])["results"]
    assert best["id"] == str(library.ids["cat"])


def test_what_is_no_picture_is_refused(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    client, path = library.client, "/api/v1/search/by-image"
    broken, said = photo("cat")[:2000], []
    for content, content_type, status, code in (
        (b"", "image/png", 422, "empty_file"),
        (b"words", "image/png", 415, "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", 415, "not_an_image"),
        (broken, "text/plain", 415, "unsupported_media_type"),
        (b"{", "application/json", 422, "invalid_request"),
        (b"--", "multipart/form-data; boundary=b", 422, "incomplete_form"),
        (bytes(5 * 1024**2), "image/png", 413, "body_too_large"),
    ):
        answer = client.post(path, content=content, headers={"Content-Type": content_type})
        problem = assert_problem(answer, status)
        assert problem["code"] == code, content[:10]
        said.append(problem["detail"])
    assert "this is image/svg+xml, which is none" in said[2]
    assert "Invalid JSON: EOF" in said[4]
    assert "make the picture smaller" in said[-1]
    cat = {"system_id": str(library.ids["cat"])}
    for asked, code in (
        ("query=cat", "words_not_compared"),
        ("type=document", "documents_not_compared"),
        ("query=type:document", "documents_not_compared"),
    ):
        assert assert_problem(client.post(f"{path}?{asked}", json=cat), 422)["code"] == code
    answer = client.post(path, content=broken[:100], headers={"Content-Type": "image/jpeg"})
    assert 400 <= assert_problem(answer)["status"] < 500
    order = {"system_id": str(library.ids["order"])}
    assert assert_problem(client.post(path, json=order), 409)["code"] == "no_vector"

    def no_model(space: str) -> None:
        raise Retryable("space_unavailable", "No model is here.")

    monkeypatch.setattr(model_wiring, "encoder", no_model)
    answer = client.post(path, files={"file": ("a.jpg", photo("cat"))})
    assert assert_problem(answer, 503)["code"] == "model_unavailable"


def test_nobody_finds_what_is_anothers(library: Library) -> None:
    bob = library.house.client(owner="bob")
    cat = {"system_id": str(library.ids["cat"])}
    saved = library.client.post("/api/v1/searches", json={"name": "all"}).json()
    cursor = library.search(kind="image", limit=1)["next_cursor"]

    for query in ("", "cat", "galoshes", "canon", "basebll"):
        body = found(bob, "search", query=query)
        assert (body["results"], body["corrected"]) == ([], None)
    for path in ("timeline", "map", "searches"):
        assert found(bob, path)["items"] == []
    for answer in (
        bob.post("/api/v1/search/by-image", json=cat),
        bob.get("/api/v1/search", params={"saved": saved["id"]}),
        bob.get(f"/api/v1/searches/{saved['id']}"),
        bob.delete(f"/api/v1/searches/{saved['id']}"),
    ):
        assert_problem(answer, 404)
    picture = bob.post("/api/v1/search/by-image", files={"file": ("a.jpg", photo("cat"))})
    assert picture.json()["results"] == []
    taken = bob.get("/api/v1/search", params={"kind": "image", "cursor": cursor})
    assert assert_problem(taken, 410)["code"] == "cursor_expired"
    # An operator sees it, but not where that was.
    operator = library.house.client("operator", owner="ops")
    assert found(operator, "search", owner="ada", query="cat")["results"][0]["location"] is None
    for path in (
        "map",
        "search?bbox=2,48,3,49",
        "search?query=has:place",
        "timeline?has_place=true",
    ):
        separator = "&" if "?" in path else "?"
        answer = operator.get(f"/api/v1/{path}{separator}owner=ada")
        assert assert_problem(answer, 403)["code"] == "place_withheld", path
