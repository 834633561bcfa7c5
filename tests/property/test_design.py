"""Any documents get a design in which every value has its place, and which only ever widens."""

from __future__ import annotations

import json

from hypothesis import given
from mammothbox.documents import design as designs
from mammothbox.documents import drift
from mammothbox.documents.column_types import column_type, widened
from mammothbox.documents.decide import decide
from mammothbox.documents.design import TableDesign, design
from mammothbox.documents.evolve import changes, next_design
from mammothbox.documents.pointers import pointer
from mammothbox.documents.profile import Profile, merge, profile_of
from mammothbox.documents.values import JsonValue

from tests.json_values import DOCUMENTS

Documents = list[JsonValue]


def designed(profile: Profile) -> TableDesign:
    return design(profile, decide(profile))


@given(DOCUMENTS)
def test_every_field_at_the_top_has_a_column_or_its_keys_have(values: Documents) -> None:
    profile = profile_of(values)

    made = designed(profile)

    paths = [column.path for column in made.columns]
    assert {path[:1] for path in paths} == set(profile.top())
    assert len(set(paths)) == len(paths)
    assert not any(one != other and other[: len(one)] == one for one in paths for other in paths)
    assert len({column.name for column in made.columns}) == len(paths)
    assert sum(column.indexed for column in made.columns) <= 5


@given(DOCUMENTS)
def test_a_column_is_as_wide_as_all_that_was_seen(values: Documents) -> None:
    profile = profile_of(values)

    for column in designed(profile).columns:
        known = profile.fields[column.path]
        assert column.type == column_type(known)
        if known.count("array", "object"):
            assert column.type == "jsonb"
        assert not column.required


@given(DOCUMENTS)
def test_the_same_documents_change_nothing(values: Documents) -> None:
    profile = profile_of(values)
    made = designed(profile)

    again = next_design(made, merge(profile, profile), decide(profile))

    assert again == made
    assert changes(made, again) == ()
    assert designs.from_json(json.loads(json.dumps(designs.to_json(made)))) == made


@given(DOCUMENTS, DOCUMENTS)
def test_more_documents_only_widen_a_table(first: Documents, more: Documents) -> None:
    before = profile_of(first)
    now = merge(before, profile_of(more))
    made = designed(before)

    after = next_design(made, now, decide(now))

    columns = {column.path: column for column in after.columns}
    for column in made.columns:
        assert columns[column.path].name == column.name
        assert widened(column.type, columns[column.path].type) == columns[column.path].type
        known = now.fields[column.path]
        if known.present > known.nulls:
            needs = column_type(known)
            assert widened(columns[column.path].type, needs) == columns[column.path].type
    assert next_design(after, now, decide(now)) == after
    told = {(change.kind, change.column.path) for change in changes(made, after)}
    assert ("added" in {kind for kind, _ in told}) is (len(columns) > len(made.columns))


@given(DOCUMENTS, DOCUMENTS)
def test_drift_can_be_told_of_any_two_profiles(first: Documents, more: Documents) -> None:
    before = profile_of(first)
    now = merge(before, profile_of(more))

    told = drift.report(designed(before), before, now)

    assert json.dumps(drift.to_json(told))
    assert told.documents_since == len(more)
    assert all(0 <= field.presence_since <= 1 for field in told.fields)
    new = {field.path for field in told.fields if field.what == "new"}
    assert {pointer(path) for path in set(now.top()) - set(before.top())} <= new
    assert len(new) == told.new
