"""Cutting a JSON body into its objects, and saying where it goes wrong."""

from __future__ import annotations

import time

import pytest
from mammothbox.errors import Refused
from mammothbox.uploads.ingest import MOST_OBJECTS, split_json

SPLIT = {
    "one object": ('{"a": 1}', ['{"a": 1}']),
    "spaces around": (' \r\n\t{"a": 1}\n ', ['{"a": 1}']),
    "one in an array": ('[{"a": 1}]', ['{"a": 1}']),
    "several": ('[ {"a": 1} ,\n{"b": 2}\t]', ['{"a": 1}', '{"b": 2}']),
    "empty objects": ("[{},{}]", ["{}", "{}"]),
    "digits are kept": ('{"a": 1.10, "b": 1e400}', ['{"a": 1.10, "b": 1e400}']),
    "repeated keys are kept": ('{"a": 1, "a": 2}', ['{"a": 1, "a": 2}']),
    "escapes are kept": ('{"\\u0061": "\\/"}', ['{"\\u0061": "\\/"}']),
    "brackets in strings": ('[{"a": "},]["}]', ['{"a": "},]["}']),
    "nested": ('[{"a": [{"b": {}}]}]', ['{"a": [{"b": {}}]}']),
}

REFUSED = {
    "nothing": ("", "empty_payload", "send a JSON object"),
    "only spaces": ("  \n", "empty_payload", "send a JSON object"),
    "a number": ("12", "not_an_object", "character 0"),
    "a string": ('"text"', "not_an_object", "character 0"),
    "null": ("null", "not_an_object", "character 0"),
    "an empty array": ("[]", "empty_payload", "at least one JSON object"),
    "an array of numbers": ("[1]", "not_an_object", "character 1"),
    "a number among objects": ('[{"a": 1}, 2]', "not_an_object", "character 11"),
    "an array of arrays": ("[[{}]]", "not_an_object", "character 1"),
    "a comma at the end": ("[{},]", "not_an_object", "character 4"),
    "no comma": ("[{} {}]", "invalid_json", "character 4"),
    "no closing bracket": ("[{}", "invalid_json", "character 3"),
    "no closing brace": ('{"a": 1', "invalid_json", "character 7"),
    "something after the object": ("{} {}", "invalid_json", "character 3"),
    "something after the array": ("[{}]x", "invalid_json", "character 4"),
    "single quotes": ("{'a': 1}", "invalid_json", "character 1"),
    "a control character": ('{"a": "\n"}', "invalid_json", "character 7"),
    "NaN": ('{"a": NaN}', "invalid_json", "NaN"),
    "Infinity": ('{"a": -Infinity}', "invalid_json", "-Infinity"),
    "a comment": ("{} // why", "invalid_json", "character 3"),
    "a no-break space": ("\xa0{}", "not_an_object", "character 0"),
}


@pytest.mark.parametrize(("text", "elements"), SPLIT.values(), ids=SPLIT)
def test_objects_come_out_as_they_were_sent(text: str, elements: list[str]) -> None:
    assert split_json(text) == elements


@pytest.mark.parametrize(("text", "code", "where"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_object_is_refused_with_its_place(text: str, code: str, where: str) -> None:
    with pytest.raises(Refused) as raised:
        split_json(text)

    assert (raised.value.status, raised.value.code) == (422, code)
    assert where in raised.value.detail


def test_as_many_objects_as_fit() -> None:
    assert split_json("[" + ",".join(["{}"] * MOST_OBJECTS) + "]") == ["{}"] * MOST_OBJECTS


def test_one_object_too_many() -> None:
    with pytest.raises(Refused) as raised:
        split_json("[" + ",".join(["{}"] * (MOST_OBJECTS + 1)) + "]")

    assert raised.value.code == "too_many_objects"
    assert str(MOST_OBJECTS) in raised.value.detail


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_nested_too_deeply_is_refused(opening: str) -> None:
    with pytest.raises(Refused) as raised:
        split_json('{"a":' + opening * 100_000)

    assert raised.value.code == "too_deep"


def test_a_number_of_a_million_digits_costs_nothing() -> None:
    """Converting it would take Python minutes, and is forbidden besides."""
    text = '{"a": ' + "9" * 1_000_000 + "}"
    began = time.process_time()

    assert split_json(text) == [text]
    assert time.process_time() - began < 1
