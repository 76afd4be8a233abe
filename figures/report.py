"""All results in one page: python -m figures.report --tables DIR --figures DIR --out FILE."""

import argparse
import base64
import os
import shlex
import sys
from pathlib import Path

import jinja2

from analysis.__main__ import main as results
from analysis.comparison import comparison
from analysis.differences import DIFFERENCES
from analysis.papers.reported import NOT_SHOWN
from brianmem import tables
from brianmem.errors import InputError
from brianmem.terminal import guard
from figures import sources
from figures.__main__ import FIGURES, draw_all
from figures.readable import Readable, readable, text, with_limits

TEMPLATE = "report.html.j2"
PNG = b"\x89PNG\r\n\x1a\n"
DEFAULTS = {
    "tables": ("DIR", "results/smoke/tables"),
    "figures": ("DIR", "results/smoke/figures"),
    "out": ("FILE", "results/smoke/report.html"),
}


def report(folder: Path, pictures: Path, base: Path) -> str:
    """The page, as HTML that loads nothing from elsewhere.

    What is missing is named in the page. Raises InputError if there is no table at all.

    Parameters
    ----------
    folder, pictures : of tables and figures
    base : folder that the page will lie in, from which it names tables
    """
    folder, present = Path(folder), sources.present(Path(folder))
    if not present:
        raise InputError(f"{folder} has no table of a protocol: run one first, or name its folder")
    problems = []
    found = sources.sidecars(folder, problems)
    made = [_made(name, sidecar) for name, sidecar in found.items()]
    figures = [_figure(name, folder, Path(pictures), found) for name in FIGURES]
    content = {
        "folder": os.path.relpath(folder, base),
        "given_folder": str(folder),
        "problems": problems,
        "comparison": _tried(problems, lambda: _comparison(folder)),
        "figures": figures,
        "undrawn": [figure["name"] for figure in figures if not figure["picture"]],
        "differences": _tried(problems, lambda: _differences(folder)),
        "errors": _tried(problems, lambda: _errors(folder)),
        "incomplete": _incomplete(found),
        "missing": [name for name in sources.RAW if name not in present],
        "unsaid": [name for name, sidecar in found.items() if not sidecar],
        "made": made,
        "protocols": _protocols(made),
        "software": sources.software(found),
        "times": _tried(problems, lambda: _times(folder)),
        "cores": found.get("timings", {}).get("cores"),
    }
    return _template().render(content)


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE)


def _tried(problems: list[str], make):
    """What a function makes; None if a table cannot be used, which is added to the problems."""
    try:
        return make()
    except InputError as error:
        if str(error) not in problems:
            problems.append(str(error))
        return None


def _comparison(folder: Path) -> list[dict]:
    rows = comparison(folder, partial=True).to_dict("records")
    return [
        {
            "quantity": row["quantity"],
            "paper": row["paper"],
            "source": row["paper_source"],
            "shown": row["paper"] != NOT_SHOWN.text,
            "here": row["here"],
            "value": with_limits(row["value"], row["low"], row["high"], ".3g"),
            "difference": with_limits(
                row["difference"], row["difference_low"], row["difference_high"], "+.3g"
            ),
            "n": row["n"],
        }
        for row in rows
    ]


def _figure(name: str, folder: Path, pictures: Path, found: dict[str, dict]) -> dict:
    module = FIGURES[name]
    main_table = module.PROTOCOL.replace(".", "_")
    problems = []
    made = {
        "name": name,
        "title": module.TITLE,
        "caption": module.CAPTION,
        "picture": _tried(problems, lambda: _picture(pictures / f"{name}.png")),
        "numbers": _tried(problems, lambda: _numbers(module, folder)),
        "table": f"{main_table}.csv",
        "commands": [
            sources.command(found.get(main_table, {}), folder)
            or shlex.join(["python", "-m", f"protocols.{module.PROTOCOL}", "--out", str(folder)]),
            shlex.join(
                [
                    *("python", "-m", "figures", name),
                    *("--tables", str(folder), "--out", str(pictures)),
                ]
            ),
        ],
    }
    return made | {"problems": problems}


def _picture(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} is missing: draw it first, or name its folder") from None
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    if not content.startswith(PNG):
        raise InputError(f"{path} is no PNG")
    return base64.b64encode(content).decode("ascii")


def _numbers(module, folder: Path) -> dict[str, Readable]:
    return {name: readable(table) for name, table in module.numbers(folder).items()}


def _differences(folder: Path) -> list[dict]:
    return [
        {"title": one.title, "why": one.why, "measured": _measured(one.measure(folder))}
        for one in DIFFERENCES
    ]


def _measured(found) -> dict[str, str]:
    return {
        name: with_limits(interval.value, interval.low, interval.high)
        for name, interval in (found or {}).items()
    }


def _errors(folder: Path) -> list[dict] | None:
    errors = sources.failed_tasks(folder)
    return None if errors is None or not len(errors) else errors.to_dict("records")


def _incomplete(found: dict[str, dict]) -> list[dict]:
    return [
        {"name": name, "failed": sidecar["failed_tasks"], "tasks": sidecar.get("tasks")}
        for name, sidecar in found.items()
        if sidecar.get("failed_tasks")
    ]


def _made(name: str, sidecar: dict) -> dict:
    return {
        "name": name,
        "n_rows": text(sidecar.get("n_rows")),
        "by": sidecar.get("protocol") or sidecar.get("analysis") or "",
        "grid_name": sidecar.get("grid", ""),
        "backend": sidecar.get("backend") or "",
        "tasks": text(sidecar.get("tasks")),
        "failed": text(sidecar.get("failed_tasks")),
        "grid": sources.grid(sidecar),
        "equations": sidecar.get("equations") or {},
    }


def _protocols(made: list[dict]) -> list[dict]:
    """One table for each protocol and grid."""
    kinds = {(table["by"], str(table["grid"])): table for table in made if table["grid"]}
    return list(kinds.values())


def _times(folder: Path) -> Readable | None:
    found = sources.times(folder)
    return None if found is None else readable(found)


def write(page: str, path: Path) -> None:
    """Write the page in one piece or not at all. Raises InputError if it cannot be written."""
    tables.make_folder(path.parent)
    part = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def main(argv: list[str] | None = None) -> int:
    """Write the report and print its path."""
    parser = argparse.ArgumentParser(prog="python -m figures.report", description=__doc__)
    for name, (kind, default) in DEFAULTS.items():
        parser.add_argument(
            f"--{name}", type=Path, default=Path(default), metavar=kind, help=f"default {default}"
        )
    parser.add_argument(
        "--fresh", action="store_true", help="draw all figures and write all results first"
    )
    return guard("figures.report", lambda: _write(parser.parse_args(argv)))


def _write(options: argparse.Namespace) -> int:
    status = _refresh(options.tables, options.figures) if options.fresh else 0
    if status == 0:
        write(report(options.tables, options.figures, options.out.parent), options.out)
        print(options.out)
    return status


def _refresh(folder: Path, pictures: Path) -> int:
    """Draw all figures and write all results; returns the status of the latter."""
    print("\nFigures:")
    draw_all(folder, pictures)
    print("\nResults, and a comparison with the papers:")
    return results(["all", "--tables", str(folder)])


if __name__ == "__main__":
    sys.exit(main())
