"""What is suspected, in which order, and that nothing is suspected where there is nothing."""

from datetime import UTC, datetime, timedelta

from reports.records import CheckRow, Outcome, RecentChange, Sighting, Text, same
from tasks.diagnosis.causes import causes
from tasks.diagnosis.signs import BY_ID
from tasks.diagnosis.timeline import Span, not_reached

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SPAN = Span(AT - timedelta(minutes=60), AT, AT + timedelta(minutes=15))


def seen(sign: str, minutes: float, target: str = "web1", source: str = "journal x") -> Sighting:
    at = AT + timedelta(minutes=minutes)
    return Sighting(target=target, sign=sign, title=BY_ID[sign].title, severity=BY_ID[sign].severity, source=source, count=3, first_at=at, last_at=at,
                    began=SPAN.began(at), example=same(f"a line of {sign}"))


def row(check: str, outcome: Outcome, target: str = "web1") -> CheckRow:
    return CheckRow(target=target, check=check, outcome=outcome, says=Text(zh="满了", en="it is full"))


def names(*sightings: Sighting, rows: tuple = (), recent: tuple = ()) -> list[str]:
    return [cause.id for cause in causes(sightings, rows, recent, SPAN)]


def test_nothing_is_suspected_where_nothing_was_seen():
    assert names() == [] and names(rows=(row("RES-01", Outcome.OK), row("RES-01", Outcome.WARNING))) == []


def test_a_consequence_stands_behind_what_it_came_of():
    assert names(seen("refused", -2), seen("database-down", -3), seen("disk-full", -4)) == ["disk-full", "database", "upstream"]
    found = causes([seen("refused", -2), seen("disk-full", -4)], [], [], SPAN)
    assert "may have come of another" in found[1].because[-1].en and "may have come" not in found[0].because[-1].en


def test_a_consequence_that_is_plainer_than_its_cause_stands_behind_it_all_the_same():
    found = names(seen("service-stopped", -4), seen("database-down", -3.9), seen("refused", -3, source="a"), seen("refused", -3, source="b"),
                  rows=(row("PG-01", Outcome.CRITICAL), row("MID-02", Outcome.CRITICAL)))
    assert found == ["stopped", "database", "upstream"]


def test_what_came_later_or_lies_elsewhere_explains_nothing():
    assert names(seen("refused", -9), seen("database-down", -3))[0] == "database"  # both near: the graver first, none behind
    found = causes([seen("refused", -9), seen("database-down", -3)], [], [], SPAN)
    assert all("may have come" not in text.en for cause in found for text in cause.because)
    found = causes([seen("refused", -2), seen("database-down", -3, target="db1")], [], [], SPAN)
    assert all("may have come" not in text.en for cause in found for text in cause.because)


def test_what_began_shortly_before_goes_before_what_was_always_so():
    assert names(seen("disk-error", -59), seen("connections-used-up", -5)) == ["connections", "storage"]


def test_findings_of_the_checks_strengthen_a_suspicion_and_a_critical_one_makes_it():
    weak, strong = causes([seen("disk-full", -5)], [], [], SPAN)[0], causes([seen("disk-full", -5)], [row("RES-01", Outcome.CRITICAL)], [], SPAN)[0]
    assert (weak.grounds, strong.grounds) == (2, 3) and any("[RES-01]" in line.en for line in strong.evidence) and "满了" in strong.evidence[-1].zh
    alone = causes([], [row("RES-01", Outcome.CRITICAL)], [], SPAN)
    assert [(cause.id, cause.grounds) for cause in alone] == [("disk-full", 1)] and "nothing in the logs" in alone[0].because[0].en


def test_what_we_changed_ourselves_is_named_with_its_number():
    ours = RecentChange(target="web1", at=AT - timedelta(hours=3), kind="standfast", what=same("software-upgrade: nginx"), number="CHG-20261123-001")
    found = causes([], [], [ours], SPAN)
    back_out = found[0].proposals[-1]
    assert [cause.id for cause in found] == ["changed"] and back_out.procedure == "back-out" and "CHG-20261123-001" in back_out.text.en
    long_ago = ours.model_copy(update={"at": AT - timedelta(hours=30)})
    assert names(recent=(long_ago,)) == [] and names(recent=(ours.model_copy(update={"at": AT + timedelta(minutes=5)}),)) == []
    own = RecentChange(target="web1", at=AT - timedelta(minutes=5), kind="file", what=same("/etc/resolv.conf"))
    assert names(recent=(own,)) == []


def test_a_target_out_of_reach_is_a_cause_of_its_own():
    found = causes([not_reached("db1", Text(zh="连不上", en="no answer"))], [], [], SPAN)
    assert [cause.id for cause in found] == ["unreachable"] and found[0].evidence[0].zh == "db1: 连不上" and found[0].proposals[-1].way == "on site"
