"""The command brianmem: what this machine has and lacks, and which runs of protocols there are."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from brianmem import doctor, runs
from brianmem.errors import InputError
from brianmem.terminal import guard

try:
    from brianmem import __version__
except ImportError:  # python -m looks into the working folder first
    print(
        "brianmem: a folder brianmem here hides the package: use the command brianmem, or "
        "python -P -m brianmem",
        file=sys.stderr,
    )
    sys.exit(2)

MARKS = {doctor.GOOD: "+", doctor.LACKING: "-", doctor.WRONG: "!"}
WIDTH = len("backend cuda_standalone")  # of the longest subject


def main(argv: list[str] | None = None) -> int:
    """Run the command and return the exit status: 1 if the doctor finds something wrong."""
    parser = argparse.ArgumentParser(prog="brianmem", description=__doc__)
    parser.add_argument("--version", action="version", version=f"brianmem {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    of_doctor = commands.add_parser("doctor", help="what this machine has for brianmem, and lacks")
    of_doctor.add_argument("--json", action="store_true", help="for programs to read")
    of_list = commands.add_parser("list", help="which runs of protocols there are")
    of_list.add_argument(
        "folder", nargs="?", type=Path, default=Path("results"), help="default: %(default)s"
    )
    of_show = commands.add_parser("show", help="what a run was made with, and what came out")
    of_show.add_argument("table", type=Path, help="of the run, as `brianmem list` names it")
    of_compare = commands.add_parser("compare", help="in what two runs differ")
    for name in ("one", "other"):
        of_compare.add_argument(name, type=Path, metavar="TABLE")
    arguments = parser.parse_args(argv)
    return guard("brianmem", lambda: COMMANDS[arguments.command](arguments))


def _list(arguments: argparse.Namespace) -> None:
    found = runs.find(arguments.folder)
    if not found:
        raise InputError(f"{arguments.folder} holds no table of a protocol")
    print(runs.listed(found).to_string(index=False))


def _show(arguments: argparse.Namespace) -> None:
    told = runs.described(runs.opened(arguments.table))
    width = max(map(len, told.index))
    for name, value in told.items():
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        print(f"{name:<{width}}  {text}")


def _compare(arguments: argparse.Namespace) -> None:
    one, other = runs.opened(arguments.one), runs.opened(arguments.other)
    print(f"one    {one.table}\nother  {other.table}\n")
    print(runs.compared(one, other).to_string(float_format="{:.4g}".format))


def _doctor(arguments: argparse.Namespace) -> int:
    findings, as_json = [], arguments.json
    for finding in doctor.examine():
        findings.append(finding)
        if not as_json:
            print(
                f"{MARKS[finding.status]} {finding.subject:<{WIDTH}}  {finding.found}", flush=True
            )
            if finding.advice:
                print(f"  {'':<{WIDTH}}  -> {finding.advice}", flush=True)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        print(f"\n{MARKS['good']} good   {MARKS['lacking']} lacking   {MARKS['wrong']} wrong")
    return any(finding.status == doctor.WRONG for finding in findings)


COMMANDS = {"doctor": _doctor, "list": _list, "show": _show, "compare": _compare}

if __name__ == "__main__":
    sys.exit(main())
