"""Drop anything: from a file in somebody's hand to an object, whatever comes between."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, FileChooser, Locator, Page, Request, Route, expect

from tests.browser.conftest import DESK, Opened
from tests.browser.looking import accessible, keep, until
from tests.browser.people import Owner, newcomer, signed_in
from tests.e2e.stack import run, start, started

pytestmark = pytest.mark.browser

LONG = 60_000
WHEN_RUNNING = re.compile("net::ERR_CONNECTION_REFUSED|net::ERR_FAILED|net::ERR_EMPTY_RESPONSE")
GALLERY = Path(__file__).resolve().parents[2] / "models" / "evaluation" / "gallery"


def made(folder: Path, name: str, content: bytes | None = None) -> Path:
    """A file with bytes nobody sent before."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(400) if content is None else content)
    return path


def choose(page: Page, *paths: Path) -> None:
    page.get_by_label("Choose files", exact=True).set_input_files([str(path) for path in paths])


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=name)


def all_done(page: Page, told: str) -> None:
    """The page says so, aloud too."""
    expect(page.get_by_text(f"All done: {told}")).to_be_attached(timeout=LONG)


def stored(owner: Owner) -> list[dict[str, Any]]:
    """Every object of the owner that is no duplicate of another."""
    items: list[dict[str, Any]] = owner.http.get("objects", params={"limit": 200}).json()["items"]
    return [item for item in items if item["status"] != "duplicate"]


@contextmanager
def sent_to_the_store(page: Page, owner: Owner) -> Iterator[list[Request]]:
    """The requests that carry bytes to S3 meanwhile."""
    store = owner.client.env["AWS_ENDPOINT_URL"]
    seen: list[Request] = []

    def note(request: Request) -> None:
        if request.url.startswith(store) and request.method in ("POST", "PUT"):
            seen.append(request)

    page.on("request", note)
    yield seen
    page.remove_listener("request", note)


def keep_from(held: list[Route]) -> Callable[[Route], None]:
    """A handler under which requests get no further than this list."""

    def hold(route: Route) -> None:
        held.append(route)

    return hold


def part_number(url: str) -> int:
    return int(parse_qs(urlsplit(url).query)["partNumber"][0])


def test_files_are_sent_processed_and_lead_to_their_objects(
    page: Page, owner: Owner, tmp_path: Path
) -> None:
    pictures = sorted(GALLERY.glob("*.webp"))[:5]
    letter = made(tmp_path, "letter.txt", b"Dear mammoth " + os.urandom(8).hex().encode())
    page.goto("/#/upload")
    keep(page, "upload-empty")
    accessible(page)
    page.get_by_text("Collection and comments").click()
    page.get_by_label("Comments on what is added next").fill("from the attic")

    choose(page, *pictures, letter)

    all_done(page, "6 of 6 files done")
    expect(row(page, "letter.txt")).to_contain_text("Ready")
    accessible(page)
    keep(page, "upload-done")
    page.get_by_role("link", name="Open letter.txt").click()
    expect(page).to_have_url(re.compile("#/objects/[0-9a-f-]{36}$"))
    system_id = page.url.rsplit("/", 1)[1]
    assert owner.client.object(system_id)["comments"] == "from the attic"
    assert len(stored(owner)) == 6


def test_a_folder_comes_with_all_that_is_in_it(page: Page, owner: Owner, tmp_path: Path) -> None:
    album = tmp_path / "album"
    for name in ("a.txt", "b.txt", "deep/er/c.txt"):
        made(album, name)
    page.goto("/#/upload")

    page.get_by_label("Choose folder").set_input_files(str(album))

    all_done(page, "3 of 3 files done")
    expect(row(page, "album/deep/er/c.txt")).to_contain_text("Ready")
    assert sorted(item["filename"] for item in stored(owner)) == ["a.txt", "b.txt", "c.txt"]


def test_files_and_folders_are_dropped_on_any_page(
    page: Page, owner: Owner, tmp_path: Path
) -> None:
    album = tmp_path / "album"
    for name in ("a.txt", "deep/b.txt"):
        made(album, name)
    loose = made(tmp_path, "loose.txt")
    page.goto("/#/operations")
    expect(page.get_by_role("heading", level=1, name="Operations")).to_be_visible()

    # As the desktop does it: only then does the browser tell folders from files.
    desktop = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(album), str(loose)], "dragOperationsMask": 1}

    def drag(what: str) -> None:
        there = {"type": what, "x": 600, "y": 400, "data": data}
        desktop.send("Input.dispatchDragEvent", there)

    drag("dragEnter")
    drag("dragOver")
    expect(page.get_by_text("Drop to upload")).to_be_visible()
    drag("drop")

    all_done(page, "3 of 3 files done")
    expect(page).to_have_url(re.compile("#/upload$"))
    expect(row(page, "album/deep/b.txt")).to_contain_text("Ready")
    assert len(stored(owner)) == 3


