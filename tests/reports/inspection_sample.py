"""Inspection records as they come out of real inspections: three hosts, a database, three hundred hosts; for tests of the report."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from random import Random

from reports.records import CheckAbout, CheckRow, Development, FullForecast, InspectionRecord, LimitAbout, Outcome, TargetRead, Text

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
GIB = 1 << 30
OK, WARNING, CRITICAL, UNKNOWN, NA = Outcome.OK, Outcome.WARNING, Outcome.CRITICAL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
WEIGHT = {OK: 1, WARNING: 3, CRITICAL: 4, UNKNOWN: 2, NA: 0}


def at(days: float) -> datetime:
    return NOW + timedelta(days=days)


def text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


# id, chapter, title, limits, remedy, source; then what a well host says of it
_CHECKS = """
HW-01|hardware|机型与处理器|Machine and processors||核对资产台账|Compare with the asset list|lscpu(1), util-linux|4 核，与上次一致|4 cores, as last time
HW-02|hardware|内存容量与纠错|Memory and its errors|errors=warning 1, critical 100|更换内存条|Replace the module|kernel.org EDAC; netdata ecc|内存 16 GiB，无纠错记录|16 GiB of memory, no errors
HW-03|hardware|磁盘健康（SMART）|Disk health (SMART)|sectors=warning 1, critical 10|备份数据并更换磁盘|Make a backup and replace the disk|smartctl(8); Backblaze drive stats|自检通过|the self-test passed
HW-04|hardware|磁盘阵列|Disk array||更换故障盘并重建|Replace the disk and rebuild|md(4)|阵列完好|the array is whole
HW-07|hardware|网卡错误与速率|Network cards|errors=warning 0.1 %, critical 1 %|检查网线、模块与交换机端口|Check cable, module and switch port|ip-link(8); ethtool(8)|1000 Mb/s 全双工，无错误|1000 Mb/s full duplex, no errors
LOG-01|log|内存耗尽终止进程|Out of memory kills|kills=warning 1, critical 3|限制进程内存或扩容|Limit the process or add memory|kernel mm/oom_kill.c|90 天内没有|none in 90 days
LOG-02|log|磁盘与文件系统错误|Disk and file system errors|lines=warning 1, critical 10|检查磁盘与链路|Check disk and link|kernel block layer messages|没有|none
LOG-04|log|意外重启|Unexpected reboots|times=warning 1, critical 3|查明原因|Find the cause|last(1)|没有|none
LOG-06|log|登录失败|Failed log-ins|times=warning 100, critical 1000|限制来源地址，启用密钥登录|Limit the sources; use keys|sshd(8)|30 天 12 次|12 in 30 days
LOG-09|log|日志留存 180 天|Logs kept for 180 days|days=warning 180|延长轮转周期并外送日志|Keep longer and send logs away|网络安全法 第二十一条|留存 190 天|kept for 190 days
CLU-01|cluster|集群节点与资源|Cluster nodes and resources||检查节点|Look at the node|crm_mon(8)|没有集群软件|no cluster software
CLU-04|cluster|虚拟地址归属|Virtual address||检查 VRRP|Check VRRP|keepalived.conf(5)|没有虚拟地址|no virtual address
STO-01|storage|多路径|Multipath||检查光纤链路|Check the links|multipath(8)|没有多路径设备|no multipath devices
STO-03|storage|挂载点|Mounts||重新挂载|Mount again|fstab(5)|fstab 的挂载点均在|all mounts of fstab are there
STO-04|storage|逻辑卷与精简池|Logical volumes|data=warning 80 %, critical 90 %|扩展卷组|Extend the group|lvs(8)|卷组健康|volume groups are well
STO-05|storage|磁盘响应时间|Disk response|await=warning 20 ms, critical 50 ms|分析高负载进程|Find what loads it|iostat(1)|平均 2.1 ms|2.1 ms on average
CFG-01|configuration|系统版本与支持期|System and its support|days=warning 180, critical 0|制定升级计划|Plan an upgrade|endoflife.date|支持至 2028-06|supported until 2028-06
CFG-02|configuration|待安装的安全更新|Security updates|packages=warning 1, critical 50|提交软件升级变更|Ask for a software upgrade|apt-get(8); 等保 2.0|没有|none
CFG-03|configuration|待重启|Reboot pending||安排重启|Plan a reboot|needrestart(1)|不需要|not needed
CFG-05|configuration|失败的服务|Failed units|units=warning 1|查看服务日志|Read the unit's log|systemctl(1)|没有|none
CFG-06|configuration|监听端口|Listening ports||关闭或登记端口|Close or list it|ss(8)|与登记一致|as listed
CFG-08|configuration|账户|Accounts||停用或登记账户|Lock or list it|passwd(5); GB/T 22239|与登记一致|as listed
CFG-11|configuration|文件句柄|File handles|used=warning 80 %, critical 90 %|提高上限|Raise the limit|netdata file_descriptors|3 %|3 %
CFG-12|configuration|时区与语言|Time zone and language||设置为 Asia/Shanghai|Set Asia/Shanghai|timedatectl(1)|Asia/Shanghai|Asia/Shanghai
BAK-01|backup|最近一次备份|Newest backup|age=warning 30 h, critical 48 h|检查备份任务|Look at the job|own judgement|11 小时前|11 hours ago
BAK-02|backup|备份大小|Size of the backup|share=warning 200 %, critical 50 %|核对备份内容|Compare the contents|own judgement|与前几次相当|much as before
BAK-05|backup|恢复演练|Restore rehearsed|days=warning 180|安排恢复演练|Plan a rehearsal|GB/T 22239-2019 8.1.10.11|62 天前|62 days ago
RES-01|resources|文件系统使用率|File systems|used=warning 80 %, critical 90 %;room=warning 100 GiB|清理或扩容；查看最大的目录|Clear up or extend; find the largest folders|df(1), POSIX; netdata disk_space_usage||
RES-02|resources|索引节点|Inodes|used=warning 80 %, critical 90 %|清理小文件|Remove small files|netdata disk_inodes|4 %|4 %
RES-04|resources|处理器|Processors|busy=warning 75 %, critical 85 %|分析高负载进程|Find what loads it|netdata 10min_cpu_usage|平均 12 %|12 % on average
RES-05|resources|负载|Load|load=warning 1.75, critical 3.5|分析进程|Look at the processes|netdata load_average_15|0.4|0.4
RES-06|resources|可用内存|Memory|free=warning 15 %, critical 10 %|扩容或限制进程|Extend or limit|netdata ram_available|可用 61 %|61 % are free
RES-07|resources|交换空间|Swap|used=warning 80 %, critical 90 %|扩充内存|Add memory|netdata used_swap|2 %|2 %
RES-09|resources|僵尸进程|Zombies|number=warning 10, critical 100|重启父进程|Restart the parent|own judgement|没有|none
RES-14|resources|时钟同步|Clock|offset=warning 0.1 s, critical 1 s|修复时间同步|Mend the synchronisation|chronyc(1)|偏差 0.002 秒|0.002 s off
RES-16|resources|连续运行时间|Uptime|days=warning 365|安排重启|Plan a reboot|own judgement|48 天|48 days
NET-01|network|网关、域名与时间服务可达|Gateway, names, time reachable|loss=warning 5 %, critical 10 %|检查网络|Check the network|netdata ping|均可达|all reachable
NET-02|network|业务端口应答|Business ports answer||检查服务|Look at the service|own judgement|均应答|all answer
MW-01|middleware|Nginx 运行与配置|Nginx||修正配置|Mend the configuration|nginx(8)|配置检查通过|the configuration is right
MW-02|middleware|证书有效期|Certificates|days=warning 30, critical 7|更换证书|Renew it|openssl-x509(1)|剩余 182 天|182 days left
"""  # noqa: E501

_DATABASE = """
PG-01|running|运行状态与版本|State and version||升级小版本|Upgrade the minor version|PostgreSQL versioning policy|16.4，主库，已运行 48 天|16.4, primary, up for 48 days
PG-05|running|遗留的两阶段事务|Prepared transactions|age=warning 5 min, critical 60 min|与应用确认后回滚|Roll back after asking|check_postgres|没有|none
PG-07|db log|服务器日志|Server log|lines=warning 1|查明原因|Find the cause|PostgreSQL manual 20.8|没有错误|no errors
PG-13|db backup|归档|Archiving|failed=warning 1, critical 10|检查归档命令|Look at the command|pg_stat_archiver|正常|well
PG-18|db backup|数据库备份|Backups|age=warning 30 h, critical 48 h|检查备份任务|Look at the job|own judgement|9 小时前|9 hours ago
PG-12|space|表空间|Tablespaces|used=warning 80 %, critical 90 %|扩容|Extend|check_postgres disk_space||
PG-02|db resources|连接数|Connections|taken=warning 80 %, critical 90 %|使用连接池|Use a pool|postgres_exporter mixin|100 个连接已用 14 个|14 of 100 connections are taken
PG-04|db resources|锁等待|Lock waits|age=warning 1 min, critical 2 min|终止阻塞会话|End the blocking session|check_postgres|没有|none
PG-20|growth|数据库大小|Database sizes|growth=warning 20 %|核对增长原因|Find why|own judgement|每月增长 3 %|grows 3 % a month
PG-21|growth|最大的对象|Largest objects||分区或归档|Partition or archive|own judgement|最大表 12 GiB|the largest table has 12 GiB
PG-30|objects|死元组|Dead tuples|share=warning 10 %, critical 50 %|执行 VACUUM|Run VACUUM|pg_activity|均低于 10 %|all below 10 %
PG-33|objects|重复索引|Duplicate indexes||删除多余的一个|Drop one of them|pgHero|没有|none
PG-35|objects|未使用的索引|Unused indexes||与应用确认后删除|Drop after asking|pgHero|没有|none
PG-36|objects|缺失的索引|Missing indexes||建立索引|Make the index|pgHero|没有|none
PG-40|tuning|缓存命中率|Cache hits|hit=warning 90 %|增大 shared_buffers|More shared_buffers|pgHero|99.6 %|99.6 %
PG-44|tuning|慢语句|Slow statements|mean=warning 200 ms|优化语句|Improve the statement|pg_stat_statements|没有|none
"""  # noqa: E501


def _limit(said: str) -> LimitAbout:
    """warning 30 h, critical 48 h"""
    parts = re.findall(r"(warning|critical) ([0-9.]+) ?([^,]*)", said)
    found = {grade: float(value) for grade, value, _ in parts}
    return LimitAbout(**found, unit=parts[0][2], over=found.get("critical", 1e9) > found.get("warning", 0))


def _about(table: str) -> dict[str, tuple[CheckAbout, Text]]:
    found = {}
    for line in table.strip().split("\n"):
        id_, chapter, zh, en, limits, remedy_zh, remedy_en, source, ok_zh, ok_en = line.split("|")
        named = {name: _limit(said) for name, said in (limit.split("=", 1) for limit in limits.split(";") if limit)}
        operation = "software-upgrade" if id_ == "CFG-02" else ""
        about = CheckAbout(id=id_, title=text(zh, en), chapter=chapter, remedy=text(remedy_zh, remedy_en), source=source, limits=named, operation=operation)
        found[id_] = (about, text(ok_zh, ok_en))
    return found


SYSTEM, DATABASE = _about(_CHECKS), _about(_DATABASE)


def row(target: str, check: str, outcome: Outcome, zh: str, en: str, **more) -> CheckRow:
    return CheckRow(target=target, check=check, outcome=outcome, says=text(zh, en), **more)


def full(target: str, check: str, mount: str, size_gib: float, share: float) -> CheckRow:
    outcome = CRITICAL if share >= 90 else WARNING if share >= 80 else OK
    left = size_gib * (100 - share) / 100
    return row(target, check, outcome, f"{mount} 已用 {share:.0f} %，剩余 {left:.1f} GiB", f"{mount} is {share:.0f} % full, {left:.1f} GiB are left",
               object=mount, value=size_gib * GIB * share / 100, unit="bytes", capacity=size_gib * GIB,
               evidence=f"/dev/vda2 {size_gib * 1048576:.0f} {size_gib * share * 10485.76:.0f} {left * 1048576:.0f} {share:.0f}% {mount}")  # fmt: skip


def well(target: str, checks: dict, but: list[CheckRow]) -> tuple[CheckRow, ...]:
    """Every check once, normal or with nothing of the kind, but for the rows given."""
    special: dict[str, list[CheckRow]] = {}
    for one in but:
        special.setdefault(one.check, []).append(one)
    rows: list[CheckRow] = []
    for id_, (_, says) in checks.items():
        if id_ in special:
            rows += special[id_]
        elif says.zh:
            absent = says.zh.startswith("没有") and id_[:3] in ("CLU", "STO")
            rows.append(CheckRow(target=target, check=id_, outcome=NA if absent else OK, says=says))
    return tuple(rows)


def read(target: str, rows: tuple[CheckRow, ...], kind: str = "host", **more) -> TargetRead:
    about = {"system": "Debian GNU/Linux 12", "kernel": "6.1.0-28-amd64", "cores": "4", "memory": "16 GiB"}
    if kind != "host":
        about = {"version": "16.4", "role": "primary", "memory": "16 GiB"}
    return TargetRead(target=target, kind=kind, read_at=at(0), seconds=7.3, about=about, rows=rows, **more)


REFUSED = ("连接被拒绝（端口 22），请检查防火墙与 SSH 服务", "connection refused (port 22); check firewall and SSH service")


def unreached(target: str, zh: str = REFUSED[0], en: str = REFUSED[1]) -> TargetRead:
    return TargetRead(target=target, kind="host", read_at=at(0), seconds=15.0, problem=text(zh, en))


def forecast(target: str, mount: str, size_gib: float, shares: list[float], days: float | None, check: str = "RES-01") -> FullForecast:
    history = tuple((at(-91 * (len(shares) - 1 - place)), size_gib * GIB * share / 100) for place, share in enumerate(shares))
    grown = (shares[-1] - shares[0]) / (91 * (len(shares) - 1)) * size_gib * GIB / 100
    return FullForecast(
        target=target, check=check, object=mount, unit="bytes", value=history[-1][1], capacity=size_gib * GIB, per_day=grown, days=days,
        earliest=None if days is None else days * 0.7, latest=None if days is None or days > 200 else days * 1.8, history=history,
    )  # fmt: skip


def _record(reads: list[TargetRead], checks: dict, procedure: str = "system-inspection", **more) -> InspectionRecord:
    worst = max((r.outcome for each in reads for r in each.rows), key=WEIGHT.__getitem__, default=UNKNOWN)
    fields = {
        "number": "INS-20261122-001", "procedure": procedure, "customer": "linjiang", "language": "zh",
        "customer_name": text("临江市政务服务数据管理局", "Linjiang Municipal Bureau of Government Services and Data"),
        "provider_name": text("某某信息技术有限公司", "Example Information Technology Co., Ltd."),
        "contract": "LJ-2026-017", "requester": "schedule", "operator": "李工", "reason": "2026 年第四季度例行巡检",
        "opened_at": at(-0.02), "finished_at": at(0.001), "grade": worst, "reads": tuple(reads),
        "checks": tuple(about for about, _ in checks.values()),
    }  # fmt: skip
    return InspectionRecord(**{**fields, **more})


def first() -> InspectionRecord:
    """Two hosts, nothing to compare with, nothing found."""
    return _record([read(name, well(name, SYSTEM, [full(name, "RES-01", "/", 40, 41)])) for name in ("web1", "web2")], SYSTEM)


def small() -> InspectionRecord:
    """Three hosts with findings of all sorts, compared with the quarter before."""
    web1 = [
        full("web1", "RES-01", "/", 40, 62), full("web1", "RES-01", "/var", 100, 84), full("web1", "RES-01", "/srv/backup", 500, 71),
        row("web1", "CFG-02", WARNING, "14 个安全更新未安装，最早的已等待 41 天", "14 security updates are waiting, the oldest for 41 days", value=14,
            unit="packages", evidence="Inst openssl [3.0.16-1~deb12u1] (3.0.17-1~deb12u3 Debian-Security:12/stable-security [amd64])\n"
            "Inst libssl3 [3.0.16-1~deb12u1] (3.0.17-1~deb12u3 Debian-Security:12/stable-security [amd64])"),
        row("web1", "MW-02", WARNING, "证书 www.linjiang.example 剩余 19 天", "the certificate of www.linjiang.example has 19 days left",
            object="www.linjiang.example", value=19, unit="days", evidence="notAfter=Dec 11 08:00:00 2026 GMT"),
        row("web1", "HW-03", NA, "虚拟机没有物理磁盘", "a virtual machine has no disks of its own"),
    ]  # fmt: skip
    web2 = [
        full("web2", "RES-01", "/", 40, 58), full("web2", "RES-01", "/var", 100, 77),
        row("web2", "CFG-02", WARNING, "14 个安全更新未安装，最早的已等待 41 天", "14 security updates are waiting, the oldest for 41 days", value=14,
            unit="packages", evidence="Inst openssl [3.0.16-1~deb12u1] (3.0.17-1~deb12u3 Debian-Security:12/stable-security [amd64])"),
        row("web2", "LOG-06", UNKNOWN, "日志文件不可读：/var/log/auth.log", "the log cannot be read: /var/log/auth.log", evidence="cannot open"),
    ]  # fmt: skip
    db1 = [
        full("db1", "RES-01", "/", 40, 47), full("db1", "RES-01", "/data", 800, 93), full("db1", "RES-01", "/data/archive", 200, 66),
        row("db1", "BAK-01", CRITICAL, "最近一次备份在 9 天前，应每 24 小时一次", "the newest backup is 9 days old, one a day is expected",
            object="/srv/backup/db1", value=216, unit="h", evidence="1763000000.0 8123456789 /srv/backup/db1/orders-2026-11-13.dump"),
        row("db1", "HW-03", CRITICAL, "/dev/sdb 有 24 个重映射扇区", "/dev/sdb has 24 reallocated sectors", object="/dev/sdb", value=24, unit="blocks",
            evidence="  5 Reallocated_Sector_Ct   0x0033   090   090   010    Pre-fail  Always       -       24"),
        row("db1", "RES-16", WARNING, "已连续运行 412 天", "up for 412 days", value=412, unit="days", evidence="up 412 days, 3:11"),
    ]  # fmt: skip
    develop = [
        ("db1", "BAK-01", "/srv/backup/db1", "new"), ("db1", "HW-03", "/dev/sdb", "new"), ("db1", "RES-01", "/data", "worse"),
        ("web1", "CFG-02", "", "same"), ("web2", "CFG-02", "", "same"), ("db1", "RES-16", "", "same"), ("web1", "RES-01", "/var", "new"),
        ("web1", "MW-02", "www.linjiang.example", "new"), ("web2", "CFG-05", "cups.service", "fixed"), ("web1", "RES-14", "", "fixed"),
        ("db1", "RES-01", "/mnt/old", "gone"),
    ]  # fmt: skip
    return _record(
        [read("web1", well("web1", SYSTEM, web1)), read("web2", well("web2", SYSTEM, web2)), read("db1", well("db1", SYSTEM, db1))],
        SYSTEM,
        number="INS-20261122-002",
        last_number="INS-20260821-001",
        last_at=at(-93),
        late_days=3,
        developments=tuple(Development(target=t, check=c, object=o, change=change) for t, c, o, change in develop),
        forecasts=(
            forecast("db1", "/data", 800, [61, 69, 78, 86, 93], 26),
            forecast("web1", "/var", 100, [60, 71, 66, 79, 84], 118),
            forecast("db1", "/data/archive", 200, [40, 47, 55, 66], 300),
            forecast("web2", "/", 40, [58, 58, 58, 58], None),
        ),
    )


def with_unreached() -> InspectionRecord:
    record = small()
    return record.model_copy(update={"reads": (*record.reads, unreached("app1"), unreached("app2"))})


def database() -> InspectionRecord:
    """A database with something in every chapter, and statements that mend it."""
    name = "orders-db"
    rows = [
        full(name, "PG-12", "pg_default", 200, 88), full(name, "PG-12", "archive", 500, 40),
        row(name, "PG-33", WARNING, "orders.order_line 有 2 个相同的索引", "orders.order_line has 2 equal indexes", object="orders.order_line",
            evidence="order_line_order_id_idx 214 MiB, order_line_order_id_idx1 214 MiB\nDROP INDEX CONCURRENTLY orders.order_line_order_id_idx1;"),
        row(name, "PG-35", WARNING, "索引 orders.customer_fax_idx 90 天没有使用，180 MiB", "index orders.customer_fax_idx was not used in 90 days, 180 MiB",
            object="orders.customer_fax_idx", evidence="DROP INDEX CONCURRENTLY orders.customer_fax_idx;"),
        row(name, "PG-36", WARNING, "外键 orders.payment.order_id 没有索引", "the foreign key orders.payment.order_id has no index",
            object="orders.payment.order_id", evidence="CREATE INDEX CONCURRENTLY payment_order_id_idx\n  ON orders.payment (order_id);"),
        row(name, "PG-44", WARNING, "一条语句平均 840 毫秒，占总时间 31 %", "a statement takes 840 ms on average, 31 % of all time",
            evidence="calls 12,804  mean 840 ms\nSELECT * FROM orders.order_line l JOIN orders.product p ON p.id = l.product_id WHERE l.state = $1;"),
        row(name, "PG-07", CRITICAL, "日志中有 3 行 could not read block", "3 lines of the log say: could not read block",
            evidence='2026-11-20 03:11:09 CST [811] ERROR:  could not read block 1811 in file "base/16401/24577": read only 0 of 8192 bytes'),
    ]  # fmt: skip
    return _record([read(name, well(name, DATABASE, rows), "postgresql")], DATABASE, "database-inspection", number="INS-20261122-003",
                   forecasts=(forecast(name, "pg_default", 200, [70, 76, 82, 88], 150, "PG-12"),))  # fmt: skip


def many(hosts: int = 300, checks: int = 60, seed: int = 7) -> InspectionRecord:
    """Many hosts by many checks; a third of them with something, six not reached. Equal arguments give equal records."""
    chance = Random(seed)
    known = dict(SYSTEM)
    for number in range(len(known), checks):
        about = CheckAbout(id=f"CFG-{number}", title=text(f"配置核对第 {number} 项", f"Configuration item {number}"), chapter="configuration",
                           remedy=text("按基线修正", "Set as in the baseline"), source="own judgement", limits={"n": _limit("warning 1")})  # fmt: skip
        known[about.id] = (about, text("与基线一致", "as in the baseline"))
    known = dict(list(known.items())[:checks])
    reads, developments, forecasts = [], [], []
    for number in range(hosts):
        name = f"prod-{('web', 'app', 'db', 'gis')[number % 4]}-{number:03d}"
        if number % 50 == 17:
            reads.append(unreached(name) if number % 100 == 17 else unreached(name, "15 秒内没有应答", "no answer within 15 s"))
            continue
        shares = [chance.triangular(5, 97, 45) if number % 3 == 0 else chance.uniform(5, 78) for _ in range(2)]
        rows = [full(name, "RES-01", mount, size, share) for mount, size, share in zip(("/", "/data"), (40, 400), shares, strict=True)]
        if number % 3 == 0:
            waiting = chance.randint(1, 60)
            rows.append(row(name, "CFG-02", WARNING if waiting < 50 else CRITICAL, f"{waiting} 个安全更新未安装", f"{waiting} security updates are waiting"))
            if number % 9 == 0:
                rows.append(row(name, "CFG-05", WARNING, "服务 cups.service 处于失败状态", "the unit cups.service has failed", object="cups.service",
                                evidence="cups.service loaded failed failed CUPS Scheduler"))  # fmt: skip
            if number % 27 == 0:
                rows.append(row(name, "BAK-01", CRITICAL, "没有找到备份", "there is no backup", object="/srv/backup"))
            developments.append(Development(target=name, check="CFG-02", object="", change=("new", "same", "same")[number % 9 // 3]))
        if number % 40 == 5:
            rows.append(row(name, "LOG-06", UNKNOWN, "日志文件不可读", "the log cannot be read"))
        if number % 10 == 0:
            developments.append(Development(target=name, check="RES-14", object="", change="fixed"))
            now = shares[1]
            forecasts.append(forecast(name, "/data", 400, [now * 0.7, now * 0.82, now * 0.9, now], 91 * (100 - now) / max(0.1, now * 0.1)))
        reads.append(read(name, well(name, known, [r for r in rows if r.check in known])))
    return _record(reads, known, last_number="INS-20260821-001", last_at=at(-93), developments=tuple(developments), forecasts=tuple(forecasts))


def hostile(words: str) -> InspectionRecord:
    """The text everywhere where a host, a database or a person can put one."""
    record = small()
    said = text(words, words)
    rows = tuple(
        CheckRow(target=words, check="RES-01", object=f"{words}{n}", outcome=outcome, value=50 + n, unit="bytes", capacity=100, says=said, evidence=words)
        for n, outcome in enumerate(Outcome)
    ) + (CheckRow(target=words, check="XX-99", object=words, outcome=WARNING, unit=words, value=1, says=said, evidence=f"DROP TABLE x; {words}"),)
    about = record.checks[0].model_copy(update={"id": "PG-99", "title": said, "remedy": said, "source": said, "clause": words,
                                                "limits": {words: LimitAbout(warning=1, unit=words, source=words)},
                                                "chapter": "objects", "operation": words})  # fmt: skip
    evil = CheckRow(target=words, check="PG-99", object=words, outcome=CRITICAL, says=said, evidence=f"CREATE INDEX {words}")
    return record.model_copy(
        update={
            "customer_name": said, "provider_name": said, "operator": words, "reason": words, "requester": words, "contract": words, "last_number": words,
            "checks": (*record.checks, about),
            "reads": (
                record.reads[0].model_copy(update={"target": words, "rows": (*rows, evil), "about": {words: words}}),
                *record.reads[1:],
                unreached(words, words, words),
            ),
            "developments": tuple(Development(target=words, check=c, object=words, change="new") for c in ("RES-01", words)),
            "forecasts": tuple(f.model_copy(update={"target": words, "object": words, "unit": words}) for f in record.forecasts),
        }
    )  # fmt: skip
