"""What the project's own code says, read without running it."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("electionsite", "exports", "scaling", "bots", "plans", "accounts", "audit", "common")


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Each module of the project but tests and migrations, parsed."""
    for package in PACKAGES:
        for path in sorted((PROJECT / package).rglob("*.py")):
            if not {"tests", "migrations", "testing"} & set(path.parts):
                yield path, ast.parse(path.read_text())


def functions_in(tree: ast.AST) -> list[ast.FunctionDef]:
    """Every function and method, also nested ones."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def calls_in(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Each call with the last part of the called name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def texts_of(node: ast.expr | None, scope: ast.AST) -> set[str]:
    """The texts that an expression may have: a literal, one of two, an f-string of names that are set in `scope`."""
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.IfExp):
        return texts_of(node.body, scope) | texts_of(node.orelse, scope)
    if isinstance(node, ast.FormattedValue):
        return texts_of(node.value, scope)
    if isinstance(node, ast.JoinedStr):
        return {"".join(parts) for parts in product(*(texts_of(part, scope) for part in node.values))}
    if isinstance(node, ast.Name):
        return set().union(*(texts_of(value, scope) for value in _values_of(node.id, scope)))
    return set()


def _values_of(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            yield node.value
