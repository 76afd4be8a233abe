import numpy as np
import pytest

from figures.common import networks


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (1, "1 network"),
        (5, "5 networks"),
        ([3, 3], "3 networks"),
        (np.array([10, 1, 30]), "1 to 30 networks"),
    ],
)
def test_how_many_networks(counts, words):
    assert networks(counts) == words
