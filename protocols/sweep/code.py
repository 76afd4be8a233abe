"""The version of the code that computes a task: a hash of the sources behind it."""

import ast
import hashlib
import importlib.metadata
import importlib.util
import inspect
import platform
import sys
from functools import cache, partial
from pathlib import Path

from brianmem.errors import InputError

# Who runs, keeps and shows tasks does not compute them. Columns are checked by each part's own
# hash of its schemas.
BYSTANDERS = (
    "protocols.cli",
    "protocols.protocol",
    "protocols.rerun",
    "protocols.sweep",
    "brianmem.progress",
    "brianmem.schemas",
    "brianmem.tables",
    "brianmem.terminal",
)
# Where rules are looked up by their names.
REGISTRIES = (("brianmem.lowrank.storage", "RULES"), ("brianmem.delay.learning", "LEARNERS"))
LIBRARIES = ("brian2", "cython", "numpy", "scipy", "scikit-learn")


def code_version(module: str) -> str:
    """Hash of a module, of what it imports from the same project, and of the libraries' versions.

    Rules that somebody has added to the package's own in this process are part of it.

    Parameters
    ----------
    module : name of an imported module, such as protocols.lowrank.capacity

    Raises InputError if the sources are not to be found.
    """
    return _of_sources(module) + _of_added_rules()


@cache
def _of_sources(module: str) -> str:
    sources = _sources(module)
    if module not in sources:
        raise InputError(
            f"{module} has no source that can be read, so that nobody could tell when its tables "
            "are outdated"
        )
    digest = hashlib.sha256()
    digest.update(".".join(platform.python_version_tuple()[:2]).encode())
    for library in LIBRARIES:
        digest.update(f"{library} {_installed(library)}".encode())
    for name, path in sorted(sources.items()):
        digest.update(f"\n{name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _of_added_rules() -> str:
    """Hash of the sources of functions that are not the package's; empty if there are none."""
    texts = []
    for module, registry in REGISTRIES:
        rules = getattr(sys.modules.get(module), registry, {})
        for name, rule in rules.items():
            while isinstance(rule, partial):
                rule = rule.func
            if (getattr(rule, "__module__", None) or "").partition(".")[0] != "brianmem":
                texts.append(f"{name}\n{_source(name, rule)}")
    return "-" + hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16] if texts else ""


def _source(name: str, rule) -> str:
    """All of the file that a function stands in, since it may call others there."""
    try:
        return Path(inspect.getsourcefile(rule)).read_text(encoding="utf-8")
    except (TypeError, OSError):
        pass
    try:
        return inspect.getsource(rule)  # of a notebook
    except (TypeError, OSError):
        raise InputError(
            f"the rule '{name}' has no source that can be read, so that nobody could tell when its "
            "tables are outdated"
        ) from None


def _installed(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def _sources(module: str) -> dict[str, Path]:
    """Files by name: the modules that are reached by imports, and what lies beside them."""
    found, waiting = {}, [module]
    ours = {"brianmem", "protocols", module.partition(".")[0]}
    while waiting:
        name = waiting.pop()
        path = _path(name) if name.partition(".")[0] in ours else None
        if path is None or name in found or _is_bystander(name):
            continue
        found[name] = path
        waiting += [name.rpartition(".")[0], *_imports(name, path)]
        if path.name == "__init__.py" and "." in name:
            # Templates and C++, which are compiled into what runs; not what Python writes beside
            # them while it runs.
            for file in path.parent.rglob("*"):
                within = file.relative_to(path.parent)
                if file.is_file() and file.suffix != ".py" and "__pycache__" not in within.parts:
                    found[f"{name}/{within}"] = file
    return found


def _is_bystander(name: str) -> bool:
    return any(name == other or name.startswith(other + ".") for other in BYSTANDERS)


def _path(name: str) -> Path | None:
    """The file of a module or package as Python imports it; None if there is none of that name."""
    if name == "__main__":
        file = getattr(sys.modules[name], "__file__", None)
        return file and Path(file)
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # the name of something in a module
        return None
    return Path(spec.origin) if spec is not None and spec.has_location else None


def _imports(name: str, path: Path) -> list[str]:
    """Names that a module imports; those of functions among them are no files and do no harm."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            base = importlib.util.resolve_name(base, package) if node.level else base
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return names
