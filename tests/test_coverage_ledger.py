"""docs/coverage.md is what the table of test cases says; every operation with a derivative has all of it checked."""

from __future__ import annotations

from tests import ledger
from tests.cases import CASES


def test_the_ledger_is_up_to_date() -> None:
    assert ledger.PAGE.read_text(encoding="utf-8") == ledger.render(), (
        "run `make ledger`: docs/coverage.md is out of date"
    )


def test_every_gap_has_a_reason() -> None:
    for case in CASES:
        for name, found in ledger.claims(case).items():
            assert found or not case.orders or case.lacks or case.note, (
                f"{case.id}: {name} is not checked; say why in lacks="
            )
