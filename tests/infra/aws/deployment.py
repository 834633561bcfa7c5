"""The templates of one context, as one: references are followed from stack to stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """One resource, with everything in it that refers to others written out as text."""

    name: str
    type: str
    properties: JsonObject
    raw: JsonObject


@dataclass(frozen=True)
class Statement:
    """One thing that a policy allows."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True)
class Deployment:
    """All stacks of a context."""

    context: str
    stacks: dict[str, JsonObject] = field(repr=False)

    @cached_property
    def _exports(self) -> dict[str, tuple[str, Any]]:
        return {
            output["Export"]["Name"]: (stack, output["Value"])
            for stack, template in self.stacks.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }

    @cached_property
    def resources(self) -> list[Resource]:
        return [
            Resource(
                f"{stack}.{name}",
                body["Type"],
                self._written(stack, body.get("Properties", {})),
                body,
            )
            for stack, template in self.stacks.items()
            for name, body in template["Resources"].items()
        ]

    def of(self, kind: str) -> list[Resource]:
        return [one for one in self.resources if one.type == kind]

    def get(self, name: str) -> Resource:
        return next(one for one in self.resources if one.name == name)

    def functions(self) -> dict[str, Resource]:
        """Our functions by their names in the topology; those that CDK brings are left out."""
        named = {}
        for one in self.of("AWS::Lambda::Function"):
            prefix, _, name = one.properties.get("Description", "").partition(": ")
            if prefix == "MammothBox":
                named[name] = one
        return named

    def function_behind(self, target: str) -> Resource:
        """The function that a mapping or a route leads to, past its alias."""
        one = self.get(target.removesuffix(":live").strip("<>").removesuffix(".Arn"))
        if one.type == "AWS::Lambda::Alias":
            return self.function_behind(one.properties["FunctionName"])
        assert one.type == "AWS::Lambda::Function", one
        return one

    def allowed(self, function: Resource) -> list[Statement]:
        """What the function's role allows."""
        role = function.properties["Role"].strip("<>").removesuffix(".Arn")
        assert "ManagedPolicyArns" not in self.get(role).properties, role
        return [
            statement
            for policy in self.of("AWS::IAM::Policy")
            if f"<{role}>" in policy.properties["Roles"]
            for statement in statements(policy.properties["PolicyDocument"])
        ]

    def _written(self, stack: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._written(stack, one) for one in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((kind, of),) = value.items()
            if kind == "Ref" or kind.startswith("Fn::"):
                return self._reference(stack, kind, of)
        return {name: self._written(stack, one) for name, one in value.items()}

    def _reference(self, stack: str, kind: str, of: Any) -> Any:
        match kind:
            case "Ref":
                return f"<{of}>" if of.startswith("AWS::") else f"<{stack}.{of}>"
            case "Fn::GetAtt":
                return f"<{stack}.{'.'.join(of)}>"
            case "Fn::ImportValue":
                return self._written(*self._exports[of])
            case "Fn::Join":
                return of[0].join(str(self._written(stack, one)) for one in of[1])
            case "Fn::Select" if "Fn::Split" in of[1]:
                # A part of a reference still tells what it refers to.
                return self._written(stack, of[1]["Fn::Split"][1])
        return f"<{kind} {json.dumps(of)}>"


def statements(document: JsonObject) -> Iterator[Statement]:
    """What a policy document allows."""
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            yield Statement(_all(statement["Action"]), _all(statement.get("Resource", [])))


def _all(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def read(context: str, folder: Path) -> Deployment:
    """What was synthesised into `folder`."""
    return Deployment(
        context,
        {
            path.name.removesuffix(".template.json"): json.loads(path.read_text("utf-8"))
            for path in sorted(folder.glob("*.template.json"))
        },
    )
