"""Text that may hold anything its writer liked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from mammothbox.plain_text import lines, one_line

from tests.unit.tagging.conftest import UNHURRIED

ANY = st.text(st.characters() | st.sampled_from("\x00\x1b\r\n\u2028\u202e\u2066\ufeff\ud800"))


@UNHURRIED
@given(text=ANY, longest=st.integers(1, 50))
def test_one_line_is_one_line_of_harmless_text(text: str, longest: int) -> None:
    plain = one_line(text, longest)

    assert len(plain) <= longest
    assert len(plain.splitlines()) <= 1
    assert "\x00" not in plain
    assert plain == one_line(plain, longest)
    plain.encode()


@UNHURRIED
@given(text=ANY, longest=st.integers(1, 50))
def test_lines_are_lines_of_harmless_text(text: str, longest: int) -> None:
    plain = lines(text, longest)

    assert len(plain) <= longest
    assert all(line.strip() for line in plain.split("\n")) or plain == ""
    assert not set(plain) & set("\x00\x1b\r\u2028\u202e\u2066\ufeff")
    plain.encode()


def test_scripts_and_emoji_stay_whole() -> None:
    for text in ("家族 👨‍👩‍👧", "نمایش‌ها", "Zürich", "naïve café"):
        assert one_line(text, 100) == text


def test_a_long_text_shows_that_it_was_cut() -> None:
    assert one_line("one two three", 8) == "one two…"
