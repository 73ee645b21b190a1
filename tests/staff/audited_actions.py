"""Every action the code writes into the audit, found by reading the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("services", "bot", "cli")
# Writes what the tables of bot/acts.py name; they are looked at by themselves.
NOT_READ = {"refusals.py"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A file with its syntax tree."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))


def actions() -> dict[str, str]:
    """Each action and a file that writes it. Raises AssertionError where the reading does not lead to words."""
    sources = [Source(path, ast.parse(path.read_text("utf-8"))) for path in files()]
    found: dict[str, str] = {}
    for source in sources:
        for function, call in calls(source.tree, is_record):
            given = call.args if is_audit_record(call.func) else call.args[1:]
            assert len(given) > 2, f"{source.name}: the action is the third argument of record"
            for action in said(source, function, given[2], sources):
                found.setdefault(action, source.name)
    return found


def files() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")) if path.name not in NOT_READ]


def calls(tree: ast.Module, wanted: object) -> Iterator[tuple[Function | None, ast.Call]]:
    """Every call that is wanted, with the function it stands in."""

    def walk(node: ast.AST, inside: Function | None) -> Iterator[tuple[Function | None, ast.Call]]:
        if isinstance(node, Function):
            inside = node
        if isinstance(node, ast.Call) and wanted(node):  # type: ignore[operator]
            yield inside, node
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inside)

    return walk(tree, None)


def is_record(call: ast.Call) -> bool:
    """A call of `audit.record`, or one that hands it to a thread with what it is to be called with."""
    return is_audit_record(call.func) or bool(call.args and is_audit_record(call.args[0]))


def is_audit_record(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "record" and getattr(node.value, "id", "") == "audit"


def said(source: Source, function: Function | None, node: ast.expr, sources: list[Source]) -> set[str]:
    """The words an expression can be: literals, both sides of a choice, a table, a variable, a parameter."""
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.IfExp):
        return said(source, function, node.body, sources) | said(source, function, node.orelse, sources)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return table(source, node.value.id)
    assert isinstance(node, ast.Name), f"{source.name}:{node.lineno}: write the action in words"
    assert function is not None
    given = [each.value for each in ast.walk(function) if isinstance(each, ast.Assign) and is_named(each, node.id)]
    if given:
        return set().union(*(said(source, function, each, sources) for each in given))
    # A name with an underscore is one of the file's own.
    return by_callers(function, node.id, [source] if function.name.startswith("_") else sources)


def is_named(assign: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in assign.targets)


def table(source: Source, name: str) -> set[str]:
    """The values of a table of this file."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(target, "id", "") == name for target in targets):
                return {str(value.value) for value in node.value.values if isinstance(value, ast.Constant)}
    raise AssertionError(f"{source.name}: no table {name}")


def by_callers(function: Function, name: str, sources: list[Source]) -> set[str]:
    """What callers hand over for a parameter."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    found: set[str] = set()
    for source in sources:
        for caller, call in calls(source.tree, lambda each: called(each) == function.name):
            given = next((word.value for word in call.keywords if word.arg == name), None)
            at = names.index(name) if name in names else len(call.args)
            node = given or (call.args[at] if at < len(call.args) else None)
            if node is not None:
                found |= said(source, caller, node, sources)
    assert found, f"nobody says {name} of {function.name}"
    return found


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
