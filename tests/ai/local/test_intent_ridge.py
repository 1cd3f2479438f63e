"""The regression behind fitted intents: one answer, whichever way it is solved, and honest about unseen rows."""

from __future__ import annotations

import numpy as np
import pytest

from signalstream.ai.local.heads import Floats
from signalstream.ai.local.intent_ridge import MOST_UNSEEN, RIDGE, Ridge, ridge

LABELS = 5


def drawn(count: int, size: int) -> tuple[Floats, Floats]:
    chance = np.random.default_rng(7)
    rows = chance.standard_normal((count, size)).astype(np.float32) / np.float32(np.sqrt(size))
    owners = (rows[:, :LABELS] + 0.02 * chance.standard_normal((count, LABELS))).argmax(axis=1)
    return rows + np.float32(0.1), np.where(np.arange(LABELS) == owners[:, None], 1, -1).astype(np.float32)


def fitted(rows: Floats, truth: Floats) -> Ridge:
    return ridge(lambda part: rows[part], rows.shape[1], truth)


def by_the_book(rows: Floats, truth: Floats) -> Floats:
    """What numpy solves in double precision, centred."""
    centred, wanted = rows.astype(float) - rows.mean(axis=0), truth.astype(float) - truth.mean(axis=0)
    made = np.linalg.solve(centred.T @ centred + RIDGE * np.eye(rows.shape[1]), centred.T @ wanted)
    return np.asarray(made, dtype=np.float32)


@pytest.mark.parametrize(("count", "size"), [(40, 900), (900, 900), (2_000, 900), (1_300, 512), (700, 30)])
def test_few_rows_and_many_rows_are_solved_as_by_the_book(count: int, size: int) -> None:
    rows, truth = drawn(count, size)
    fit = fitted(rows, truth)
    assert np.abs(fit.weights - by_the_book(rows, truth)).max() < 2e-3
    assert np.abs((rows @ fit.weights + fit.bias).mean(axis=0) - truth.mean(axis=0)).max() < 1e-3


@pytest.mark.parametrize(("count", "size"), [(60, 200), (400, 64)])
def test_what_it_would_say_of_an_unseen_row_is_what_a_fit_without_that_row_says(count: int, size: int) -> None:
    rows, truth = drawn(count, size)
    fit = fitted(rows, truth)
    for place, unseen in list(zip(fit.places, fit.unseen, strict=True))[:: count // 5]:
        rest = np.arange(count) != place
        without = fitted(rows[rest], truth[rest])
        assert np.abs(rows[place] @ without.weights + without.bias - unseen).max() < 2e-3


def test_of_many_rows_some_are_scored_as_unseen_spread_over_all() -> None:
    rows, truth = drawn(3_000, 50)
    places = fitted(rows, truth).places
    assert (len(places), places[0], places[-1]) == (MOST_UNSEEN, 0, 2_999)
