"""The catalogue as functions find it: an address for each role, and what lets them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.aws.function import connects

DATABASE = "mammothbox"


class Catalogue(Protocol):
    """Where Postgres is."""

    def url(self, role: str) -> str:
        """The address, without anything that proves the role."""
        ...

    def environment(self, role: str) -> dict[str, str]:
        """What a function is told that connects as `role`."""
        ...

    def lets_in(self, scope: Construct, *roles: str) -> list[iam.PolicyStatement]:
        """What a function has to be allowed that connects as these roles."""
        ...


@dataclass(frozen=True)
class OnRds:
    """An instance that lets functions in by IAM token."""

    instance: rds.DatabaseInstance

    def url(self, role: str) -> str:
        endpoint = self.instance.instance_endpoint
        return f"postgresql://{role}@{endpoint.socket_address}/{DATABASE}"

    def environment(self, role: str) -> dict[str, str]:
        return {"DATABASE_URL": self.url(role), "DATABASE_AUTH": "iam"}

    def lets_in(self, scope: Construct, *roles: str) -> list[iam.PolicyStatement]:
        resource_id = self.instance.instance_resource_id
        assert resource_id is not None  # noqa: S101 - only imported instances lack it
        return [connects(scope, resource_id, *roles)]


@dataclass(frozen=True)
class Elsewhere:
    """A server that was there before, at an address with `{role}` in it."""

    address: str

    def url(self, role: str) -> str:
        return self.address.replace("{role}", role)

    def environment(self, role: str) -> dict[str, str]:
        return {"DATABASE_URL": self.url(role)}

    def lets_in(self, scope: Construct, *roles: str) -> list[iam.PolicyStatement]:
        return []
