"""All of a file or nothing, every mistake with its row; and what goes out comes back the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation import lifecycle
from automation.models import Action, ActionVersion
from automation.transfer.importing import BadRules, import_rules
from automation.transfer.reading import BadText
from automation.transfer.shape import FORMAT, VERSION, fingerprint
from automation.transfer.writing import LIVING, as_json, export_rules
from automation.triggers.registry import TRIGGERS
from common.errors import InvalidInput
from markets.models import Instrument
from portfolios.opening import open_portfolio
from tests.automation.making import S, examples_stand, fresh, hold, rule, see, timers_of, watch_of, written
from tests.orders.making import NOW, D
from watches.models import Watch

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("format", ["json", "yaml"])


def document(*rules, **header) -> dict:
    return {"format": FORMAT, "version": VERSION, "rules": list(rules), **header}


def bring(desk, given, **options):
    text = given if isinstance(given, str) else None
    content = None if isinstance(given, str) else given
    return import_rules(user=desk.user, text=text, document=content, now=NOW, actor="ada", **options)


def send(desk, **options) -> str:
    return export_rules(user=desk.user, **options)


def many_kinds(desk) -> None:
    """One rule of every kind there is to say."""
    hold(desk)
    open_portfolio(user=desk.user, name="Spare: 2nd #1", cash=D(10), now=NOW)
    examples_stand(desk)
    for kind, trigger in TRIGGERS.items():
        rule(desk, trigger_type=kind, trigger_params=trigger.example, name=f"on {kind}")
    rule(desk, action_type="REBALANCE", symbol=None, quantity=None, goal="Example", name="back to the goal",
         trigger_type="drift_above", trigger_params={"goal": "Example"})  # fmt: skip
    rule(desk, action_type="REBALANCE", symbol=None, quantity=None, targets={"AAPL": "0.25", "CASH": 0.75},
         trigger_type="cron", trigger_params={"expression": "30 10 1 * *"})  # fmt: skip
    rule(desk, action_type="SELL", percent_of_position="33.5", order_type="stop_limit", stop_price="80",
         limit_offset="-0.10", time_in_force="gtc", max_executions=None, cooldown_seconds=3600,
         conditions=[{"trigger_type": "price_below", "trigger_params": {"threshold": "95"}, "symbol": "MSFT"}],
         group="on: off", mode="monitor", notes="two\nlines: with 'quotes' and \"more\" — 日本 🐦 \t end ")  # fmt: skip
    rule(desk, action_type="NOTIFY", symbol=None, trigger_type="time_of_day", trigger_params={"time": "15:55"},
         message="no", missed_policy="run_late", run_late_minutes=30)  # fmt: skip
    rule(desk, amount_usd="500.10", valid_from=(NOW + timedelta(days=1)).isoformat(),
         valid_until=(NOW + timedelta(days=3, microseconds=7)).isoformat(),
         portfolio=str(desk.user.portfolios.get(primary=False).id), name="true")  # fmt: skip
    paused = rule(desk, percent_of_equity="5", name="null")
    lifecycle.pause(user=desk.user, action_id=paused.id, now=NOW, actor="ada")


@BOTH
def test_export_import_export_is_the_same_to_the_byte(desk, format) -> None:
    many_kinds(desk)
    text = send(desk, format=format)
    Action.objects.all().delete()
    report = bring(desk, text)
    assert report.created == Action.objects.count() == len(TRIGGERS) + 6
    assert send(desk, format=format) == text
    assert send(desk, format=format, status="paused").count("null") >= 1


def test_both_formats_say_the_same(desk) -> None:
    many_kinds(desk)
    as_text = send(desk, format="yaml")
    plain = send(desk, format="json")
    Action.objects.all().delete()
    bring(desk, as_text)
    assert send(desk, format="json") == plain


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=words, notes=words, group=words.map(str.strip), threshold=st.decimals("0.01", "99999", places=4))
def test_any_words_come_back(desk, name, notes, group, threshold) -> None:
    Action.objects.all().delete()
    rule(desk, name=name, notes=notes, group=group, trigger_params={"threshold": str(threshold)})
    for format in ("yaml", "json"):
        text = send(desk, format=format)
        Action.objects.all().delete()
        bring(desk, text)
        assert send(desk, format=format) == text


def test_what_was_imported_is_watched(desk) -> None:
    sleeping = written(symbol="MSFT", trigger_params={"threshold": "95"}, status="paused")
    report = bring(desk, document(written(), sleeping,
                                  written(trigger_type="time_of_day", trigger_params={"time": "15:55"}),
                                  written(valid_until=(NOW + timedelta(days=1)).isoformat()),
                                  written(valid_from=(NOW + timedelta(days=1)).isoformat())))  # fmt: skip
    plain, paused, clock, ending, later = (row.action for row in report.rows)
    assert watch_of(plain).level == 90
    assert not Watch.objects.filter(owner_id=paused.id).exists()
    assert fresh(clock).next_evaluation_at == timers_of(clock.id)["fire"]
    assert set(timers_of(ending.id)) == {"expire"}
    assert watch_of(ending).level == 90
    assert set(timers_of(later.id)) == {"arm"}
    assert see("90", at=NOW + S) == 2
    assert lifecycle.resume(user=desk.user, action_id=paused.id, now=NOW + S, actor="ada").status == "active"
    version = ActionVersion.objects.get(action=plain)
    assert (version.version, version.actor, version.changes["created"][1]["quantity"]) == (1, "ada", "10")


def test_one_bad_row_changes_nothing_and_every_mistake_has_its_row(desk) -> None:
    rule(desk)
    before = send(desk)
    with pytest.raises(BadRules) as refused:
        bring(
            desk,
            document(
                written(),
                written(quantitiy="5", trigger_params={"threshold": "-1", "colour": "red"}, symbol="APPL"),
                "buy low",
                written(portfolio="Elsewhere", status="done", ref=7),
                written(action_type="SELL", portfolio="Elsewhere"),
                written(symbol=None),
            ),
        )
    told = {(mistake.row, mistake.field) for mistake in refused.value.mistakes}
    assert told == {
        (2, "quantitiy"), (2, "trigger_params.threshold"), (2, "trigger_params.colour"), (2, "symbol"),
        (3, "rule"), (4, "portfolio"), (4, "status"), (4, "ref"), (5, "portfolio"), (6, "symbol"),
    }  # fmt: skip
    assert refused.value.errors["row 2 symbol"] == ["'APPL' is not a known symbol: did you mean AAPL?"]
    assert "you have 'Main'" in refused.value.errors["row 4 portfolio"][0]
    assert send(desk) == before
    assert Action.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], "file"), ("text", "file"), (None, "file"),
        ({"version": 1, "rules": [1]}, "format"), (document(written(), version=2), "version"),
        (document(), "rules"), ({**document(), "rules": {}}, "rules"), (document(written(), made_by="me"), "made_by"),
        (document(*[1] * 2001), "rules"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_by_its_header(desk, given, field) -> None:
    with pytest.raises(InvalidInput) as refused:
        import_rules(user=desk.user, document=given, now=NOW, actor="ada")
    assert field in refused.value.errors


def test_a_dry_run_writes_nothing_and_tells_the_same(desk) -> None:
    given = document(written(), written(trigger_params={"threshold": "150"}), written(status="paused"))
    trial = bring(desk, given, dry_run=True)
    assert not Action.objects.exists()
    assert (trial.created, [row.action for row in trial.rows]) == (3, [None] * 3)
    assert trial.rows[0].sentence == "Buy 10 AAPL when AAPL is at or below $90."
    assert trial.rows[1].warnings == ("Already true: fires at once.",)
    assert trial.rows[2].warnings == ("The same as row 1.",)
    done = bring(desk, given)
    assert [(row.sentence, row.warnings) for row in done.rows] == [(row.sentence, row.warnings) for row in trial.rows]


def test_doubles_are_told_and_left_out_on_demand(desk) -> None:
    mine = rule(desk)
    given = document(written(), written(), written(quantity="11"))
    told = bring(desk, given, dry_run=True)
    assert [row.same_as for row in told.rows] == [f"your rule {mine.id}", f"your rule {mine.id}", ""]
    skipped = bring(desk, given, skip_existing=True)
    assert (skipped.created, skipped.skipped, [row.skipped for row in skipped.rows]) == (1, 2, [True, True, False])
    assert bring(desk, given).created == 3  # an import always makes new rules
    ended = rule(desk, name="over")
    lifecycle.cancel(user=desk.user, action_id=ended.id, now=NOW, actor="ada")
    assert bring(desk, document(written(name="over")), skip_existing=True).created == 1  # an ended one is none


def test_the_ref_follows_the_words_and_nothing_else(desk, other) -> None:
    one, two = rule(desk), rule(other)
    refs = {row.ref for desk_ in (desk, other) for row in bring(desk_, document(written()), dry_run=True).rows}
    assert len(refs) == 1
    assert f'"ref": "{refs.pop()}"' in send(desk)
    assert fingerprint({"a": 1, "ref": "x", "status": "paused"}) == fingerprint({"a": 1})
    assert (one.id, two.id)[0] not in (refs,)


def test_export_by_status_symbol_and_id(desk, other) -> None:
    first, second = rule(desk, name="first"), rule(desk, name="second", symbol="MSFT")
    gone = rule(desk, name="gone")
    lifecycle.cancel(user=desk.user, action_id=gone.id, now=NOW, actor="ada")
    theirs = rule(other, name="theirs")

    def names(**options) -> set[str]:
        text = send(desk, **options)
        return {name for name in ("first", "second", "gone", "theirs") if f'"name": "{name}"' in text}

    assert names() == {"first", "second"}
    assert names(symbol="msft") == {"second"}
    assert names(status="cancelled") == {"gone"}
    assert names(ids=[first.id, gone.id, theirs.id]) == {"first", "gone"}
    assert names(ids=[]) == set()
    for wrong in ({"format": "xml"}, {"status": "asleep"}):
        with pytest.raises(InvalidInput):
            send(desk, **wrong)
    assert '"status": "paused"' in send(desk, ids=[gone.id])  # never back to life by itself
    assert {first.status, second.status} <= set(LIVING)


def test_another_users_rules_and_portfolios_are_neither_seen_nor_touched(desk, other) -> None:
    rule(other)
    before = send(other)
    open_portfolio(user=other.user, name="Theirs", cash=D(10), now=NOW)
    with pytest.raises(BadRules, match="you have 'Main'"):
        bring(desk, document(written(portfolio="Theirs")))
    report = bring(desk, send(other), skip_existing=True)
    assert report.created == 1  # the same rule of somebody else is no double
    assert {action.user_id for action in Action.objects.filter(name="")} == {desk.user.pk, other.user.pk}
    assert Action.objects.get(user=desk.user).portfolio == desk.portfolio
    assert send(other) == before


def test_a_sale_needs_the_shares_as_it_does_anywhere(desk) -> None:
    with pytest.raises(BadRules, match="holds no AAPL"):
        bring(desk, document(written(action_type="SELL")))


def test_a_thousand_rules_in_one_go(desk) -> None:
    symbols = [f"S{number:03d}" for number in range(200)]
    exchange = Instrument.objects.first().exchange_id
    Instrument.objects.bulk_create(Instrument(symbol=s, name=s, exchange_id=exchange, demo=True) for s in symbols)
    rules = [
        written(symbol=symbols[n % 200], trigger_params={"threshold": str(50 + n)}, name=f"rule {n}")
        for n in range(1000)
    ]
    text = as_json(document(*rules))
    with CaptureQueriesContext(connection) as captured:
        report = bring(desk, text)
    assert report.created == Action.objects.count() == Watch.objects.count() == 1000
    assert len(captured) < 60  # not a few per rule
    exported = send(desk, format="yaml")
    Action.objects.all().delete()
    Watch.objects.all().delete()
    assert bring(desk, exported).created == 1000
    assert send(desk, format="yaml") == exported


def test_a_thousand_wrong_rows_are_all_named(desk) -> None:
    with pytest.raises(BadRules) as refused:
        bring(desk, document(*(written(symbol=f"NONE{n}", quantity="-1") for n in range(1000))))
    assert len(refused.value.mistakes) == 2000


def test_a_bad_text_is_one_mistake(desk) -> None:
    with pytest.raises(BadText, match="anchor"):
        bring(desk, "format: &a puffling rules")
