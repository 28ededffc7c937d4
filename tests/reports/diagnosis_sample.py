"""Diagnosis records as they come out of real diagnoses: something found, nothing found, no leave, solved; for tests of the report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reports.records import (
    AccessScope,
    Approval,
    Cause,
    DiagnosisRecord,
    Leave,
    LogFile,
    LogsRead,
    Outcome,
    Precedent,
    Proposal,
    RecentChange,
    Sighting,
    Solution,
    Text,
    same,
)
from tests.reports import inspection_sample

AT = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)
NUMBER = "DIA-20261122-001"


def minutes(count: float) -> datetime:
    return AT + timedelta(minutes=count)


SCOPE = AccessScope(change=NUMBER, customer="bureau", hosts=("web1", "web2", "db1"), databases=("orders-db",),
                    problem="订单页面打不开，\n从十点半开始一直报错", happened_at=AT, span_from=minutes(-60), span_until=minutes(15), leave_hours=24)
LEAVE = Leave(change=NUMBER, digest=SCOPE.fingerprint(), given_by="王主任", post="信息中心主任", how="phone", given_at=minutes(10),
              taken_by="小陈", valid_until=minutes(1450))


def seen(sign: str, zh: str, en: str, severity, began, source: str, example: str, first: float, last: float, count: int,
         target: str = "db1") -> Sighting:
    step = max(1.0, (last - first) / max(1, min(count, 20) - 1))
    at = [minutes(first + n * step) for n in range(min(count, 20))]
    return Sighting(target=target, sign=sign, title=Text(zh=zh, en=en), severity=severity, source=source, count=count,
                    first_at=minutes(first), last_at=minutes(last),
                    began=began, example=same(example), minutes=tuple((moment, max(1, count // len(at))) for moment in at))


FULL = Cause(
    id="disk-full", title=Text(zh="磁盘空间用尽", en="A file system is full"), targets=("db1",), grounds=3, severity="critical", source="errno(3) ENOSPC",
    means=Text(zh="无法写入时，数据库和应用会停止或拒绝写操作。", en="What cannot write stops, or refuses what is to be written."),
    proposals=(Proposal(text=Text(zh="清理或轮转大的日志", en="Rotate or clear large logs"), way="setting"),
               Proposal(text=Text(zh="增长持续时，扩展该文件系统", en="Where it keeps growing, extend the file system"), way="change",
                        procedure="software-upgrade")),
    evidence=(same("db1: 2026-11-22 02:36:04 UTC ERROR:  could not extend file: No space left on device"),
              Text(zh="db1：[RES-01] /data 已用 93 %", en="db1: [RES-01] /data 93 % used")),
    because=(Text(zh="“磁盘空间或配额用尽”在问题发生前 4 分钟开始出现", en="'Disk or quota full' began 4 min before the problem"),))
UPSTREAM = FULL.model_copy(update={
    "id": "upstream", "title": Text(zh="后端服务不可用或过慢", en="A back end that is gone or too slow"), "targets": ("web1", "web2"), "grounds": 2,
    "proposals": (Proposal(text=Text(zh="沿日志中的地址查看后端", en="Follow the address to the service behind it"), way="observe"),), "evidence": (),
    "because": (Text(zh="可能是其他可疑原因的后果", en="it may have come of another of these"),), "source": ""})


def found() -> DiagnosisRecord:
    """Three hosts; the database's disk is full, the web servers fail behind it; one database was not reached."""
    readings = inspection_sample.small()
    reads = (*readings.reads, inspection_sample.unreached("orders-db").model_copy(update={"kind": "postgresql"}))
    readings = readings.model_copy(update={"procedure": "remote-diagnosis", "number": NUMBER, "reads": reads, "forecasts": ()})
    return DiagnosisRecord(
        number=NUMBER, customer="bureau", language="zh", customer_name=readings.customer_name, provider_name=readings.provider_name, contract="HT-2026-017",
        requester="李工", operator="小陈", engineer="赵工", reference="T-4711", opened_at=minutes(8), finished_at=minutes(31), scope=SCOPE, leaves=(LEAVE,),
        in_warranty=True, readings=readings, grade=Outcome.CRITICAL, causes=(FULL, UPSTREAM),
        logs=(LogsRead(target="web1", read_at=minutes(12), seconds=3.1, evidence="logs-web1.tar.gz", offset_s=28800, zone="Asia/Shanghai",
                       files=(LogFile(path="/var/log/nginx/error.log", lines=214), LogFile(path="/srv/app/out.log", lines=40, timed=False))),
              LogsRead(target="web2", read_at=minutes(12), seconds=1, problem=Text(zh="web2 无法连接", en="web2 cannot be reached")),
              LogsRead(target="db1", read_at=minutes(12), seconds=4, evidence="logs-db1.tar.gz",
                       files=(LogFile(path="/var/log/postgresql/main.log", lines=9000, cut=1200),),
                       missing={"kernel": Text(zh="不适用：没有权限", en="not applicable: not permitted")})),
        sightings=(
            seen("disk-full", "磁盘空间或配额用尽", "Disk or quota full", "critical", "before", "/var/log/postgresql/main.log",
                 "2026-11-22 02:36:04 UTC ERROR:  could not extend file: No space left on device", -4, 12, 1240),
            seen("failed-requests", "请求失败（5xx）", "Requests failed (5xx)", "critical", "before", "/var/log/nginx/access.log",
                 "2026-11-22 02:37 UTC: 40 / 100", -3, 12, 400, "web1"),
            seen("log-ins-failed", "登录失败", "Log-ins failed", "info", "already", "journal sshd",
                 "Failed password for root from 192.0.2.66", -58, 10, 12, "web1")),
        recent=(RecentChange(target="web1", at=minutes(-300), kind="standfast", number="CHG-20261121-001",
                             what=Text(zh="升级 nginx（变更成功）", en="Upgrade nginx (successful)")),
                RecentChange(target="db1", at=minutes(-2000), kind="package", what=Text(zh="升级 tzdata 2026a -> 2026b", en="upgrade tzdata 2026a -> 2026b")),
                *(RecentChange(target="db1", at=minutes(-3000), kind="file", what=same(f"/etc/postgresql/15/main/conf.d/{n}.conf")) for n in range(6))),
        precedents=(Precedent(number="DIA-20260801-002", at=minutes(-150_000), causes=("disk-full",), solution=Solution(
            change="DIA-20260801-002", text="清理了归档目录", outcome="solved", by="赵工", at=minutes(-149_000), changes=("CHG-20260802-001",))),))


def nothing() -> DiagnosisRecord:
    record = found()
    readings = record.readings.model_copy(update={"reads": record.readings.reads[:2]})
    return record.model_copy(update={"causes": (), "sightings": (), "recent": (), "precedents": (), "grade": Outcome.WARNING, "readings": readings,
                                     "in_warranty": None, "logs": record.logs[:1]})


def refused() -> DiagnosisRecord:
    answer = Approval(change=NUMBER, gate="leave to log in", digest=SCOPE.fingerprint(), decision="rejected", name="王主任",
                      channel="form", reason="下班后再看", decided_at=minutes(20))
    return nothing().model_copy(update={"leaves": (), "refusal": answer, "logs": (), "grade": Outcome.UNKNOWN,
                                        "readings": found().readings.model_copy(update={"reads": (), "developments": ()})})


def solved() -> DiagnosisRecord:
    return found().model_copy(update={"in_warranty": False, "solutions": (
        Solution(change=NUMBER, text="清理了旧的归档，并扩展了 /data", outcome="solved", by="赵工", at=minutes(600), agreed_by="王主任",
                 changes=("CHG-20261122-003",)),)})
