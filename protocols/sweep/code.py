"""The version of the code that computes a task: a hash of the sources behind it."""

import ast
import hashlib
import importlib
import importlib.metadata
import importlib.util
import platform
from functools import cache
from pathlib import Path

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
LIBRARIES = ("brian2", "cython", "numpy", "scipy", "scikit-learn")


@cache
def code_version(module: str) -> str:
    """Hash of a module, of what it imports from the same project, and of the libraries' versions.

    Parameters
    ----------
    module : name of an imported module, such as protocols.lowrank.capacity
    """
    digest = hashlib.sha256()
    digest.update(".".join(platform.python_version_tuple()[:2]).encode())
    for library in LIBRARIES:
        digest.update(f"{library} {_installed(library)}".encode())
    for name, path in sorted(_sources(module).items()):
        digest.update(f"\n{name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


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
    """The file of a module or package; None if there is none of that name."""
    top, *rest = name.split(".")
    [folder] = importlib.import_module(top).__path__
    path = Path(folder, *rest)
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path if path.is_file() else None


def _imports(name: str, path: Path) -> list[str]:
    """Names that a module imports; those of functions among them are no files and do no harm."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            base = importlib.util.resolve_name(base, package) if node.level else base
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return names
