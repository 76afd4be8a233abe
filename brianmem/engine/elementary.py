"""exp and log out of sums, products and quotients alone, which all processors round alike.

The same steps as in support/elementary.h, where it says why.
"""

import math

LOG2_HIGH, LOG2_LOW = 0.6931471803691238, 1.9082149292705877e-10


def exponential(x: float) -> float:
    """2^k exp(r), where r is at most log(2)/2 and has a short series; beyond 700, infinity or 0."""
    if not x < 700:
        return math.inf
    if x < -700:
        return 0.0
    k = math.floor(1.4426950408889634 * x + 0.5)
    r = (x - k * LOG2_HIGH) - k * LOG2_LOW
    total = 1.0
    for n in range(14, 0, -1):
        total = 1 + r * total / n
    return math.ldexp(total, k)


def logarithm(x: float) -> float:
    """k log(2) + log(m) of a positive normal number, with m between sqrt(1/2) and sqrt(2)."""
    m, k = math.frexp(x)
    if m < math.sqrt(0.5):
        m, k = 2 * m, k - 1
    f = (m - 1) / (m + 1)
    square = f * f
    total = 0.0
    for n in range(21, 1, -2):
        total = square * (1 / n + total)
    return k * LOG2_HIGH + (2 * f + (2 * f * total + k * LOG2_LOW))
