"""Medians with spread, ratios pair by pair, ties, growth and crossings. Imports the standard library only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

CONFIDENCE = 0.95


def quantile(values: Sequence[float], q: float) -> float:
    """The ``q`` quantile, interpolated linearly between order statistics (NumPy's default method).

    >>> quantile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.5
    """
    if not values:
        raise ValueError("quantile: expected at least one value; got none. Measure at least one round.")
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    # x + t·(y - x) would leave equal neighbours by rounding.
    return ordered[low] if ordered[low] == ordered[high] else ordered[low] + (at - low) * (ordered[high] - ordered[low])


def median(values: Sequence[float]) -> float:
    """The middle value.

    >>> median([3.0, 1.0, 2.0])
    2.0
    """
    return quantile(values, 0.5)


def coverage(n: int, cut: int) -> float:
    """How surely the median of the source lies within ``n`` sorted samples without the ``cut`` outer ones on each side.

    ``1 - 2·P(B < cut + 1)`` with B binomial(n, 1/2): no assumption about the distribution
    (Conover, Practical Nonparametric Statistics, the sign test's interval).

    >>> coverage(6, 0)
    0.96875
    """
    return 1 - 2 * sum(math.comb(n, k) for k in range(cut + 1)) / 2**n


def least(confidence: float) -> int:
    """How many samples are needed for an interval that holds the median with ``confidence``.

    >>> least(0.95)
    6
    """
    n = 1
    while coverage(n, 0) < confidence:
        n += 1
    return n


def interval(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The narrowest symmetric pair of order statistics that holds the median with ``confidence``.

    Fewer than six samples can't reach 95 %: then it is the whole range.

    >>> interval([1, 2, 3, 4, 5, 6, 7, 8, 9])
    (2, 8)
    """
    ordered = sorted(values)
    n = len(ordered)
    cut = 0
    while cut + 1 < (n + 1) // 2 and coverage(n, cut + 1) >= confidence:
        cut += 1
    return ordered[cut], ordered[n - 1 - cut]


@dataclass(frozen=True)
class Summary:
    """The median of samples, their quartiles, and the interval that holds the true median."""

    median: float
    q1: float
    q3: float
    low: float
    high: float
    rounds: int


def summarize(samples: Sequence[float]) -> Summary:
    """Median and spread.

    >>> summarize([1.0, 2.0, 3.0]).median
    2.0
    """
    low, high = interval(samples)
    return Summary(median(samples), quantile(samples, 0.25), quantile(samples, 0.75), low, high, len(samples))


@dataclass(frozen=True)
class Ratio:
    """How our cost relates to a peer's: below 1 we are ahead; a tie where the interval straddles 1."""

    median: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """``"faster"``, ``"slower"`` or ``"tie"``."""
        return "tie" if self.low <= 1 <= self.high else "faster" if self.high < 1 else "slower"


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """The median of the ratios of samples taken in the same round, with its interval.

    Taking ratios round by round first removes what slows both of a pair: another program, a hotter processor.

    >>> paired_ratio([1.0, 2.0, 4.0], [2.0, 4.0, 8.0])
    Ratio(median=0.5, low=0.5, high=0.5)
    """
    if len(ours) != len(theirs):
        raise ValueError(
            f"paired_ratio: expected as many samples on both sides; got {len(ours)} and {len(theirs)}. "
            "Pair the samples of the same rounds."
        )
    ratios = [a / b for a, b in zip(ours, theirs)]
    return Ratio(median(ratios), *interval(ratios))


@dataclass(frozen=True)
class Growth:
    """``cost(n) = fixed + rate · n**power``.

    Attributes:
        powers: the least and the greatest power that fit when any one cost is moved to an end of its interval, or, of
            four sizes or more, left out; None where neither is known.
        error: by how much the fit misses the cost it fits worst, relative to that cost.
    """

    fixed: float
    rate: float
    power: float
    powers: tuple[float, float] | None = None
    error: float = 0.0

    def __call__(self, n: float) -> float:
        return self.fixed + self.rate * n**self.power


# No workload grows faster than with the cube of its size: a fit that would, up to here, follows noise.
MOST_POWER = 4


def growth(
    sizes: Sequence[float], costs: Sequence[float], intervals: Sequence[tuple[float, float]] = ()
) -> Growth | None:
    """Fit ``fixed + rate · n**power``: from three sizes on; of two, only the slope on log-log axes can be known.

    The fixed part is what a call costs at any size; without it, the overhead at small sizes would read as slow growth.
    Relative errors are minimised, over a grid of powers in steps of 0.01. None for fewer than two sizes.

    Args:
        intervals: in which the true costs lie.

    >>> fit = growth([10, 100, 1000, 10000], [5 + 2 * n for n in (10, 100, 1000, 10000)])
    >>> round(fit.fixed, 3), round(fit.rate, 3), fit.power
    (5.0, 2.0, 1.0)
    """
    if len(set(sizes)) < 2:
        return None
    if len(set(sizes)) < 3:
        logs = [math.log(n) for n in sizes]
        marks = [math.log(c) for c in costs]
        x, y = sum(logs) / len(logs), sum(marks) / len(marks)
        slope = sum((a - x) * (b - y) for a, b in zip(logs, marks)) / sum((a - x) ** 2 for a in logs)
        return Growth(0.0, math.exp(y - slope * x), slope)
    found = _best_fit(sizes, costs)
    error = max(abs(found(n) / c - 1) for n, c in zip(sizes, costs))
    # What hangs on a single size is not known: another program may have been at work just then.
    others = [
        _best_fit(sizes, [*costs[:i], end, *costs[i + 1 :]]).power for i, ends in enumerate(intervals) for end in ends
    ]
    if len(set(sizes)) > 3:
        others += [
            _best_fit([*sizes[:i], *sizes[i + 1 :]], [*costs[:i], *costs[i + 1 :]]).power for i in range(len(sizes))
        ]
    powers = (min(*others, found.power), max(*others, found.power)) if others else None
    return replace(found, powers=powers, error=error)


def _best_fit(sizes: Sequence[float], costs: Sequence[float]) -> Growth:
    def best(steps: Iterable[int]) -> Growth:
        return min((_fit(sizes, costs, step / 100) for step in steps), key=lambda fit: fit[0])[1]

    most, near = 100 * MOST_POWER, 5
    coarse = round(100 * best(range(0, most + 1, near)).power)
    return best(range(max(coarse - near, 0), min(coarse + near, most) + 1))


def _fit(sizes: Sequence[float], costs: Sequence[float], power: float) -> tuple[float, Growth]:
    """The least squared relative error at this power, with both coefficients kept ≥ 0, and its fit."""
    scale = max(sizes)
    u = [1 / c for c in costs]
    v = [(n / scale) ** power / c for n, c in zip(sizes, costs)]
    uu, uv, vv = sum(a * a for a in u), sum(a * b for a, b in zip(u, v)), sum(b * b for b in v)
    us, vs = sum(u), sum(v)
    det = uu * vv - uv * uv
    choices = [(0.0, vs / vv), (us / uu, 0.0)]
    if det > 1e-12 * uu * vv:
        choices.append(((us * vv - vs * uv) / det, (vs * uu - us * uv) / det))
    best = min(
        (pair for pair in choices if min(pair) >= 0),
        key=lambda pair: sum((pair[0] * a + pair[1] * b - 1) ** 2 for a, b in zip(u, v)),
    )
    error = sum((best[0] * a + best[1] * b - 1) ** 2 for a, b in zip(u, v))
    return error, Growth(best[0], best[1] / scale**power, power)


def crossing(sizes: Sequence[float], ours: Sequence[float], other: Sequence[float]) -> float | None:
    """The size from which ``ours`` stays below ``other``, interpolated on log-log axes.

    0 where it is below at every size, None where it is not below at the last.

    >>> crossing([1, 100], [10.0, 10.0], [1.0, 100.0])
    10.0
    """
    points = sorted(zip(sizes, ours, other))
    gaps = [math.log(a / b) for _, a, b in points]
    if not gaps or gaps[-1] >= 0:
        return None
    at = len(gaps) - 1
    while at > 0 and gaps[at - 1] < 0:
        at -= 1
    if at == 0:
        return 0.0
    left, right = math.log(points[at - 1][0]), math.log(points[at][0])
    share = gaps[at - 1] / (gaps[at - 1] - gaps[at])
    return round(math.exp(left + share * (right - left)), 6)
