"""What an emergency restore has beside its plan (R157-R166): what log the host still has, one person's leave by phone, the promised times, the review.

One person of the customer gives leave by phone; who it was, when, and who took it down is on record, and the change goes on at once, without a mailed code.
What that saves beforehand is made up for afterwards: a review is opened when the change ends, and is not over until another approver of the customer has
confirmed it with a code of his own. Until then it stays open, the customer is reminded every day, and no further leave by phone is taken.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from shlex import quote
from zoneinfo import ZoneInfo

from blocks.host_access import HostAccess
from reports.archive import ChangeRow
from reports.records import Approval, ApprovalRequest, BackedUpServer, Closure, EmergencyReview, Text
from tasks import approval, desk, gates, papers
from tasks.errors import BlockersFound, ProcedureError
from tasks.planning.emergency import LogOnHost
from tasks.planning.restore import local
from tasks.remote import connected
from tasks.working_days import next_working_day

PROCEDURE, REVIEW = "emergency-restore", "emergency-review"
SECOND_SOLUTION_H = 2      # R119, R158: without a solution so long after the call, a second one is due
WORKING_DAY_ENDS = time(18)
READING_LIMIT_S = 300


# --- what log the host still has ------------------------------------------------------------------------------------------

def log_script(server: BackedUpServer, to: datetime | None) -> str:
    """Lists the segments from the backup's last one on, and counts what was committed in them; reads only, also where the server does not run."""
    major = server.name.partition("/")[0]
    after = f"{to.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if to else "9999"
    return f"""cd {quote(server.data)}/pg_wal 2>/dev/null || {{ echo gone; exit 0; }}
LC_ALL=C ls | grep -E '^[0-9A-F]{{24}}$' | awk -v first={quote(server.last_log)} '$0 "" >= first' | sed 's/^/segment /'
first=$(LC_ALL=C ls | grep -E '^[0-9A-F]{{24}}$' | awk -v first={quote(server.last_log)} '$0 "" >= first' | head -n 1)
[ -n "$first" ] || exit 0
# from the first segment's beginning, in bytes, to the end of what there is; a segment has 16 MiB
from=$(printf '%X/%X' "$((0x$(echo "$first" | cut -c9-16)))" "$((0x$(echo "$first" | cut -c17-24) << 24))")
TZ=UTC timeout 240 /usr/lib/postgresql/{major}/bin/pg_waldump --rmgr=Transaction -p . -t "$((0x$(echo "$first" | cut -c1-8)))" -s "$from" 2>/dev/null |
  sed -n 's/.* desc: COMMIT \\([0-9-]* [0-9:.]*\\) .*/\\1/p' |
  awk -v since={quote(f"{server.point_at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if server.point_at else "")} -v to={quote(after)} \\
    '$0 > since {{ n++; if ($0 >= to) m++; last = $0 }} END {{ print "commits", n + 0, m + 0, last }}'
"""


def parse_log(text: str) -> LogOnHost:
    segments = tuple(line.split(" ")[1] for line in text.splitlines() if line.startswith("segment "))
    counted = next((line.split(" ", 3) for line in text.splitlines() if line.startswith("commits ")), None)
    if counted is None:
        return LogOnHost(segments=segments)
    last = counted[3] if len(counted) > 3 else ""
    return LogOnHost(segments=segments, commits=int(counted[1]), lost=int(counted[2]),
                     last_at=datetime.fromisoformat(last).replace(tzinfo=UTC) if last else None)


def log_on_host(host: HostAccess, server: BackedUpServer, to: datetime | None) -> LogOnHost:
    with connected(host) as remote:
        return parse_log(remote.run(log_script(server, to), timeout_s=READING_LIMIT_S).need(f"reading the log of {server.name}", host.name, "读取数据库日志"))


# --- leave by phone -------------------------------------------------------------------------------------------------------

def by_phone(number: str) -> bool:
    """Whether an answer by phone counts without a code: in an emergency, unless an earlier one still waits for its review."""
    row = desk.change(number)
    return row.procedure == PROCEDURE and not open_reviews(row.customer, but=number)


