"""Which settings a function reads, told from its code: what is called leads to what is loaded.

From a handler on, every function of ours is followed as it is named, and `load(Model)` is noted
on the way. Methods are not followed: nothing loads settings in one.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from types import ModuleType

import mammothbox.settings
from pydantic_settings import BaseSettings

OURS = ("mammothbox.", "functions.")


def needed(*modules: str) -> set[type[BaseSettings]]:
    """The settings that are read by whatever these modules do."""
    seen: set[tuple[str, str]] = set()
    found: set[type[BaseSettings]] = set()
    waiting: list[tuple[str, ast.AST]] = [(module, _tree(module)) for module in modules]
    while waiting:
        module, node = waiting.pop()
        for name in _loaded(node):
            found.add(getattr(mammothbox.settings, name))
        for other, function in _wired(module, node):
            if (other, function) not in seen and (target := _functions(other).get(function)):
                seen.add((other, function))
                waiting.append((other, target))
    return found


def _loaded(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "load" and call.args:
            name = ast.unparse(call.args[0])
            if hasattr(mammothbox.settings, name):
                yield name


def _wired(module: str, node: ast.AST) -> Iterator[tuple[str, str]]:
    """The functions of ours that are named: as `wiring.queues`, or after an import."""
    names = vars(importlib.import_module(module)) | _imported_inside(node)
    for used in ast.walk(node):
        if isinstance(used, ast.Attribute) and isinstance(used.value, ast.Name):
            owner = names.get(used.value.id)
            if isinstance(owner, ModuleType):
                yield _defined(owner.__name__, used.attr)
        elif isinstance(used, ast.Name):
            yield _defined(getattr(names.get(used.id), "__module__", module), used.id)


def _imported_inside(node: ast.AST) -> dict[str, object]:
    """What a function imports for itself."""
    found: dict[str, object] = {}
    if not isinstance(node, ast.FunctionDef):
        return found
    for one in ast.walk(node):
        if isinstance(one, ast.ImportFrom) and f"{one.module}.".startswith(OURS):
            # A module is an attribute of its package once it has been imported.
            with suppress(ModuleNotFoundError):
                for alias in one.names:
                    importlib.import_module(f"{one.module}.{alias.name}")
            names = vars(importlib.import_module(str(one.module)))
            found |= {alias.name: names[alias.name] for alias in one.names}
    return found


def _defined(module: str, name: str) -> tuple[str, str]:
    """Where a function is defined that goes by this name there."""
    if not module.startswith(OURS):
        return module, name
    value = vars(importlib.import_module(module)).get(name)
    home = getattr(inspect.unwrap(value), "__module__", None) if callable(value) else None
    return home or module, name


def _functions(module: str) -> dict[str, ast.FunctionDef]:
    if not module.startswith(OURS):
        return {}
    return {one.name: one for one in _tree(module).body if isinstance(one, ast.FunctionDef)}


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(importlib.import_module(module)))
