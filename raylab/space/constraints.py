"""Constraints between the values of a draw: arithmetic and comparisons of config paths, read
without `eval`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

LONGEST = 500  # characters
_WORDS = {"true": True, "false": False, "null": None}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, choices: value in choices,
    ast.NotIn: lambda value, choices: value not in choices,
}


class Absent(Exception):
    """A config has no such path."""


class Constraint:
    """An expression such as `model.encoder.hidden_units % model.encoder.heads == 0`.

    Comparisons (also chained, also `in [...]`), `+ - * / // %` of numbers, `and or not`, numbers,
    quoted text, true, false, null, and dotted paths.

    Raises:
        ValueError: It is something else.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            if len(text) > LONGEST:
                raise ValueError(f"longer than {LONGEST} characters")
            self._body = ast.parse(text.strip(), mode="eval").body
            self.paths = tuple(dict.fromkeys(_paths(self._body)))
        except SyntaxError as error:
            raise ValueError(f"'{text}' is not an expression ({error.msg})") from None
        except (RecursionError, MemoryError):
            raise ValueError("it is nested too deeply") from None
        if not isinstance(self._body, ast.Compare | ast.BoolOp) and not _is_not(self._body):
            raise ValueError(f"'{text}' compares nothing: it needs ==, !=, <, <=, >, >= or in")
        if not self.paths:
            raise ValueError(f"'{text}' names no config path")

    def holds(self, value_of: Callable[[str], object]) -> bool:
        """Whether it holds of a config, whose paths `value_of` looks up.

        Raises:
            Absent: From `value_of`.
            ArithmeticError, TypeError: It has no value there: a division by zero, `<` of a number
                and None.
        """
        return bool(_value(self._body, value_of))


def _is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def _paths(node: ast.AST) -> Iterator[str]:
    """The config paths that are named; ValueError at whatever is not allowed."""
    path = _dotted(node)
    if path is not None:
        if path not in _WORDS:
            yield path
        return
    if isinstance(node, ast.Constant):
        allowed = isinstance(node.value, bool | int | float | str) or node.value is None
    elif isinstance(node, ast.BinOp):
        allowed = type(node.op) in _ARITHMETIC
    elif isinstance(node, ast.Compare):
        allowed = all(type(comparison) in _COMPARISONS for comparison in node.ops)
    else:
        allowed = isinstance(node, ast.BoolOp | ast.List | ast.Tuple)
        allowed = allowed or (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub)
        )
    if not allowed:
        raise ValueError(
            f"'{ast.unparse(node)}' is not allowed: only comparisons, + - * / // %, and, or, not"
        )
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.expr):
            yield from _paths(inner)


def _value(node: ast.AST, value_of: Callable[[str], object]) -> object:
    if isinstance(node, ast.Constant):
        return node.value
    path = _dotted(node)
    if path is not None:
        return _WORDS[path] if path in _WORDS else value_of(path)
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(child, value_of) for child in node.elts]
    if isinstance(node, ast.BoolOp):
        each = (_value(child, value_of) for child in node.values)
        return all(each) if isinstance(node.op, ast.And) else any(each)
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, value_of)
        return not inner if isinstance(node.op, ast.Not) else -_number(inner)
    if isinstance(node, ast.BinOp):
        left, right = (_number(_value(child, value_of)) for child in (node.left, node.right))
        return _ARITHMETIC[type(node.op)](left, right)
    assert isinstance(node, ast.Compare)
    sides = [_value(child, value_of) for child in (node.left, *node.comparators)]
    return all(_COMPARISONS[type(op)](*pair) for op, pair in zip(node.ops, pairwise(sides)))


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return value


@lru_cache(maxsize=256)
def constraint_of(text: str) -> Constraint:
    return Constraint(text)
