"""How many threads a learning rule uses."""

import os

from joblib import cpu_count

LIMIT = "OMP_NUM_THREADS"


def usable_threads() -> int:
    """One per core that this process may use, or as many as OMP_NUM_THREADS says."""
    told = os.environ.get(LIMIT, "").split(",")[0].strip()
    return int(told) if told.isdecimal() and int(told) > 0 else cpu_count()
