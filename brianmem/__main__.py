"""The command brianmem: `brianmem doctor` says what this machine has and lacks."""

import argparse
import json
import sys
from dataclasses import asdict

from brianmem import __version__, doctor
from brianmem.terminal import guard

MARKS = {doctor.GOOD: "+", doctor.LACKING: "-", doctor.WRONG: "!"}
WIDTH = len("backend cuda_standalone")  # of the longest subject


def main(argv: list[str] | None = None) -> int:
    """Run the command and return the exit status: 1 if the doctor finds something wrong."""
    parser = argparse.ArgumentParser(prog="brianmem", description=__doc__)
    parser.add_argument("--version", action="version", version=f"brianmem {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    of_doctor = commands.add_parser("doctor", help="what this machine has for brianmem, and lacks")
    of_doctor.add_argument("--json", action="store_true", help="for programs to read")
    arguments = parser.parse_args(argv)
    return guard("brianmem", lambda: _doctor(arguments.json))


def _doctor(as_json: bool) -> int:
    findings = []
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


if __name__ == "__main__":
    sys.exit(main())
