"""Drop anything: from a file in somebody's hand to an object, whatever comes between."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import FileChooser, Page, Request, Route, expect

from tests.browser.conftest import DESK, Opened
from tests.browser.looking import accessible, keep, scrolled, until
from tests.browser.people import Owner, newcomer
from tests.browser.uploads import (
    LONG,
    all_done,
    arrived,
    choose,
    drop,
    keep_from,
    made,
    of_the_store,
    part_number,
    row,
    sent_to_the_store,
    stored,
)

pytestmark = pytest.mark.browser

GALLERY = Path(__file__).resolve().parents[2] / "models" / "evaluation" / "gallery"


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

    choose(page, *pictures)
    drop(page, letter.read_bytes(), "text/plain", letter.name)

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


# What only some browsers have. Without it a reload asks for the files again; all else is the same.
_PLAINER = """() => {
  delete window.showOpenFilePicker;
  delete window.showDirectoryPicker;
  delete DataTransferItem.prototype.getAsFileSystemHandle;
  delete Navigator.prototype.locks;
}"""


# Files that may be seen and not read. What an entry is has no name; one of those dropped tells.
_LOCKED = """() => {
  const locked = new DOMException("It is locked.", "NotReadableError");
  const { getFile } = FileSystemFileHandle.prototype;
  FileSystemFileHandle.prototype.getFile = function () {
    return this.name === "locked.txt" ? Promise.reject(locked) : getFile.call(this);
  };
  const { webkitGetAsEntry } = DataTransferItem.prototype;
  DataTransferItem.prototype.webkitGetAsEntry = function () {
    const entry = webkitGetAsEntry.call(this);
    if (!entry.isFile) return entry;
    const { file } = entry;
    Object.getPrototypeOf(entry).file = function (done, failed) {
      return this.name === "locked.txt" ? failed(locked) : file.call(this, done, failed);
    };
    return entry;
  };
}"""


@pytest.mark.parametrize("browser", ["with handles", "without"])
def test_files_and_folders_are_dropped_on_any_page(
    page: Page, owner: Owner, tmp_path: Path, browser: str
) -> None:
    if browser == "without":
        page.add_init_script(f"({_PLAINER})()")
    page.add_init_script(f"({_LOCKED})()")
    album = tmp_path / "album"
    for name in ("locked.txt", "a.txt", "deep/locked.txt", "deep/b.txt"):
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

    def hovers() -> bool:
        """A hand never rests; where the page changed beneath it, one move is not enough."""
        drag("dragOver")
        return page.get_by_text("Drop to upload").is_visible()

    until(page, hovers)
    drag("drop")

    expect(page.get_by_text("“album/locked.txt”")).to_contain_text("“album/deep/locked.txt”")
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
    # Whichever of the two was hashed first
    assert [item["filename"] for item in stored(owner)] in (["once.txt"], ["again.txt"])


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


def test_a_large_file_whose_completion_was_not_heard_of_is_not_sent_again(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("status of 409")
    film = made(tmp_path, "film.bin", os.urandom(1_000_000) * 101)
    held: list[Route] = []

    def lose(route: Route) -> None:
        route.fetch()
        held.append(route)

    page.goto("/#/upload")
    page.route("**/complete", lose)
    choose(page, film)
    until(page, lambda: bool(held))
    page.get_by_role("button", name="Pause").click()
    page.unroute("**/complete", lose)
    with sent_to_the_store(page, owner) as requests:
        page.get_by_role("button", name="Resume").click()
        all_done(page, "1 of 1 file done")

    assert requests == []
    expect(row(page, "film.bin")).to_contain_text("Ready")
    assert len(owner.client.rows("SELECT 1 FROM asset WHERE owner = %s", owner.name)) == 1


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
    page.route(of_the_store(owner), keep_from(held))
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
    names = [made(tmp_path / "many", f"{number}.txt").name for number in range(500)]
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/#/upload")

    for enough in (1, 120, 300, 500):
        page.get_by_label("Choose folder").set_input_files(str(tmp_path / "many"))
        until(page, lambda enough=enough: arrived(owner) >= enough)  # type: ignore[misc]
        if enough < len(names):
            page.reload()

    expect(page.locator(".under-way")).to_be_empty()
    # Chosen again after it was done, a file is known: that leaves a record, and sends nothing.
    recorded = owner.client.rows(
        "SELECT filename FROM asset WHERE owner = %s AND status <> 'duplicate'", owner.name
    )
    assert sorted(row["filename"] for row in recorded) == sorted(names)
    assert arrived(owner) == len(names)


def test_pause_stops_and_resume_goes_on_wherever_one_is(
    page: Page, owner: Owner, tmp_path: Path
) -> None:
    held: list[Route] = []
    page.route(of_the_store(owner), keep_from(held))
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
    for by in (40, 400, 4000):
        told = scrolled(page, "li", by)
        print(by, told)
        assert told["most"] < 60
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