def test_what_the_library_has_is_not_sent_again(page: Page, owner: Owner, tmp_path: Path) -> None:
    once = made(tmp_path, "once.txt")
    again = made(tmp_path, "again.txt", once.read_bytes())
    page.goto("/#/upload")

    with sent_to_the_store(page, owner) as requests:
        choose(page, once, again)
        all_done(page, "2 of 2 files done")
        choose(page, made(tmp_path, "later.txt", once.read_bytes()))
        expect(row(page, "later.txt")).to_contain_text("nothing was sent", timeout=LONG)
        all_done(page, "3 of 3 files done")

    assert len(requests) == 1
    assert [item["filename"] for item in stored(owner)] == ["once.txt"]


def test_a_large_file_goes_on_after_a_reload(page: Page, owner: Owner, tmp_path: Path) -> None:
    film = made(tmp_path, "film.bin", os.urandom(1_000_000) * 120)
    page.on("dialog", lambda dialog: dialog.accept())
    arrived: set[int] = set()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if part_number(route.request.url) > 5:
            held.append(route)
        else:
            route.continue_()

    def note(request: Request) -> None:
        if request.method == "PUT":
            arrived.add(part_number(request.url))

    page.goto("/#/upload")
    page.route("**/*partNumber=*", hold)
    page.on("requestfinished", note)
    choose(page, film)
    expect(row(page, "film.bin")).to_contain_text("Sending", timeout=LONG)
    until(page, lambda: arrived >= {1, 2, 3, 4, 5} and bool(held))
    keep(page, "upload-under-way")
    before = set(arrived)
    page.reload()
    page.unroute("**/*partNumber=*")

    expect(row(page, "film.bin")).to_contain_text("choose the file again", timeout=LONG)
    accessible(page)
    keep(page, "upload-after-reload")
    with sent_to_the_store(page, owner) as requests:
        choose(page, film)
        all_done(page, "1 of 1 file done")

    numbers = [part_number(request.url) for request in requests]
    assert sorted(numbers) == sorted(set(range(1, 16)) - before)
    [item] = stored(owner)
    assert (item["filename"], item["size_bytes"]) == ("film.bin", 120_000_000)


_KEEPING = """() => {
  window.showOpenFilePicker = async () => {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle("kept.txt", { create: true });
    const writable = await handle.createWritable();
    await writable.write(`kept ${Math.random()}`);
    await writable.close();
    return [handle];
  };
}"""


def test_a_kept_file_goes_on_by_itself_and_in_one_tab_only(page: Page, owner: Owner) -> None:
    held: list[Route] = []
    page.route(f"{owner.client.env['AWS_ENDPOINT_URL']}/**", keep_from(held))
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/#/upload")
    page.evaluate(_KEEPING)
    page.get_by_role("button", name="Choose files").click()
    until(page, lambda: len(held) == 1)

    other = page.context.new_page()
    with sent_to_the_store(other, owner) as requests:
        other.goto("/#/upload")
        expect(other.get_by_role("heading", name="Drop anything here")).to_be_visible()
        other.wait_for_load_state("networkidle")
        expect(other.get_by_role("listitem")).to_have_count(0)
        assert requests == []
    other.close()
    page.unroute_all()
    page.reload()

    all_done(page, "1 of 1 file done")
    assert [item["filename"] for item in stored(owner)] == ["kept.txt"]


def test_reloads_in_the_middle_store_everything_once(
    page: Page, owner: Owner, tmp_path: Path
) -> None:
    files = [made(tmp_path, f"{number}.txt") for number in range(40)]
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/#/upload")

    for enough in (1, 12, 25):
        choose(page, *files)
        until(page, lambda enough=enough: len(stored(owner)) >= enough)  # type: ignore[misc]
        page.reload()
    choose(page, *files)
    expect(page.get_by_text("All done")).to_be_attached(timeout=LONG)

    until(page, lambda: all(item["status"] == "ready" for item in stored(owner)))
    assert sorted(item["filename"] for item in stored(owner)) == sorted(p.name for p in files)


