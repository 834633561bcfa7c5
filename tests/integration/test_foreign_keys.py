"""Fields that name documents of another collection."""

from __future__ import annotations

from typing import Any

from tests.house import House
from tests.integration.test_schema_life import schemas, store, think

CUSTOMERS: list[dict[str, Any]] = [{"id": n, "name": f"customer {n}"} for n in range(50)]


def keys_of(house: House, table: str) -> list[dict[str, Any]]:
    (found,) = [one for one in schemas(house) if one["table_name"].startswith(table)]
    keys: list[dict[str, Any]] = found["design"]["foreign_keys"]
    return keys


def test_a_field_whose_values_another_collection_has_is_proposed_as_its_foreign_key(
    house: House,
) -> None:
    store(house, *CUSTOMERS, collection="customers")
    think(house)

    store(house, *({"order": n, "customer_id": n % 50} for n in range(100)), collection="orders")
    think(house)

    assert keys_of(house, "orders") == [
        {"path": ["customer_id"], "collection": "customers", "field": ["id"], "contained": 1.0}
    ]


def test_a_name_alone_makes_no_foreign_key(house: House) -> None:
    store(house, *CUSTOMERS, collection="customers")
    think(house)

    store(house, *({"order": n, "customer_id": 1000 + n} for n in range(100)), collection="orders")
    think(house)

    assert keys_of(house, "orders") == []
