"""The figures of a package's style, in one table beside what is aimed at. Nothing depends on them:
they are for the eye of a reviewer.

    python -m tests.tools.style              # raylab/
    python -m tests.tools.style tests/unit   # any other folder
"""

from __future__ import annotations

import ast
import inspect
import io
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from tests.support.imports import circles

ROOT = Path(__file__).resolve().parents[2]
LINE_LENGTH = 100
# Names that this code once used for everything. Nouns of the field say more.
DIALECT = ("found", "one", "said", "told", "heard", "how")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Figures:
    """What was counted in the files of one folder."""

    files: list[int] = field(default_factory=list)  # lines of each file
    functions: list[int] = field(default_factory=list)  # lines of each function, `def` included
    docstrings: list[int] = field(default_factory=list)  # lines of each docstring
    public_docstrings: list[int] = field(default_factory=list)  # of public functions
    typed_returns: int = 0
    anys: int = 0
    comments: int = 0
    long_lines: int = 0
    dialect: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DIALECT, 0))
    circles: int = 0

    @property
    def lines(self) -> int:
        return sum(self.files)


def measure(folder: Path) -> Figures:
    """The figures of all Python files below a folder."""
    figures = Figures()
    for path in sorted(folder.rglob("*.py")):
        count_file(path.read_text(), figures)
    figures.circles = len(list(circles(imports_below(folder))))
    return figures


def count_file(text: str, figures: Figures) -> None:
    tree = ast.parse(text)
    lines = text.splitlines()
    figures.files.append(len(lines))
    figures.long_lines += sum(len(line) > LINE_LENGTH for line in lines)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    figures.comments += sum(token.type == tokenize.COMMENT for token in tokens)
    public = public_functions(tree)
    for node in ast.walk(tree):
        if isinstance(node, Function):
            figures.functions.append((node.end_lineno or node.lineno) - node.lineno + 1)
            figures.typed_returns += node.returns is not None
        figures.anys += isinstance(node, ast.Name) and node.id == "Any"
        if docstring := docstring_of(node):
            figures.docstrings.append(len(docstring.splitlines()))
            if node in public:
                figures.public_docstrings.append(len(docstring.splitlines()))
        for word in dialect_words(bound_name(node)):
            figures.dialect[word] += 1


def docstring_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Module | ast.ClassDef | Function):
        return ast.get_docstring(node)
    return None


def public_functions(tree: ast.Module) -> set[ast.AST]:
    """Functions of the module and methods of its classes whose names have no underscore first."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    bodies = [tree.body, *(node.body for node in classes if not node.name.startswith("_"))]
    return {
        node
        for body in bodies
        for node in body
        if isinstance(node, Function) and not node.name.startswith("_")
    }


def bound_name(node: ast.AST) -> str | None:
    """The name that a node binds: a variable, an argument, an attribute, a function, an alias."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            return name
        case ast.arg(arg=name) | ast.alias(asname=name):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
    return None


def dialect_words(name: str | None) -> set[str]:
    """The words of the dialect in a name such as `said_choice`."""
    return set((name or "").strip("_").split("_")) & set(DIALECT)


def imports_below(folder: Path) -> dict[str, set[str]]:
    """Module -> the modules of the same folder that it imports from, at any place."""
    paths: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    graph: dict[str, set[str]] = {}
    for module, path in paths.items():
        targets = {
            target if target in paths else target.rpartition(".")[0]
            for target in imported_names(ast.parse(path.read_text()))
        }
        graph[module] = {target for target in targets if target in paths and target != module}
    return graph


def imported_names(tree: ast.Module) -> Iterator[str]:
    """Dotted names; `from a import b` counts as a.b. Relative imports are not followed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def table(figures: Figures) -> list[tuple[str, str, str]]:
    """Rows of (what is counted, value, aim)."""
    functions = len(figures.functions)
    return [
        ("files", f"{len(figures.files)}", ""),
        ("lines", f"{figures.lines}", ""),
        ("lines per file, median / p90", spread(figures.files), "about 110 / 210"),
        ("functions", f"{functions}", ""),
        ("lines per function, median / p90", spread(figures.functions), "7 / 19"),
        ("functions with a return type", share(figures.typed_returns, functions), "100 %"),
        ("lines per docstring, mean", average(figures.docstrings), ""),
        ("lines per docstring of a public name", average(figures.public_docstrings), ""),
        ("`Any` per 1,000 lines", rate(figures.anys, figures.lines, 1000), "under 5"),
        ("comments per 100 lines", rate(figures.comments, figures.lines, 100), "3"),
        (
            f"lines over {LINE_LENGTH} characters",
            share(figures.long_lines, figures.lines),
            "0.0 %",
        ),
        ("import circles", f"{figures.circles}", "0"),
        *((f"names with `{word}`", f"{count}", "0") for word, count in figures.dialect.items()),
    ]


def spread(values: Sequence[int]) -> str:
    if not values:
        return "-"
    ordered = sorted(values)
    return f"{median(ordered):.0f} / {ordered[int(0.9 * (len(ordered) - 1))]}"


def average(values: Sequence[int]) -> str:
    return f"{mean(values):.1f}" if values else "-"


def rate(count: int, lines: int, per: int) -> str:
    return f"{per * count / max(lines, 1):.1f}"


def share(count: int, total: int) -> str:
    return f"{100 * count / max(total, 1):.1f} %"


def main(arguments: Sequence[str]) -> None:
    for argument in arguments or ["raylab"]:
        folder = (ROOT / argument).resolve()
        if not folder.is_dir():
            raise SystemExit(f"{argument}: no such folder")
        print(f"{argument:<42} {'value':>14}   aim")
        for what, value, aim in table(measure(folder)):
            print(f"{what:<42} {value:>14}   {aim}".rstrip())
        if folder == ROOT / "raylab":
            value = average(exported_docstrings())
            print(f"{'lines per docstring of what raylab exports':<42} {value:>14}   8")


def exported_docstrings() -> list[int]:
    """Lines of the docstring of each name that `raylab` exports."""
    import raylab

    exported = (getattr(raylab, name) for name in raylab.__all__)
    return [len((inspect.getdoc(each) or "").splitlines()) for each in exported if callable(each)]


if __name__ == "__main__":
    main(sys.argv[1:])