def take_down(number: str, round_: int) -> None:
    """The leave that came with the request becomes the answer, if the plan loses no more than was accepted and the person may give it. Once."""
    from tasks.procedures import emergency_restore

    row = desk.change(number)
    request = emergency_restore.Request.model_validate(row.request)
    if request.leave is None or approval.decision_of(number, round_) is not None or desk.archive().journal(number, event="leave does not cover"):
        return
    papers.ask_customer(number, round_)
    minutes = emergency_restore.minutes_lost(number, round_)
    if minutes > request.accepted_loss_minutes:
        why = Text(zh=f"方案将丢失 {minutes:.0f} 分钟的数据，超过所接受的 {request.accepted_loss_minutes:g} 分钟，须重新征得同意",
                   en=f"the plan loses {minutes:.0f} minutes of data, more than the {request.accepted_loss_minutes:g} that were accepted; ask again")
        desk.archive().note(number, "leave does not cover", round=round_, **why.fields("why"))
        return
    given, people = request.leave, desk.customer(row.customer)
    at = local(given.at or row.opened_at, people.time_zone())
    entry = gates.Entry(decision="approve", name=given.by, channel="phone", taken_by=given.taken_by or request.operator or request.requester, code="-",
                        reason=Text(zh=f"来电报障时一并同意，{at}", en=f"given with the call, {at}").say(people.language))
    answer = approval.take_entry(number, round_, entry, without_code=by_phone(number))
    if isinstance(answer, gates.AskAgain):
        desk.archive().note(number, "leave does not cover", round=round_, **answer.why.fields("why"))
    else:  # who is said to have given it hears of it at once, and so do the others
        _mail(row, Text(zh=f"{number}：{entry.taken_by} 记录，{given.by} 已通过电话批准恢复主机 {'、'.join(request.hosts)}（{request.reason}）。"
                           "如未作此批准，请立即致电服务经理",
                        en=f"{number}: {entry.taken_by} took down that {given.by} gave leave by phone to restore {', '.join(request.hosts)} "
                           f"({request.reason}). If that is not so, call the service manager at once"))


def ask(number: str, round_: int) -> ApprovalRequest:
    take_down(number, round_)
    return papers.ask_customer(number, round_)


def send(number: str, asked: ApprovalRequest, link: str) -> None:
    """The codes go out as ever, for who would rather answer by the form; a mail server that is down does not hold up an emergency."""
    if approval.decision_of(number, approval.current_round(number)) is not None:
        return
    try:
        papers.send_codes(number, asked, link)
    except ProcedureError as problem:
        if not by_phone(number):
            raise
        desk.archive().note(number, "codes not sent", problem=str(problem))


# --- the promised times ---------------------------------------------------------------------------------------------------

def promises(number: str) -> tuple[datetime, datetime]:
    """When a second solution is due (two hours after the call), and by when the system must be restored (the end of the next working day)."""
    row = desk.change(number)
    people = desk.customer(row.customer)
    said = row.request.get("reported_at")
    reported = datetime.fromisoformat(said.replace("Z", "+00:00")) if said else row.opened_at
    zone = ZoneInfo(people.zone)
    day = next_working_day(reported.astimezone(zone).date() + timedelta(days=1), people.holidays, people.made_up_days)
    return reported + timedelta(hours=SECOND_SOLUTION_H), datetime.combine(day, WORKING_DAY_ENDS, zone).astimezone(UTC)


def note_promises(number: str) -> None:
    if not desk.archive().journal(number, event="promised"):
        second, restored = promises(number)
        desk.archive().note(number, "promised", second_solution_at=second.isoformat(), restored_by=restored.isoformat(),
                            manager=desk.change(number).request.get("manager", ""))


def kept_promises(number: str, ended_at: datetime) -> Text:
    """Whether the times were kept, in words."""
    second, restored = promises(number)
    zh = ["两小时内完成" if ended_at <= second else "超过两小时，应启用第二解决方案", "一个工作日内恢复" if ended_at <= restored else "超过一个工作日"]
    en = ["within two hours" if ended_at <= second else "later than two hours: the second solution was due",
          "within one working day" if ended_at <= restored else "later than one working day"]
    return Text(zh="，".join(zh), en=", ".join(en))