def test_pause_stops_and_resume_goes_on_wherever_one_is(
    page: Page, owner: Owner, tmp_path: Path
) -> None:
    held: list[Route] = []
    page.route(f"{owner.client.env['AWS_ENDPOINT_URL']}/**", keep_from(held))
    page.goto("/#/upload")
    choose(page, *(made(tmp_path, f"{number}.txt") for number in range(6)))
    until(page, lambda: len(held) == 4)

    page.get_by_role("button", name="Pause").click()
    expect(row(page, "0.txt")).to_contain_text("Paused")
    expect(page.get_by_role("link", name="Uploads paused")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("link", name="Search", exact=True).click()

    until(page, lambda: len(stored(owner)) == 6)
    expect(page.locator(".under-way")).to_be_empty()
    page.get_by_role("link", name="Upload", exact=True).click()
    all_done(page, "6 of 6 files done")


def test_a_stopped_server_is_waited_for(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    home = tmp_path_factory.mktemp("stopping")
    with started(home) as stack:
        owner = newcomer(stack, "patient", "admin")
        context = signed_in(chromium, owner, DESK)
        page = context.new_page()
        page.goto("/#/upload")
        held: list[Route] = []
        page.route(f"{stack.env['AWS_ENDPOINT_URL']}/**", keep_from(held))
        choose(page, *(made(tmp_path, f"{number}.txt") for number in range(8)))
        until(page, lambda: len(held) == 4)
        run("down", home)
        stack.process.wait(timeout=60)
        page.unroute_all()
        choose(page, made(tmp_path, "later.txt"))
        expect(page.get_by_text("The server does not answer")).to_be_visible(timeout=LONG)
        expect(row(page, "later.txt")).to_contain_text("Waiting for the server", timeout=LONG)
        keep(page, "upload-server-stopped")

        again = start(home, int(urlsplit(stack.env["MAMMOTHBOX_URL"]).port or 0))
        try:
            all_done(page, "9 of 9 files done")
            expect(page.get_by_text("The server does not answer")).to_be_hidden()
            assert len(stored(owner)) == 9
        finally:
            context.close()
            run("down", home)
            again.process.wait(timeout=60)
            owner.client.open.close()


def test_a_pasted_picture_is_uploaded(page: Page, owner: Owner) -> None:
    page.goto("/#/upload")
    expect(page.get_by_role("heading", name="Drop anything here")).to_be_visible()

    page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([`pasted ${Math.random()}`], "note.txt"));
          const told = { clipboardData, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new ClipboardEvent("paste", told));
        }"""
    )

    all_done(page, "1 of 1 file done")
    assert [item["filename"] for item in stored(owner)] == ["note.txt"]


def test_what_failed_says_why_and_can_be_replayed(page: Page, owner: Owner, tmp_path: Path) -> None:
    broken = made(tmp_path, "broken.jpg", b"\xff\xd8\xff\xe0" + os.urandom(200))
    empty = made(tmp_path, "empty.txt", b"")
    page.goto("/#/upload")

    choose(page, broken, empty)

    expect(row(page, "empty.txt")).to_contain_text("The file is empty")
    expect(row(page, "broken.jpg")).to_contain_text("The picture is damaged", timeout=LONG)
    page.get_by_role("button", name="Needs you 2").click()
    accessible(page)
    keep(page, "upload-failed")
    with page.expect_response("**/replay") as answer:
        page.get_by_role("button", name="Replay broken.jpg").click()
    assert answer.value.status == 202
    [item] = stored(owner)

    def failed_twice() -> bool:
        events = owner.http.get(f"objects/{item['system_id']}/lineage").json()["items"]
        return [event["event"] for event in events].count("stage.failed") == 2

    until(page, failed_twice)
    expect(row(page, "broken.jpg")).to_contain_text("The picture is damaged", timeout=LONG)


def test_a_store_that_fails_is_tried_again_and_one_that_refuses_is_quoted(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("status of (500|400)")
    answers = [(500, ""), (500, ""), (400, "<Error><Message>Not on a Sunday.</Message></Error>")]

    def answer(route: Route) -> None:
        if not answers:
            route.continue_()
            return
        status, body = answers.pop(0)
        cross_origin = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(status=status, body=body, headers=cross_origin)

    page.route(f"{owner.client.env['AWS_ENDPOINT_URL']}/**", answer)
    page.goto("/#/upload")
    choose(page, made(tmp_path, "a.txt"))

    expect(row(page, "a.txt")).to_contain_text("Not on a Sunday.", timeout=LONG)
    choose(page, made(tmp_path, "b.txt", b""))
    page.get_by_role("button", name="Remove b.txt").focus()
    page.keyboard.press("Enter")
    again = page.get_by_role("button", name="Try again a.txt")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")

    all_done(page, "1 of 1 file done")
    assert [item["filename"] for item in stored(owner)] == ["a.txt"]


def test_a_file_that_changed_since_it_was_chosen_is_not_sent(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("ERR_UPLOAD_FILE_CHANGED|ERR_FILE_NOT_FOUND|ERR_FAILED")
    held: list[Route] = []
    page.route(f"{owner.client.env['AWS_ENDPOINT_URL']}/**", keep_from(held))
    page.goto("/#/upload")
    diary = made(tmp_path, "diary.txt")
    choose(page, diary)
    until(page, lambda: len(held) == 1)
    page.get_by_role("button", name="Pause").click()
    made(tmp_path, "diary.txt", b"another day, another story")
    os.utime(diary, (1, 1))
    page.unroute_all()

    page.get_by_role("button", name="Resume").click()

    expect(row(page, "diary.txt")).to_contain_text("was changed, moved or removed", timeout=LONG)
    assert [item["status"] for item in stored(owner)] == ["awaiting_upload"]


def test_a_name_the_server_refuses_does_not_hold_up_the_others(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("status of 422")
    page.goto("/#/upload")

    choose(page, made(tmp_path, "fine.txt"), made(tmp_path, "bell\x07.txt"))

    expect(row(page, "bell")).to_contain_text("control characters", timeout=LONG)
    expect(row(page, "fine.txt")).to_contain_text("Ready", timeout=LONG)
    assert [item["filename"] for item in stored(owner)] == ["fine.txt"]


def test_with_the_keyboard_alone(page: Page, owner: Owner, tmp_path: Path) -> None:
    letter = made(tmp_path, "letter.txt")
    page.add_init_script("delete window.showOpenFilePicker")
    choosers: list[FileChooser] = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))  # noqa: PLW0108
    page.goto("/#/upload")
    button = page.get_by_role("button", name="Choose files")
    expect(button).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break

    page.keyboard.press("Enter")
    until(page, lambda: bool(choosers))
    choosers[0].set_files(str(letter))

    expect(row(page, "letter.txt")).to_contain_text("Ready", timeout=LONG)
    open_it = page.get_by_role("link", name="Open letter.txt")
    for _ in range(30):
        page.keyboard.press("Tab")
        if open_it.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#/objects/"))


def test_on_a_phone(phone: Page, tmp_path: Path) -> None:
    phone.goto("/#/upload")
    accessible(phone)

    broken = made(tmp_path, "broken.jpg", b"\xff\xd8\xff\xe0" + os.urandom(200))
    choose(phone, made(tmp_path, f"{'long name ' * 12}.txt"), broken)

    all_done(phone, "2 of 2 files done")
    accessible(phone)
    keep(phone, "upload-phone")


def test_ten_thousand_files_are_a_bounded_page(page: Page) -> None:
    page.goto("/#/upload")
    page.evaluate(
        """async () => {
          const uploader = await import("/js/uploading/uploader.js");
          await uploader.start();
          uploader.pause();
          await uploader.add(Array.from({ length: 10_000 }, (_, at) => {
            const file = new File([`${at} ${Math.random()}`], `${at}.txt`);
            return { file, path: file.name, handle: null, root: null };
          }));
        }"""
    )

    expect(page.get_by_role("button", name="All 10,000")).to_be_visible()
    assert page.get_by_role("listitem").count() < 40
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(row(page, "9999.txt")).to_be_visible()
    assert page.get_by_role("listitem").count() < 40
    assert page.evaluate("document.querySelectorAll('*').length") < 800


def test_a_viewer_is_told_what_is_needed(opened: Opened, owner: Owner) -> None:
    viewer = newcomer(owner.client, owner.name, "viewer")
    page = opened(viewer, DESK).new_page()

    page.goto("/#/upload")

    expect(page.get_by_text("this needs “uploader” or more")).to_be_visible()
    expect(page.get_by_role("link", name="Upload", exact=True)).to_be_hidden()
    viewer.client.open.close()
