"""Habits of the code that a linter has no rule for."""

from __future__ import annotations

import ast

from convoai.operations.template_check import broken_templates, project_templates
from tests.guards.source import python_files, short, tree

QUERY_METHODS = {"filter", "exclude", "get", "order_by", "annotate", "values", "aggregate"}
RAW_INPUT = {"query_params", "GET", "POST"}
LAST_BAD_INPUT = 124


def test_every_template_compiles() -> None:
    assert broken_templates(project_templates()) == []


def test_no_query_takes_a_raw_parameter() -> None:
    """bad_input_37: a parameter goes through a serializer or a filter set first."""
    wrong = [
        f"{short(path)}:{call.lineno}"
        for path in python_files("convoai", "partners", "conversations")
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in QUERY_METHODS
        and any(_reads_raw_input(value) for value in _values(call))
    ]
    assert not wrong


def _values(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _reads_raw_input(node: ast.expr) -> bool:
    return any(
        isinstance(part, ast.Attribute) and part.attr in RAW_INPUT for part in ast.walk(node)
    )


def test_bad_input_markers_name_rows_of_the_list() -> None:
    wrong = [
        f"{short(path)}:{call.lineno}"
        for path in python_files("tests")
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "bad_input"
        and not (call.args and all(_is_row(value) for value in call.args))
    ]
    assert not wrong


def _is_row(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Constant)
        and type(node.value) is int
        and 1 <= node.value <= LAST_BAD_INPUT
    )
