"""The config that a checkpoint was trained with, read without running it."""

import ast
import math
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

NUMBERS = {"inf": math.inf, "nan": math.nan}


def saved_config(meta: Mapping[str, Any]) -> Config | None:
    """Config that MMEngine saved in the meta of a checkpoint.

    It is the text of a config file, which ``Config.fromstring`` would run as code. Here only
    literals, ``dict(...)`` among them, are read.

    Args:
        meta (Mapping[str, Any]): Meta of a checkpoint.

    Returns:
        Config | None: None where the meta holds none, or anything but literals.
    """
    text = meta.get("cfg")
    if not isinstance(text, str):
        return None
    try:
        statements = ast.parse(text).body
        return Config({_name(each): _value(each.value) for each in statements})
    except (AttributeError, SyntaxError, TypeError, ValueError, RecursionError):
        return None


def _name(statement: ast.stmt) -> str:
    """Name that a statement assigns."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        raise ValueError("not an assignment")
    return statement.targets[0].id


def _value(node: ast.expr) -> Any:
    """Value of an expression."""
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.func.id != "dict":
            raise ValueError("a call of something else than dict")
        given = [_value(argument) for argument in node.args]  # dict({'a-b': 1})
        named = {keyword.arg: _value(keyword.value) for keyword in node.keywords}
        return {key: value for part in (*given, named) for key, value in part.items()}
    if isinstance(node, ast.Dict):
        keys = [_value(key) for key in node.keys]
        return dict(zip(keys, map(_value, node.values), strict=True))
    if isinstance(node, ast.List):
        return [_value(entry) for entry in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(entry) for entry in node.elts)
    if isinstance(node, ast.Name):
        return NUMBERS[node.id] if node.id in NUMBERS else ast.literal_eval(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Name):
        return -_value(node.operand) if isinstance(node.op, ast.USub) else ast.literal_eval(node)
    return ast.literal_eval(node)
