"""The benchmarks' statistics: medians, intervals, pairs, ties, growth, crossings; and whether two results are equal."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import check, stats, wording

positive = st.floats(1e-9, 1e9)


@given(st.lists(positive, min_size=1, max_size=40), st.floats(0, 1))
def test_quantiles_are_numpys(values: list[float], q: float) -> None:
    assert stats.quantile(values, q) == pytest.approx(np.quantile(values, q), rel=1e-12)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for n in (6, 9, 15, 20):
        hits = 0
        for samples in rng.standard_exponential((4000, n)):
            low, high = stats.interval(samples.tolist())
            hits += low <= math.log(2) <= high
        # Four standard errors of 4,000 trials below the 95 % that are promised.
        assert hits / 4000 > 0.95 - 4 * math.sqrt(0.95 * 0.05 / 4000)


@pytest.mark.parametrize(
    ("n", "kept"),
    # The cuts of the sign test's 95 % interval, Conover's table A3 (ranks from 1).
    [(1, (1, 1)), (5, (1, 5)), (6, (1, 6)), (9, (2, 8)), (15, (4, 12)), (20, (6, 15)), (30, (10, 21))],
)
def test_the_interval_cuts_as_the_sign_test(n: int, kept: tuple[int, int]) -> None:
    assert stats.interval([float(i) for i in range(1, n + 1)]) == kept


@given(st.lists(st.tuples(positive, st.floats(0.5, 2)), min_size=1, max_size=30), st.floats(0.1, 10))
def test_pairing_removes_what_both_of_a_pair_suffer(pairs: list[tuple[float, float]], ratio: float) -> None:
    ours = [ratio * base * noise for base, noise in pairs]
    theirs = [base * noise for base, noise in pairs]
    found = stats.paired_ratio(ours, theirs)
    assert (found.median, found.low, found.high) == pytest.approx((ratio,) * 3)


def test_samples_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected as many samples on both sides; got 2 and 1\. Pair the samples"):
        stats.paired_ratio([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="expected at least one value; got none"):
        stats.quantile([], 0.5)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.5, 0.9, "faster"), (0.5, 1.0, "tie"), (0.9, 1.1, "tie"), (1.0, 1.2, "tie"), (1.01, 1.2, "slower")],
)
def test_a_ratio_whose_interval_straddles_one_is_a_tie(low: float, high: float, verdict: str) -> None:
    assert stats.Ratio((low + high) / 2, low, high).verdict == verdict
    assert (verdict == "tie") == wording.ratio_text(stats.Ratio((low + high) / 2, low, high)).startswith("tie")


@given(st.floats(1e-9, 1e-3), st.floats(1e-12, 1e-6), st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]))
def test_growth_finds_the_power_behind_a_fixed_cost(fixed: float, rate: float, power: float) -> None:
    sizes = [10.0, 100.0, 1e3, 1e4, 1e5]
    fit = stats.growth(sizes, [fixed + rate * n**power for n in sizes])
    assert fit is not None
    # Where the fixed cost is all of it, or nothing of it, only the sum can be known.
    assert [fit(n) for n in sizes] == pytest.approx([fixed + rate * n**power for n in sizes], rel=0.02)
    if rate * 1e4**power > fixed:
        assert fit.power == pytest.approx(power, abs=0.03)


def test_growth_of_few_sizes_is_the_slope() -> None:
    fit = stats.growth([10, 1000], [1e-6, 1e-2])
    assert fit is not None and fit.fixed == 0 and fit.power == pytest.approx(2)
    assert stats.growth([10], [1.0]) is None


@pytest.mark.parametrize(
    ("gpu", "cpu", "at"),
    [
        ([5, 5, 5], [1, 2, 3], None),
        ([1, 1, 1], [2, 2, 2], 0.0),
        ([10, 10, 10], [1, 10, 100], 10.0),
        ([10, 10, 10], [1, 5, 1000], 10 ** (1 + math.log(2) / math.log(200))),
        ([1, 10, 10], [2, 5, 20], 10**1.5),  # faster, slower, faster: what counts is from where on it stays so
    ],
)
def test_the_crossing_is_where_the_gpu_stays_faster(gpu: list[float], cpu: list[float], at: float | None) -> None:
    found = stats.crossing([1, 10, 100], gpu, cpu)
    assert found == (at if at is None else pytest.approx(at, rel=1e-6))


# Comparing results -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (np.ones(3, np.float32), None),
        (np.ones(3, np.float32) * np.float32(1.00001), None),
        (np.ones(3, np.float32) * np.float32(1.01), r"differs by 9\.9e-03 of its largest element \(allowed: 1e-04\)"),
        (np.ones(3), "is float64 instead of float32"),
        (np.ones((3, 1), np.float32), r"has the shape \(3, 1\) instead of \(3,\)"),
        (np.array([1, 1, np.nan], np.float32), "is not finite"),
    ],
)
def test_wrong_results_are_found(other: np.ndarray, reason: str | None) -> None:
    found = check.difference([check.digest(np.ones(3, np.float32))], [check.digest(other)], 1e-4)
    assert found is None if reason is None else re.search(reason, found or "")


def test_a_difference_anywhere_in_a_large_array_is_found() -> None:
    array = np.zeros(10_000)
    for at in (0, 1, 5_003, 9_999):
        changed = array.copy()
        changed[at] = 1.0
        assert check.difference([check.digest(array)], [check.digest(changed)], 1e-3)


# Noise -----------------------------------------------------------------------------------------------------


def noisy(rng: np.random.Generator, trials: int, rounds: int, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Two libraries' samples on a busy machine: slow drifts that both feel, bursts that only one does."""
    drift = np.exp(np.cumsum(0.05 * rng.standard_normal((trials, rounds)), axis=1))
    own = 1 + 0.05 * rng.standard_exponential((2, trials, rounds))
    bursts = np.where(rng.random((2, trials, rounds)) < 0.1, rng.uniform(1, 10, (2, trials, rounds)), 1.0)
    ours, theirs = drift * own * bursts
    return ratio * ours, theirs


