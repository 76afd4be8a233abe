"""Run a compiled program several times: python program.py REPORT REPEATS COMMAND...

Writes to REPORT, for each repeat, processor seconds of the loop over steps, as Brian2's programs
tell them, and of the whole program; and, in the last line, its peak memory in units of 2^20 bytes.
A process as small as this one is needed to tell the memory of a program that it starts.
"""

import resource
import subprocess
import sys
from pathlib import Path


def children() -> float:
    """Processor seconds of all that was started."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    report, repeats, *command = sys.argv[1:]
    lines = []
    for _ in range(int(repeats)):
        begin = children()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        whole = children() - begin
        loop = Path("results/last_run_info.txt").read_text().split()[0]
        lines.append(f"{loop} {whole}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    Path(report).write_text("\n".join([*lines, str(peak)]))
