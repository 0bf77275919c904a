"""The import rule: arrows point down, one home per library, light start, no markup made of data."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py")), *sorted((ROOT / "core").rglob("*.py"))]

GROUND = {"core.domain", "core.errors", "core.config"}
STAGES = {"core.ingest", "core.store", "core.models", "core.evaluation", "core.insights", "core.charts"}
WORDS = {"core.explain.words", "core.explain.tables", "core.explain.html"}  # of any attribution: no model
MAKERS = {
    "core.training",
    "core.explain",
    "core.export",
    "core.reports",
    "core.jobs",
    "core.jobs.watch",
    *WORDS,
}
ROOMS = {  # room -> what it may import beside itself
    "core.errors": set(),
    "core.domain": set(),
    "core.config": {"core.errors"},
    "core.ingest": GROUND,
    "core.store": GROUND,
    "core.models": GROUND,
    "core.evaluation": GROUND,
    "core.insights": GROUND,
    "core.charts": GROUND,
    "core.training": GROUND | {"core.models", "core.evaluation"},
    "core.explain": GROUND | {"core.models", "core.charts", *WORDS},
    **{name: GROUND | {"core.charts", *WORDS} for name in WORDS},
    "core.export": GROUND | {"core.models"},
    "core.reports": GROUND | {"core.charts", *WORDS},
    "core.jobs": GROUND | {"core.store", "core.jobs.watch"},
    "core.jobs.watch": GROUND | {"core.store", "core.jobs"},
    "core.workflow": GROUND | STAGES | MAKERS,
    "core.cli": GROUND | {"core.workflow", "core.store"},
    "core.__main__": GROUND | {"core.workflow", "core.store", "core.cli"},
    "pages": {"core.workflow", "core.charts", "core.domain", "core.errors", "pages.parts.resources"},
    "pages.parts.resources": GROUND | {"core.workflow", "core.store", "core.jobs.watch"},
    "app": {"pages"},
}
HOMES = {  # library -> the only rooms that import it
    "streamlit": {"app", "pages", "pages.parts.resources"},
    "starlette": {"pages"},
    "sqlalchemy": {"core.store"},
    "alembic": {"core.store"},
    "torch": {"core.models", "core.training", "core.explain", "core.export"},
    "transformers": {"core.models", "core.training", "core.explain", "core.export"},
    "onnx": {"core.export"},
    "onnxruntime": {"core.export"},
    "plotly": {"core.charts"},
    "pptx": {"core.reports"},
    "xlsxwriter": {"core.reports"},
}
SLOW = {"torch", "transformers", "sklearn", "sentence_transformers"}
MODEL_PAGES = {"explain"}  # they may load a model at once


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def room_of(module: str) -> str:
    """The longest entry of ROOMS that the module belongs to."""
    parts = module.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((name for name in names if name in ROOMS), module)


def imports(tree: ast.AST, top_only: bool = False) -> Iterator[str]:
    """Full names; `from a import b` gives a.b where that is a module of ours. No type-only imports."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import of {node.module}"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        elif not (top_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            yield from imports(node, top_only)


MODULES = {module_of(path): path for path in FILES}
TREES = {module: ast.parse(path.read_text()) for module, path in MODULES.items()}


@pytest.mark.parametrize("module", TREES)
def test_arrows_point_down(module):
    room = room_of(module)
    assert room in ROOMS or room == "core", f"{module} belongs to no room; add it to ROOMS and docs"
    allowed = {room} | ROOMS.get(room, set())
    for name in imports(TREES[module]):
        if name.split(".")[0] in ("core", "pages", "app"):
            assert room_of(name) in allowed, f"{module} imports {name}"


@pytest.mark.parametrize("module", TREES)
def test_every_library_has_one_home(module):
    for name in imports(TREES[module]):
        library = name.split(".")[0]
        if library in HOMES:
            assert room_of(module) in HOMES[library], f"{module} imports {library}"


def test_no_cycles():
    graph = {
        module: {name for name in imports(tree) if name in MODULES and name != module}
        for module, tree in TREES.items()
    }
    order = list(TopologicalSorter(graph).static_order())  # CycleError names the modules of a cycle
    assert set(order) >= set(graph)


def test_packages_import_nothing_by_themselves():
    for module, path in MODULES.items():
        if path.name == "__init__.py":
            assert all(is_text(node) for node in TREES[module].body), module


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_the_rule_sees_a_wrong_import():
    tree = ast.parse("import os\nfrom core.store import store\ndef f():\n    import torch")
    assert [room_of(name) for name in imports(tree)] == ["os", "core.store", "torch"]
    assert [room_of(name) for name in imports(tree, top_only=True)] == ["os", "core.store"]
    assert room_of("core.store.store") == "core.store"
    assert "core.store" not in ROOMS["pages"] | ROOMS["core.insights"]


# ---- pages --------------------------------------------------------------------------------


PAGE_FILES = sorted((ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("path", PAGE_FILES, ids=lambda path: path.stem)
def test_a_page_begins_with_open_page(path):
    skipped = (ast.Import, ast.ImportFrom)
    body = [node for node in TREES[module_of(path)].body if not isinstance(node, skipped)]
    harmless = (ast.FunctionDef, ast.Assign, ast.AnnAssign)
    first = next(node for node in body if not isinstance(node, harmless) and not is_text(node))
    assert ast.unparse(first) == "open_page()"


def test_pages_start_without_the_slow_libraries():
    """What a page imports at its top is imported in a fresh process; torch alone costs seconds."""
    quick = [path for path in PAGE_FILES if path.stem not in MODEL_PAGES]
    wanted = sorted({name for path in quick for name in imports(TREES[module_of(path)], top_only=True)})
    ours = [name for name in wanted if name in MODULES] + ["pages.parts.frame", "pages.parts.resources"]
    code = f"import sys, {', '.join(ours)}; print(*sorted({SLOW!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "", f"imported at the start: {done.stdout}"


@pytest.mark.parametrize("module", [name for name in TREES if room_of(name) in HOMES["streamlit"]])
def test_no_page_makes_markup_of_data(module):
    """st.html, unsafe_allow_html and components of version 1 run or fetch what the data says."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("st.html", "st.iframe", "st.components.v1.html"), f"{module}:{node.lineno}"
            named = {keyword.arg for keyword in node.keywords}
            assert not named & {"unsafe_allow_html", "unsafe_allow_javascript"}, f"{module}:{node.lineno}"
            assert not called.endswith(".to_html"), f"{module}:{node.lineno}: Styler.to_html does not escape"
    assert not any("components.v1" in name for name in imports(TREES[module]))


def test_nothing_is_unpickled_or_evaluated():
    for module, tree in TREES.items():
        assert not {"pickle", "marshal", "shelve", "dill", "joblib"} & set(imports(tree)), module
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not {"eval", "exec", "os.system"} & called, module