@pytest.mark.parametrize("rounds", [6, 9, 15])
def test_equal_libraries_are_called_a_tie_as_often_as_promised(rounds: int) -> None:
    trials = 3000
    pairs = zip(*noisy(np.random.default_rng(rounds), trials, rounds, 1.0))
    ties = sum(stats.paired_ratio(a.tolist(), b.tolist()).verdict == "tie" for a, b in pairs)
    assert ties / trials > 0.95 - 4 * math.sqrt(0.95 * 0.05 / trials)


def test_a_difference_beyond_noise_is_seen_through_drift_and_bursts() -> None:
    trials = 1000
    found = [
        stats.paired_ratio(a.tolist(), b.tolist()) for a, b in zip(*noisy(np.random.default_rng(0), trials, 15, 0.7))
    ]
    assert sum(ratio.verdict == "faster" for ratio in found) / trials > 0.9
    assert np.median([ratio.median for ratio in found]) == pytest.approx(0.7, rel=0.02)


def test_five_samples_would_not_be_enough() -> None:
    assert stats.least(0.95) == 6
    assert stats.coverage(5, 0) < 0.95 <= stats.coverage(6, 0)


def test_the_range_of_a_power_shows_how_sure_it_is() -> None:
    sizes = [1e3, 1e4, 1e5, 1e6]
    sure = stats.growth(sizes, [1e-6 * n for n in sizes])
    assert sure is not None and sure.powers == pytest.approx((1, 1), abs=0.01) and sure.error < 0.01
    unsure = stats.growth(sizes, [1e-3, 4e-2, 0.1, 1.0])
    assert unsure is not None and unsure.powers is not None and unsure.error > 0.5
    assert unsure.powers[1] - unsure.powers[0] > 0.15
    three = stats.growth(sizes[:3], [1.0, 2.0, 3.0])
    assert three is not None and three.powers is None
    # Three sizes fit exactly: how sure they are of the power follows from how sure the medians are.
    exact = [1 + n / 1e4 for n in sizes[:3]]
    for width, least, most in ((1e-4, 0.0, 0.01), (0.02, 0.02, 0.2), (0.2, 0.3, 4.0)):
        found = stats.growth(sizes[:3], exact, [(c * (1 - width), c * (1 + width)) for c in exact])
        assert found is not None and found.powers is not None and found.powers[0] <= 1 <= found.powers[1]
        assert least <= found.powers[1] - found.powers[0] <= most
