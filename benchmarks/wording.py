"""Numbers in words: times, rates, ratios, growth. Imports ``stats``."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.stats import Growth, Ratio


def duration(seconds: float) -> str:
    """A time with three digits and its unit.

    >>> duration(0.0000123), duration(2.5), duration(0.0009999)
    ('12.3 µs', '2.5 s', '1 ms')
    """
    return _scaled(seconds, ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")))


def volume(size: float) -> str:
    """A number of bytes with three digits and its unit.

    >>> volume(3 * 2**20)
    '3 MiB'
    """
    return _scaled(size, ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B")))


def rate(value: float, unit: str) -> str:
    """A rate with three digits, such as ``'1.2 TFLOP/s'``.

    >>> rate(1.2e12, "FLOP/s")
    '1.2 TFLOP/s'
    """
    return _scaled(value, ((1e15, "P" + unit), (1e12, "T" + unit), (1e9, "G" + unit), (1e6, "M" + unit)))


def _scaled(value: float, units: Sequence[tuple[float, str]]) -> str:
    for scale, name in units:
        if float(f"{value:.3g}") >= scale:
            return f"{three(value / scale)} {name}"
    scale, name = units[-1]
    return f"{three(value / scale)} {name}"


def three(value: float) -> str:
    """A number with three digits.

    >>> three(12.345), three(12345.6)
    ('12.3', '12346')
    """
    return f"{value:.0f}" if value >= 999.5 else f"{float(f'{value:.3g}'):g}"


def ratio_text(ratio: Ratio, bounds: bool = True) -> str:
    """A ratio with its interval; a tie says so, and what is none has as many digits as set it apart from 1.

    >>> ratio_text(Ratio(0.43, 0.4, 0.46)), ratio_text(Ratio(1.01, 0.9, 1.1)), ratio_text(Ratio(0.43, 0.4, 0.46), False)
    ('0.43 (0.40–0.46)', 'tie (0.90–1.10)', '0.43')
    >>> ratio_text(Ratio(1.02, 1.0004, 1.06)), ratio_text(Ratio(1.0, 1.0, 1.02))
    ('1.02 (1.0004–1.06)', 'tie (1.00–1.02)')
    """
    tie = ratio.verdict == "tie"

    def show(value: float) -> str:
        text, digits = number(value), 3
        while not tie and float(text) == 1 and digits < 7:
            text, digits = f"{value:.{digits}f}", digits + 1
        return text

    word = "tie" if tie else show(ratio.median)
    return f"{word} ({show(ratio.low)}–{show(ratio.high)})" if bounds else word


def number(ratio: float) -> str:
    """A ratio with two digits after the point where they say something.

    >>> [number(ratio) for ratio in (0.00123, 0.04, 0.987, 12.34, 1234.0)]
    ['0.0012', '0.04', '0.99', '12.3', '1234']
    """
    if ratio < 0.0995:
        return f"{ratio:.2g}"
    return f"{ratio:.2f}" if ratio < 9.95 else f"{ratio:.1f}" if ratio < 99.5 else f"{ratio:.0f}"


def growth_text(fit: Growth, unit: str, size: str) -> str:
    """A fit as a formula, with the range of its power where enough sizes tell it.

    >>> growth_text(Growth(2e-6, 1e-9, 1.0, (0.98, 1.03)), "s", "elements")
    '2 µs + 1 ns · elements^1.00 (0.98–1.03)'
    """
    show = volume if unit == "B" else duration
    fixed = f"{show(fit.fixed)} + " if fit.fixed else ""
    rate = show(fit.rate) if fit.rate >= 1e-12 else f"{fit.rate:.2g} s"
    span = f" ({fit.powers[0]:.2f}–{fit.powers[1]:.2f})" if fit.powers else ""
    return f"{fixed}{rate} · {size}^{fit.power:.2f}{span}"