def tell_what_is_late() -> list[str]:
    """For the watchdog: open restores whose second solution is due, each told once."""
    told = []
    for row in desk.archive().changes(open_only=True, procedure=PROCEDURE, limit=100):
        if desk.now() > promises(row.number)[0] and not desk.archive().journal(row.number, event="second solution due"):
            desk.archive().note(row.number, "second solution due")
            _mail(row, Text(zh=f"{row.number}：故障报告已过两小时，须启用第二解决方案",
                            en=f"{row.number}: two hours since the call; the second solution is due"))
            told.append(row.number)
    return told


# --- the review -----------------------------------------------------------------------------------------------------------

def open_review(number: str) -> str:
    """Opened when a restore that touched the host has ended, however it ended; once. Returns its number."""
    archive = desk.archive()
    if there := archive.journal(number, event="review opened"):
        return str(there[0].detail["review"])
    row = desk.change(number)
    review = archive.new_change(procedure=REVIEW, customer=row.customer, requester=row.operator or row.requester, operator=row.operator,
                                reason=f"review of {number}", request={"change": number, "hosts": row.request["hosts"]}, opened_at=desk.now(), prefix="REV")
    archive.note(review, "opened", procedure=REVIEW, change=number)
    archive.note(number, "review opened", review=review)
    return review


def review_of(change: str) -> str:
    """Raises BlockersFound: there is no such change, or it needs none."""
    noted = desk.archive().journal(change, event="review opened")
    if not noted:
        raise BlockersFound(f"{change} waits for no review; only an emergency restore that has ended does", f"{change} 无需复核；仅已结束的应急恢复须复核")
    return str(noted[0].detail["review"])


def settled_by(change: str) -> str:
    """The review that was confirmed and says that nothing of this restore is taken back any more; empty if there is none."""
    noted = desk.archive().journal(change, event="review opened")
    review = str(noted[0].detail["review"]) if noted else ""
    if not review or desk.change(review).closure is not Closure.SUCCESSFUL:
        return ""
    found = [one for _, one in desk.archive().load_all(review, "review", EmergencyReview)]
    return review if found and found[-1].done else ""


def open_reviews(customer: str, but: str = "") -> list[str]:
    """Reviews that are not over: of these the customer owes a confirmation."""
    rows = desk.archive().changes(customer=customer, procedure=REVIEW, limit=1000)
    return [row.number for row in rows if row.closure is not Closure.SUCCESSFUL and row.request.get("change") != but]


def remind() -> list[str]:
    """For the watchdog: every review that is not over, once a day."""
    reminded = []
    for row in desk.archive().changes(procedure=REVIEW, limit=1000):
        if row.closure is Closure.SUCCESSFUL:
            continue
        today = desk.now().date().isoformat()
        told = [entry.detail.get("day") for entry in desk.archive().journal(row.number, event="reminded")]
        if row.opened_at.date().isoformat() != today and today not in told:
            desk.archive().note(row.number, "reminded", day=today)
            _mail(row, Text(zh=f"应急恢复 {row.request.get('change')} 尚未复核（{row.number}）；复核完成之前，不再接受电话批准",
                            en=f"Emergency restore {row.request.get('change')} is not reviewed yet ({row.number}); until it is, no leave by phone is taken"))
            reminded.append(row.number)
    return reminded


def owed() -> list[dict[str, object]]:
    """Every review that is not over, of whatever customer, the oldest first; one row each, for the watchdog's page."""
    rows = [row for row in desk.archive().changes(procedure=REVIEW, limit=1000) if row.closure is not Closure.SUCCESSFUL]
    return [{"review": row.number, "emergency": row.request.get("change"), "customer": row.customer, "hosts": ", ".join(row.request.get("hosts", [])),
             "open for days": (desk.now() - row.opened_at).days} for row in reversed(rows)]


def _mail(row: ChangeRow, words: Text) -> None:
    from blocks import lookup

    people = desk.customer(row.customer)
    for address in dict.fromkeys([*(contact.email for contact in people.contact_records() if contact.email), *(a.email for a in people.approver_records())]):
        try:
            lookup.find_notices("default").send(address, words.say(people.language), words.say(people.language) + "\n")
        except Exception as problem:
            desk.archive().note(row.number, "outcome not sent", to=address, problem=str(problem))


def who_gave_leave(change: str) -> str:
    """The approver of the restore; the review is confirmed by another, where there is another."""
    answers = [a for _, a in desk.archive().load_all(change, "approval", Approval) if a.decision == "approved"]
    return answers[-1].name if answers else ""
