"""Windows against the same numbers computed over all raw samples."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.expr import Reading, Reduce
from opsbot.engine.sliding import BUCKETS
from opsbot.engine.windows import Need, Windows
from tests.engine.naive import at, increase, sample, slope, within

steps = st.one_of(st.floats(0.0, 0.2), st.floats(0.5, 3.0), st.floats(3.0, 400.0), st.just(1.0), st.just(0.0))
gauges = st.lists(st.tuples(steps, st.floats(-1e9, 1e9)), min_size=1, max_size=120)
counts = st.lists(st.tuples(steps, st.integers(0, 1000)), min_size=1, max_size=120)
lengths = st.sampled_from([0.5, 10.0, 60.0, 333.3, 3600.0])
pauses = st.floats(0.0, 100.0)


def timed(moves: list[tuple[float, float]]) -> list[tuple[float, float]]:
    times = itertools.accumulate((step for step, _ in moves), initial=1000.0)
    return [(when, float(value)) for when, (_, value) in zip(times, moves, strict=False)]


def read(points: list[tuple[float, float]], reduce: Reduce, window: float, now: float) -> float | None:
    windows = Windows([Need("m", reduce, window)], {"process": 1.0})
    for when, value in points:
        windows.observe(sample(when, m=value))
    assert len(windows) <= BUCKETS + 3
    return windows.read(Reading("m", reduce, window), at(now))


@given(counts, lengths, pauses)
def test_an_increase_is_that_of_the_raw_samples_within_one_bucket(
    moves: list[tuple[float, float]], window: float, pause: float
) -> None:
    points = timed(moves)
    now = points[-1][0] + pause
    got = read(points, Reduce.INCREASE, window, now)
    if got is None:
        assert not within(points, now - window, now)
        return
    bucket = window / BUCKETS
    least = increase(points, now - window + bucket, now, gap=3.0)
    most = increase(points, now - window - bucket, now, gap=3.0)
    slack = 1e-6 * (1.0 + most)
    assert got >= 0.0
    assert least - slack <= got <= most + slack


@given(gauges, lengths, pauses)
def test_extremes_are_those_of_the_raw_samples_within_one_bucket(
    moves: list[tuple[float, float]], window: float, pause: float
) -> None:
    points = timed(moves)
    now = points[-1][0] + pause
    exact = within(points, now - window, now)
    wider = within(points, now - window * (1 + 1 / BUCKETS) - 1e-6, now)
    low, high = read(points, Reduce.MIN, window, now), read(points, Reduce.MAX, window, now)
    if low is None or high is None:
        assert not exact
        return
    assert min(v for _, v in wider) <= low <= min(v for _, v in exact)
    assert max(v for _, v in exact) <= high <= max(v for _, v in wider)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.integers(2, 100))
def test_a_mean_is_exact_where_each_sample_has_its_own_bucket(values: list[float], window: int) -> None:
    points = [(float(second), value) for second, value in enumerate(values)]
    kept = values[-window:]
    got = read(points, Reduce.MEAN, float(window), points[-1][0])
    assert got == pytest.approx(sum(kept) / len(kept), abs=1e-6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=200), st.integers(2, 100))
def test_a_slope_is_that_of_the_textbook(values: list[float], window: int) -> None:
    points = [(1e6 + second, value) for second, value in enumerate(values)]
    kept = points[-window:]
    got = read(points, Reduce.SLOPE, float(window), points[-1][0])
    if kept[-1][0] - kept[0][0] < window / 2:
        assert got is None
    else:
        assert got == pytest.approx(slope(kept), rel=1e-6, abs=1e-3)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(allow_nan=True)), max_size=60), lengths)
def test_no_input_makes_an_increase_negative(moves: list[tuple[float, float]], window: float) -> None:
    windows = Windows([Need("m", Reduce.INCREASE, window)], {"process": 0.5})
    now = 0.0
    for step, value in moves:
        now += step
        windows.observe(sample(now, m=value))
        got = windows.read(Reading("m", Reduce.INCREASE, window), at(now))
        assert got is None or got >= 0.0


def test_a_day_of_samples_every_second_is_held_in_720_buckets() -> None:
    windows = Windows([Need("m_total", Reduce.INCREASE, 86400.0)], {"process": 1.0})
    for second in range(0, 100_000):
        windows.observe(sample(float(second), m_total=float(second)))
    got = windows.read(Reading("m_total", Reduce.INCREASE, 86400.0), at(99_999.0))
    assert len(windows) <= BUCKETS + 3
    assert got == pytest.approx(86400.0, abs=86400.0 / BUCKETS)


@given(counts, lengths)
def test_the_same_samples_always_give_the_same_numbers(
    moves: list[tuple[float, float]], window: float
) -> None:
    points = timed(moves)
    now = points[-1][0]
    for reduce in (Reduce.INCREASE, Reduce.MEAN, Reduce.SLOPE):
        assert read(points, reduce, window, now) == read(points, reduce, window, now)
