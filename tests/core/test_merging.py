from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.core import merging
from signalstream.core.merging import HISTORY, InsightState, insight, merge
from signalstream.models.intelligence import Analysis
from signalstream.streaming.values import MAX_VALUE_BYTES, decode, encode
from tests.core.analyses import AGENTS, BEGIN, CONVERSATION, TENANT, analyses, analysis, entity, result_of

EMPTY = InsightState(tenant_id=TENANT, conversation_id=CONVERSATION)
ORDERS = st.lists(analyses(), max_size=24).flatmap(
    lambda made: st.tuples(st.just(made), st.permutations(made + made[: len(made) // 2]))
)
MODERATE = settings(deadline=None, max_examples=100)


def merged(made: list[Analysis], state: InsightState = EMPTY) -> InsightState:
    for one in made:
        state = merge(state, [one])
    return state


@MODERATE
@given(ORDERS)
def test_any_order_with_any_repeats_gives_the_same_row_and_the_same_picture(orders):
    one, other = (merged(order) for order in orders)

    assert one.slots == other.slots
    assert insight(one, AGENTS) == insight(other, AGENTS)


@MODERATE
@given(st.lists(analyses(), max_size=20), st.data())
def test_merging_in_batches_is_merging_one_by_one(made, data):
    cut = data.draw(st.integers(0, len(made)))

    assert merge(merge(EMPTY, made[:cut]), made[cut:]).slots == merged(made).slots


@MODERATE
@given(st.lists(analyses(), min_size=1, max_size=20))
def test_a_repeat_returns_the_very_same_row(made):
    row = merged(made)

    assert all(merge(row, [one]) is row for one in made)


@MODERATE
@given(st.lists(analyses(), min_size=1, max_size=20))
def test_a_row_read_back_from_its_bytes_merges_like_the_one_in_memory(made):
    half = len(made) // 2
    read_back = decode(InsightState, encode(merged(made[:half])))

    assert merged(made[half:], read_back).slots == merged(made).slots


@MODERATE
@given(st.lists(analyses(agents=("sentiment",)), min_size=1, max_size=12))
def test_the_newest_turn_wins_and_the_shown_result_is_of_the_newest_turn_that_has_one(made):
    status = insight(merged(made), AGENTS).agents["sentiment"]
    newest = max(one.seq for one in made)
    with_result = [one.seq for one in made if one.result is not None]

    assert status.status in {one.status.value for one in made if one.seq == newest}
    assert status.based_on_seq == max(with_result, default=None)


@MODERATE
@given(st.lists(analyses(), min_size=1, max_size=16), st.lists(st.integers(0, 2), min_size=16, max_size=16))
def test_the_shown_revision_never_falls_and_changes_whenever_the_picture_does(made, new_messages):
    row, newest_seq, shown = EMPTY, 0, [insight(EMPTY, AGENTS)]
    for one, arrived in zip(made, new_messages, strict=False):
        newest_seq += arrived
        shown.append(insight(row, AGENTS, newest_seq))
        after = merge(row, [one])
        row = row if after is row else merging.revised(after, BEGIN)
        shown.append(insight(row, AGENTS, newest_seq))

    for before, after in pairwise(shown):
        assert after.revision >= before.revision
        assert after == before or after.revision > before.revision


def test_a_repeat_that_took_longer_or_came_later_changes_nothing():
    row = merged([analysis()])

    later = analysis(latency_ms=900.0, analysed_at=BEGIN + timedelta(hours=1))

    assert merge(row, [later]) is row


def test_repeats_that_differ_only_in_latency_give_one_row_in_either_order():
    slow, quick = analysis(latency_ms=9.0), analysis(latency_ms=1.0)

    assert merged([slow, quick]).slots == merged([quick, slow]).slots


def test_a_better_analysis_of_the_same_turn_replaces_a_worse_one_and_never_the_other_way_round():
    degraded, ok = analysis(status="degraded", variant=1), analysis(status="ok", variant=2)

    for order in ([degraded, ok], [ok, degraded]):
        assert insight(merged(order), AGENTS).agents["sentiment"].status == "ok"


def test_a_failed_newest_turn_keeps_the_older_result_and_says_which_turn_it_is_of():
    shown = insight(merged([analysis(seq=1, variant=2), analysis(seq=2, status="failed")]), AGENTS)

    assert shown.sentiment is not None
    assert shown.sentiment.reasoning == "variant 2"
    assert (shown.agents["sentiment"].status, shown.agents["sentiment"].based_on_seq) == ("failed", 1)


def test_nothing_is_invented_for_an_agent_that_failed_from_the_start():
    shown = insight(merged([analysis(agent, status="failed") for agent in AGENTS]), AGENTS)

    assert (shown.sentiment, shown.pii, shown.insights, shown.summary) == (None, None, None, None)
    assert shown.completeness == "complete"


def test_completeness_goes_from_none_by_partial_to_complete_and_back_when_a_message_comes():
    first = [analysis(agent) for agent in AGENTS]

    assert insight(EMPTY, AGENTS, newest_seq=1).completeness == "none"
    assert insight(merged(first[:2]), AGENTS, newest_seq=1).completeness == "partial"
    assert insight(merged(first), AGENTS, newest_seq=1).completeness == "complete"
    assert insight(merged(first), AGENTS, newest_seq=2).completeness == "partial"


def test_an_agent_that_has_not_seen_the_newest_turn_is_pending():
    shown = insight(merged([analysis("sentiment", seq=2), analysis("summary", seq=1)]), AGENTS)

    assert {agent: shown.agents[agent].status for agent in AGENTS} == {
        "sentiment": "ok",
        "summary": "pending",
        "pii": "pending",
        "insights": "pending",
        "language": "pending",
    }


def test_personal_data_of_every_turn_is_shown_with_its_message_and_turn():
    shown = insight(merged([analysis("pii", seq=1, variant=2), analysis("pii", seq=3, variant=0)]), AGENTS)

    assert shown.pii is not None
    assert shown.pii.has_pii
    assert shown.pii.redacted_text == "variant 0"
    assert [(found.seq, found.message_id) for found in shown.pii.entities] == [
        (1, analysis(seq=1).message_id),
        (1, analysis(seq=1).message_id),
    ]


@settings(deadline=None, max_examples=40)
@given(st.permutations([analysis("pii", seq=seq, variant=1) for seq in range(1, HISTORY + 12)]))
def test_pruning_the_history_gives_the_same_row_in_any_order(made):
    row = merged(made)

    assert sorted(row.slots["pii"].history) == list(range(12, HISTORY + 12))
    assert row.slots == merged(sorted(made, key=lambda one: one.seq)).slots


def test_a_row_full_of_personal_data_stays_below_what_the_changelog_takes():
    crowded = result_of("pii") | {
        "has_pii": True,
        "entities": [entity("account_number", number) for number in range(1_400)],
        "redacted_text": "\N{PILE OF POO}" * 10_000,
    }
    made = [analysis("pii", seq=seq).model_copy(update={"result": crowded}) for seq in range(1, HISTORY + 10)]
    row = merge(EMPTY, made)

    shown = insight(row, AGENTS)

    assert len(encode(row)) < MAX_VALUE_BYTES * 2 / 3
    assert shown.pii is not None
    assert len(shown.pii.entities) == 200
    assert {found.seq for found in shown.pii.entities} == {HISTORY + 9}
    assert merge(row, made) is row


def test_an_agent_that_was_added_later_shows_its_result_under_its_own_name():
    toxicity = analysis().model_copy(update={"agent": "toxicity", "result": {"level": 3}})

    shown = insight(merge(EMPTY, [toxicity]), (*AGENTS, "toxicity"))

    assert shown.model_dump()["toxicity"] == {"level": 3}


def test_an_agent_that_is_not_in_the_list_is_not_shown():
    stranger = analysis().model_copy(update={"agent": "tenant_id", "result": {"level": 3}})

    assert insight(merge(EMPTY, [stranger]), AGENTS).tenant_id == TENANT


def test_a_result_that_is_not_what_its_agent_promises_is_named_without_its_content():
    wrong = analysis().model_copy(update={"result": {"sentiment": "delighted", "canary-9137": 1}})

    problem = merging.misfit(wrong)

    assert problem is not None
    assert "Sentiment" in problem
    assert "canary" not in problem
    assert all(merging.misfit(analysis(agent)) is None for agent in AGENTS)
    assert merging.misfit(analysis(status="failed")) is None


def test_event_time_only_moves_forward():
    row = merging.noted(EMPTY, BEGIN)

    assert merging.noted(row, BEGIN) is row
    assert merging.noted(row, BEGIN - timedelta(days=1)) is row
    assert merging.noted(row, BEGIN + timedelta(seconds=1)).watermark == BEGIN + timedelta(seconds=1)


def test_a_skipped_turn_keeps_the_older_result_holds_nothing_up_and_gives_way_to_a_newer_one():
    others = [analysis(agent, 2) for agent in AGENTS if agent != "summary"]
    skipped = merged([analysis("summary", 1, variant=1), *others, analysis("summary", 2, "skipped", 0)])
    picture = insight(skipped, AGENTS)

    assert picture.completeness == "complete"
    assert (picture.agents["summary"].status, picture.agents["summary"].based_on_seq) == ("skipped", 1)
    assert picture.summary is not None
    assert picture.summary.tldr == "variant 1"

    newer = insight(merged([analysis("summary", 3, variant=3)], skipped), AGENTS)
    assert (newer.agents["summary"].status, newer.agents["summary"].based_on_seq) == ("ok", 3)


@MODERATE
@given(st.lists(analyses(("sentiment",)), max_size=12), st.integers(1, 6), st.integers(0, 3), st.data())
def test_a_degraded_turn_that_was_asked_again_shows_the_better_result_in_any_order(others, seq, variant, data):
    degraded, better = (analysis("sentiment", seq, status, variant) for status in ("degraded", "ok"))
    others = [one for one in others if (one.seq, one.status) != (seq, "ok")]
    order = data.draw(st.permutations([*others, degraded, better, better]))
    state = merged(order)

    newest = max(one.seq for one in order)
    assert state.slots["sentiment"].newest.seq == newest
    if seq == newest:
        assert state.slots["sentiment"].newest == better
    assert merged([degraded], state) is state
