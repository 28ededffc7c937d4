"""How figures are judged: better is kept, worse and luck are not, whatever the figures are (R014)."""

from __future__ import annotations

import random
from math import comb
from statistics import median

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from reports.records import Measurement, StepOutcome, Text, same
from reports.records.measurement import chance, effects_of, figure, figures_of, judged, measured, said, spread, wanted

ROUNDS = 5
figures = some.lists(some.floats(0.01, 1e9), min_size=ROUNDS, max_size=ROUNDS)
ways = some.sampled_from(["higher", "lower"])


def load(better="higher", at_least_pct=5.0, **more) -> Measurement:
    return Measurement(**{"key": "load-1", "target": "web1", "title": same("orders"), "unit": "tps", "better": better, "at_least_pct": at_least_pct,
                          "rounds": ROUNDS, "seconds": 60, **more})


def turned(better: str) -> str:
    return "lower" if better == "higher" else "higher"


@given(figures, ways)
def test_what_did_not_change_is_never_better(before, better):
    found = judged(load(better), before, list(reversed(before)))
    assert not found.kept and found.gain_pct == 0 and found.chance_pct > 5


@given(figures, figures, ways)
def test_there_and_back_is_not_better_both_times(before, after, better):
    assert not (judged(load(better), before, after).kept and judged(load(better), after, before).kept)


@given(figures, figures, ways, some.randoms())
def test_the_order_of_the_rounds_means_nothing(before, after, better, dice):
    first = judged(load(better), before, after)
    dice.shuffle(before)
    dice.shuffle(after)
    second = judged(load(better), before, after)
    assert (first.kept, first.gain_pct, first.chance_pct, first.why) == (second.kept, second.gain_pct, second.chance_pct, second.why)


@given(figures, figures, ways, some.integers(0, 10))
def test_the_unit_means_nothing(before, after, better, power):
    scale = 2.0 ** power
    assert judged(load(better), before, after).kept == judged(load(better), [f * scale for f in before], [f * scale for f in after]).kept


@given(figures, figures, ways, some.integers(0, ROUNDS - 1), some.floats(1, 100))
def test_a_better_round_makes_nothing_worse(before, after, better, which, factor):
    found = judged(load(better), before, after)
    after[which] = after[which] * factor if better == "higher" else after[which] / factor
    assert judged(load(better), before, after).kept >= found.kept


@given(figures, some.floats(1.06, 50), ways)
def test_every_round_far_ahead_is_kept_and_behind_is_not(before, factor, better):
    low, high = before, [f * factor * max(before) / min(before) for f in before]
    (worse, best) = (low, high) if better == "higher" else (high, low)
    kept = judged(load(better, at_least_pct=5), worse, best)
    assert kept.kept and kept.why == "better" and kept.chance_pct == pytest.approx(100 / comb(2 * ROUNDS, ROUNDS))
    assert judged(load(better), best, worse).why == "worse"


@given(figures, figures, ways, some.floats(0.1, 99))
def test_less_than_was_asked_for_is_never_kept(before, after, better, least):
    found = judged(load(better, at_least_pct=least), before, after)
    gain = (median(after) - median(before)) * (1 if better == "higher" else -1) / median(before) * 100
    assert found.gain_pct == pytest.approx(gain)
    if found.kept:
        assert gain >= least * (1 - 1e-9)


@given(figures, figures)
def test_the_probabilities_of_both_ways_share_what_there_is(before, after):
    assume(len({*before, *after}) == 2 * ROUNDS)
    up, down = chance(before, after), chance(before, after, "lower")
    assert 0 < up <= 1 and 0 < down <= 1 and up + down >= 1  # the case itself counts in both


@given(figures, figures, ways)
def test_figures_are_the_same_as_their_opposites(before, after, better):
    assert chance(before, after, better) == chance([-f for f in before], [-f for f in after], turned(better))


@pytest.mark.parametrize("rounds", [3, 5, 8])
def test_mere_noise_is_kept_at_most_as_often_as_promised(rounds):
    """A machine whose rounds scatter by half their size, and a setting that does nothing: at most 5 of 100 are called better."""
    dice = random.Random(7)
    kept = sum(judged(load(rounds=rounds, at_least_pct=0.1), *([dice.lognormvariate(0, 0.5) for _ in range(rounds)] for _ in range(2))).kept
               for _ in range(4000))
    assert kept <= 4000 * 0.05 + 3 * (4000 * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize("rounds", [5, 8])
def test_a_real_gain_is_found_in_noise(rounds):
    dice = random.Random(8)
    kept = sum(judged(load(rounds=rounds), [dice.lognormvariate(0, 0.1) for _ in range(rounds)],
                      [1.5 * dice.lognormvariate(0, 0.1) for _ in range(rounds)]).kept for _ in range(500))
    assert kept >= 490


def test_one_disturbed_round_does_not_hide_a_gain():
    assert judged(load(rounds=7), [100, 101, 99, 100, 102, 98, 100], [200, 201, 1, 199, 202, 203, 198]).kept


@pytest.mark.parametrize(("before", "after", "at_least", "why"), [
    ([100] * 5, [104] * 5, 5, "too little"), ([100] * 5, [99] * 5, 5, "worse"), ([100, 50, 150, 80, 120], [110, 60, 160, 90, 130], 5, "luck"),
    ([100] * 5, [97] * 5, -5, "as good"), ([100] * 5, [94] * 5, -5, "worse"), ([100] * 5, [100] * 5, 0, "as good"), ([100] * 4, [200] * 5, 5, "not measured"),
    ([100] * 5, [], 5, "not measured"), ([], [], 5, "not measured"), ([0, 1, 1, 1, 1], [5] * 5, 5, "not measured"),
], ids=["too little", "worse", "luck", "not worse than allowed", "worse than allowed", "the same where that is enough", "a round is missing",
        "not measured after",
        "not measured at all", "a round of nothing"])
def test_every_verdict_says_why_in_both_languages(before, after, at_least, why):
    found = judged(load(at_least_pct=at_least), before, after)
    text = said(load(at_least_pct=at_least), found)
    assert found.why == why and found.kept == (why in ("better", "as good")) and text.zh != text.en
    if found.gain_pct is not None:
        for words in (text.zh, text.en):
            assert spread(before, "tps") in words and spread(after, "tps") in words and f"{abs(at_least):g} %" in words


def outcome(key: str, output: str, **more) -> StepOutcome:
    return StepOutcome(**{"number": 1, "key": key, "target": "web1", "title": Text(zh="测", en="m"), "result": "done", "output": output, **more})


def test_figures_are_read_from_the_last_attempt_of_the_right_step():
    lines = "tps = 1\n" + "\n".join(f"standfast-measured {n} {n * 10}.5" for n in range(1, 6)) + "\nstandfast-measured x y z\n"
    done = [outcome("measure-before-load-1", "standfast-measured 1 9", result="interrupted"), outcome("measure-before-load-1", lines, attempt=2),
            outcome("measure-after-load-1", lines.replace(".5", "00")), outcome("measure-after-load-1", lines, target="web2"),
            outcome("measure-after-load-1", "standfast-measured 1 1", action="undo", attempt=9)]
    assert figures_of(done, "web1", "measure-before-load-1") == (10.5, 20.5, 30.5, 40.5, 50.5)
    assert measured(load(), done).kept and measured(load(target="web3"), done).why == "not measured"


def test_what_is_in_force_is_what_was_seen_last():
    done = [outcome("tune", "standfast-effective work_mem 64MB\nstandfast-effective log_line_prefix %m [%p] \n"),
            outcome("tune", "standfast-effective work_mem 4MB")]
    assert effects_of(done, "web1") == {"work_mem": "4MB", "log_line_prefix": "%m [%p] "} and effects_of(done, "web2") == {}


@pytest.mark.parametrize(("value", "told"), [(0.01234567, "0.01235"), (17.25, "17.25"), (999.96, "1000"), (2712.6, "2,713"), (1e6, "1,000,000")])
def test_figures_are_written_for_people(value, told):
    assert figure(value) == told


def test_the_criterion_in_words():
    assert wanted(load("lower")).en.startswith("lower is better; the median of 5 rounds must be better by 5 % at least")
    assert "不超过 5 %" in wanted(load(at_least_pct=-5)).zh
