"""Change records as they come out of a real upgrade, in every ending; for tests of documents and of what shows them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from reports.records import (
    NOTHING,
    Acceptance,
    Approval,
    ApprovalRequest,
    Approver,
    ChangeRecord,
    Closure,
    Cluster,
    Contact,
    Copy,
    Difference,
    FileSystem,
    Health,
    Improvement,
    JournalEntry,
    Medium,
    Package,
    Plan,
    Port,
    Rehearsal,
    Risk,
    Service,
    Step,
    StepOutcome,
    Survey,
    TableRows,
    Text,
    VersionChange,
    Window,
    same,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER = "CHG-20261122-001"
SIGNER = "Debian Security Archive Automatic Signing Key (12/bookworm)"
PACKAGES = [
    ("nginx", "1.22.1-9+deb12u2", "1.22.1-9+deb12u3", 1_480_000),
    ("nginx-common", "1.22.1-9+deb12u2", "1.22.1-9+deb12u3", 310_000),
    ("openssl", "3.0.16-1~deb12u1", "3.0.17-1~deb12u3", 2_260_000),
    ("libssl3", "3.0.16-1~deb12u1", "3.0.17-1~deb12u3", 6_020_000),
    ("libxml2", "2.9.14+dfsg-1.3~deb12u2", "2.9.14+dfsg-1.3~deb12u4", 2_010_000),
    ("postgresql-client-common", "248+deb12u1", "248+deb12u2", 190_000),
    ("sudo", "1.9.13p3-1+deb12u1", "1.9.13p3-1+deb12u2", 6_300_000),
]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


STEPS: list[tuple[str, Text, str, str, str, str, dict]] = [
    (
        "space",
        Text(zh="核对磁盘剩余空间", en="Check free disk space"),
        "df -Pk /var/cache/apt / | awk 'NR>1 && $4 < 524288 {bad=1} END {exit bad}'",
        "test -d /var",
        "",
        "有足够空间|There is enough space",
        {"changes": False},
    ),
    (
        "keep-old",
        Text(zh="保留旧版本软件包", en="Keep the old packages"),
        'cd "$CHANGE_DIR/media"\nfor p in nginx=1.22.1-9+deb12u2 openssl=3.0.16-1~deb12u1 libssl3=3.0.16-1~deb12u1; do\n'
        '\tapt-get download "$p"\ndone\n'
        "sha256sum *.deb > SHA256SUMS.old",
        'cd "$CHANGE_DIR/media" && sha256sum -c SHA256SUMS.old',
        "",
        "旧版本安装包保存在主机上，校验一致|Old packages are on the host and match",
        {"changes": False},
    ),
    (
        "dump",
        Text(zh="备份业务数据库", en="Dump the database"),
        'runuser -u postgres -- pg_dump -Fc -f "$CHANGE_DIR/saved/orders.dump" orders\n'
        'pg_restore -l "$CHANGE_DIR/saved/orders.dump" >/dev/null',
        'test -s "$CHANGE_DIR/saved/orders.dump"',
        "",
        "备份文件可读|The dump can be read",
        {"changes": False},
    ),
    (
        "save-conf",
        Text(zh="保存配置文件", en="Save configuration files"),
        'tar -C / -cpf "$CHANGE_DIR/saved/etc.tar" etc/nginx etc/ssl',
        'tar -tf "$CHANGE_DIR/saved/etc.tar" >/dev/null',
        "",
        "配置已保存|Configuration is saved",
        {"changes": False},
    ),
    (
        "drain",
        Text(zh="停止接收新请求", en="Stop taking new requests"),
        "touch /run/standfast-drain\nsystemctl reload nginx",
        "test -e /run/standfast-drain",
        "rm -f /run/standfast-drain\nsystemctl reload nginx",
        "健康检查返回 503|The health page answers 503",
        {"interrupts": True},
    ),
    (
        "install",
        Text(zh="安装新版本软件包", en="Install the new packages"),
        "export DEBIAN_FRONTEND=noninteractive\ndpkg --configure -a\n"
        "apt-get install -y --no-install-recommends --allow-downgrades "
        "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \\\n"
        "  nginx=1.22.1-9+deb12u3 nginx-common=1.22.1-9+deb12u3 "
        "openssl=3.0.17-1~deb12u3 libssl3=3.0.17-1~deb12u3 libxml2=2.9.14+dfsg-1.3~deb12u4 "
        "postgresql-client-common=248+deb12u2 sudo=1.9.13p3-1+deb12u2",
        "test \"$(dpkg-query -W -f='${Version}' nginx)\" = 1.22.1-9+deb12u3 # “中文” and 'quotes' $stay #as they are",
        'dpkg -i "$CHANGE_DIR"/media/*_old.deb\ntar -C / -xpf "$CHANGE_DIR/saved/etc.tar"',
        "软件包版本与方案一致|Versions are as planned",
        {"interrupts": True, "reversible": "auto", "time_limit_s": 3600},
    ),
    (
        "test-conf",
        Text(zh="检查 nginx 配置", en="Test the nginx configuration"),
        "nginx -t",
        "nginx -t",
        "",
        "配置检查通过|The configuration test passes",
        {"changes": False},
    ),
    (
        "restart",
        Text(zh="重启服务", en="Restart services"),
        "systemctl restart nginx orders.service",
        "systemctl is-active --quiet nginx orders.service",
        "systemctl restart nginx orders.service",
        "服务处于运行状态|Services are active",
        {"interrupts": True},
    ),
    (
        "undrain",
        Text(zh="恢复接收请求", en="Take requests again"),
        "rm -f /run/standfast-drain\nsystemctl reload nginx",
        "test ! -e /run/standfast-drain",
        "touch /run/standfast-drain",
        "健康检查返回 200|The health page answers 200",
        {},
    ),
]
SECONDS = [0.2, 3.4, 8.1, 0.6, 0.4, 42.7, 0.3, 2.9, 0.4]


def steps_for(targets: list[str]) -> tuple[Step, ...]:
    steps = []
    for target in targets:
        for key, title, command, proof, undo, expected, more in STEPS:
            zh, en = expected.split("|")
            steps.append(
                Step(
                    number=len(steps) + 1,
                    key=key,
                    target=target,
                    title=title,
                    command=command,
                    proof=proof,
                    undo=undo,
                    undo_proof="true" if undo else "",
                    probe=f"test -e $CHANGE_DIR/steps/{key}.done && echo DONE || echo ABSENT",
                    expected=Text(zh=zh, en=en),
                    **more,
                )
            )
    return tuple(steps)


IMPROVEMENTS = tuple(
    Improvement(name=name, version=version, kind=kind, text=text, references=references)
    for name, version, kind, text, references in [
        ("nginx", "1.22.1-9+deb12u3", "security", "Fix buffer overread in ngx_mail_smtp_module", ("CVE-2026-53859",)),
        (
            "libssl3",
            "3.0.17-1~deb12u3",
            "security",
            "Out-of-bounds read & write in RFC 3211 KEK Unwrap",
            ("CVE-2026-9230", "CVE-2026-9231"),
        ),
        (
            "libxml2",
            "2.9.14+dfsg-1.3~deb12u4",
            "security",
            "Use after free in xmlSchemaIDCFillNodeTables <xs:keyref>",
            ("CVE-2026-49794",),
        ),
        ("sudo", "1.9.13p3-1+deb12u2", "fix", "sudo -l no longer lists *every* command twice", ("Closes: #1098765",)),
        (
            "openssl",
            "3.0.17-1~deb12u3",
            "feature",
            "New upstream stable release; see the changes file for the long list of what was improved",
            (),
        ),
    ]
)


def make_plan(targets: list[str]) -> Plan:
    batches = (tuple(targets[:1]), *(tuple(targets[i : i + 5]) for i in range(1, len(targets), 5)))
    return Plan(
        change=NUMBER,
        procedure="software-upgrade",
        kind="packages",
        title=Text(
            zh="业务受理系统安全更新（nginx、OpenSSL 等）",
            en="Security updates of the case-handling system (nginx, OpenSSL and others)",
        ),
        customer="bureau",
        requester="王建国",
        reason="修复监管部门通报的 OpenSSL 与 nginx 高危漏洞",
        targets=tuple(targets),
        batches=batches,
        facts={target: digest(target) for target in targets},
        versions=tuple(VersionChange(target=t, name=n, before=b, after=a, size=s) for t in targets for n, b, a, s in PACKAGES),
        improvements=IMPROVEMENTS,
        media=tuple(
            Medium(
                name=f"{n}_{v}_amd64.deb",
                source="security.example.org bookworm-security",
                size=s // 3,
                sha256=digest(n + v),
                signature=Text(zh=f"{SIGNER}；校验链 InRelease > Packages > 文件", en=f"{SIGNER}; chain InRelease > Packages > file"),
                delivered="by the target",
                role=role,
            )
            for n, b, a, s in PACKAGES
            for v, role in ((a, "new"), (b, "old"))
        ),
        steps=steps_for(targets),
        acceptance=tuple(
            Acceptance(target=t, title=title, command=command)
            for t in targets
            for title, command in (
                (Text(zh="首页可访问", en="The front page answers"), "curl -fsS http://127.0.0.1/ | grep -q 受理"),
                (Text(zh="业务接口正常", en="The application answers"), "curl -fsS http://127.0.0.1:8000/health"),
            )
        ),
        window=Window(opens_at=at(3600), closes_at=at(3600 * 3)),
        impact=Text(
            zh="升级期间每台主机的业务受理页面约有 1 分钟不可访问，数据不受影响。",
            en="The front page of each host cannot be reached for about a minute; data are not touched.",
        ),
        risk=Risk(
            level="medium",
            reasons=(
                Text(zh="升级过程中须重启对外服务", en="Services that users see are restarted"),
                Text(zh="OpenSSL 被多个程序共用", en="OpenSSL is shared by several programs"),
            ),
        ),
        back_out=Text(
            zh="任一步骤失败或验收检查未通过时自动回退，由实施负责人决定是否提前回退；"
            "回退后软件包版本、配置文件和服务状态均恢复到升级前。",
            en="Backed out by itself when a step or a check fails; the person in charge may decide so earlier. "
            "Versions, configuration and "
            "services come back to what they were.",
        ),
        untested=(
            Text(zh="真实用户并发访问下的性能", en="Performance under real users"),
            Text(zh="与上级平台的数据交换接口", en="The interface to the superior platform"),
        ),
    )


def make_survey(target: str, when: str, after: bool = False) -> Survey:
    return Survey(
        target=target,
        when=when,
        taken_at=at(-7200 if not after else 5200),
        os_id="debian",
        os_version="12",
        os_name="Debian GNU/Linux 12 (bookworm)",
        kernel="6.1.0-31-amd64",
        architecture="x86_64",
        package_manager="apt",
        hostname=target,
        memory_kib=4_028_416,
        packages=tuple(
            Package(name=n, version=a if after else b, architecture="amd64", origin="Debian-Security") for n, b, a, _ in PACKAGES
        ),
        services=(
            Service(name="nginx.service", active="active", enabled="enabled"),
            Service(name="orders.service", active="active", enabled="enabled"),
            Service(name="exim4.service", active="failed", enabled="enabled"),
        ),
        ports=(
            Port(protocol="tcp", address="0.0.0.0", port=80, process="nginx"),
            Port(protocol="tcp", address="127.0.0.1", port=5432, process="postgres"),
        ),
        file_systems=(
            FileSystem(mount="/", device="/dev/vda1", kind="ext4", size_kib=41_152_736, used_kib=12_582_912, free_kib=26_447_360),
            FileSystem(
                mount="/var/lib/postgresql",
                device="/dev/vdb1",
                kind="xfs",
                size_kib=104_857_600,
                used_kib=20_971_520,
                free_kib=83_886_080,
            ),
        ),
        configuration={
            "/etc/nginx/nginx.conf": f"{digest('nginx.conf')} 0644 0:0",
            "/etc/ssl/openssl.cnf": f"{digest('openssl.cnf')} 0644 0:0",
            "/etc/nginx/sites-enabled/orders": f"{digest('orders')} 0640 0:33",
        },
        clusters=(
            Cluster(
                engine="postgresql",
                name="15/main",
                version="15.14",
                port=5432,
                running=True,
                tables=(
                    TableRows(database="orders", table="public.cases", rows=128_450),
                    TableRows(database="orders", table="public.users", rows=912),
                ),
            ),
        ),
        health=health(),
    )


def health(ok: bool = True) -> tuple[Health, ...]:
    return (
        Health(
            title=Text(zh="首页可访问", en="The front page answers"),
            ok=ok,
            detail="200 OK" if ok else "curl: (7) Failed to connect to 127.0.0.1 port 80",
        ),
        Health(title=Text(zh="业务接口正常", en="The application answers"), ok=True, detail='{"status":"ok","version":"2.4.1"}'),
    )


SAID = "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)"  # by the host, which speaks English
FAILED_PROOF = Text(zh=f"结果验证未通过（退出状态 1）：{SAID}", en=f"its proof failed (status 1): {SAID}")


def outcomes_for(
    plan: Plan,
    start: float,
    slower: float = 1.0,
    action: str = "carry out",
    only: set[str] | None = None,
    fail_at: int | None = None,
) -> tuple[StepOutcome, ...]:
    found, moment = [], start
    steps = [step for step in plan.steps if only is None or step.target in only]
    for step in reversed([s for s in steps if s.undo]) if action == "undo" else steps:
        seconds = SECONDS[(step.number - 1) % len(SECONDS)] * slower
        failed = step.number == fail_at
        found.append(
            StepOutcome(
                number=step.number,
                key=step.key,
                target=step.target,
                title=step.title,
                action=action,
                result="failed" if failed else "done",
                exit_code=1 if failed else 0,
                started_at=at(moment),
                finished_at=at(moment + seconds),
                seconds=seconds,
                found="ABSENT",
                problem=FAILED_PROOF if failed else NOTHING,
                output="Reading package lists...\nBuilding dependency tree...\nSetting up nginx (1.22.1-9+deb12u3) ...\n"
                if step.key == "install"
                else "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
                if step.key == "test-conf"
                else "",
            )
        )
        moment += seconds
        if failed:
            break
    return tuple(found)


def make_rehearsal(plan: Plan, passed: bool = True) -> Rehearsal:
    first = plan.batches[0][0]
    return Rehearsal(
        change=plan.change,
        plan=plan.fingerprint(),
        place="simulated copy",
        started_at=at(-3600),
        finished_at=at(-3300),
        copies=(
            Copy(
                target=first,
                place="sandbox/copy-" + first,
                bytes_read=5_368_709_120,
                bytes_in_use=13_500_000_000,
                seconds=96.4,
                masked=(
                    Text(zh="/etc/shadow：口令已锁定", en="/etc/shadow: password hashes locked"),
                    Text(zh="/srv/orders/.env：已替换 DATABASE_PASSWORD", en="/srv/orders/.env: DATABASE_PASSWORD re-keyed"),
                ),
                left_out=("/var/log", "/var/cache/apt/archives"),
            ),
        ),
        deviations=(Text(zh="内核为演练主机的内核 6.1.0-31-amd64", en="The kernel is that of the sandbox, 6.1.0-31-amd64"),),
        outcomes=outcomes_for(plan, -3500, only={first}),
        undone=outcomes_for(plan, -3400, action="undo", only={first}),
        health_before=health(),
        health_after=health(),
        health_undone=health(passed),
        changed=tuple(Difference(target=first, kind="package", name=n, before=b, after=a) for n, b, a, _ in PACKAGES),
        remaining=()
        if passed
        else (Difference(target=first, kind="service", name="nginx.service", before="active", after="failed"),),
        passed=passed,
        problem=NOTHING
        if passed
        else Text(
            zh="回退后副本与之前不一致：服务 nginx.service：应为 active，实为 failed",
            en="after the back-out the copy was not as before: service nginx.service is failed instead of active",
        ),
    )


APPROVERS = (
    Approver(name="李敏", email="limin@bureau.example", phone="010-5555 0101", post="信息中心主任"),
    Approver(name="王建国", email="wangjg@bureau.example", phone="010-5555 0102", post="业务科科长"),
)


def make_request(plan: Plan) -> ApprovalRequest:
    return ApprovalRequest(
        change=NUMBER,
        gate="leave to change",
        digest=digest("asked" + plan.change),
        asked_at=at(-3000),
        expires_at=at(-3000 + 72 * 3600),
        requester="王建国",
        approvers=APPROVERS,
        sent_to=("limin@bureau.example",),
    )


def planned(targets: list[str] | None = None) -> ChangeRecord:
    """Planned and rehearsed, not yet put to the customer."""
    plan = make_plan(targets or ["web1", "web2"])
    return ChangeRecord(
        number=NUMBER,
        procedure="software-upgrade",
        customer="bureau",
        customer_name=Text(zh="滨海市城市环境管理局", en="Binhai Municipal Bureau of the Environment"),
        provider_name=Text(zh="远山信息技术服务有限公司", en="Yuanshan Information Services Ltd"),
        language="zh",
        requester="王建国",
        operator="赵琳",
        reason="修复监管部门通报的 OpenSSL 与 nginx 高危漏洞",
        opened_at=at(-9000),
        plan=plan,
        rehearsal=make_rehearsal(plan),
        contacts=(
            Contact(
                role=Text(zh="客户联系人", en="Customer's contact"),
                name="陈晓",
                phone="010-5555 0110",
                email="chenx@bureau.example",
            ),
            Contact(
                role=Text(zh="指挥人员", en="Person in charge"),
                name="周伟",
                phone="139 0000 0000",
                email="zhouw@provider.example",
            ),
            Contact(role=Text(zh="值班电话", en="Duty phone"), name="值班工程师", phone="400-000-0000"),
        ),
        before=tuple(make_survey(t, "before") for t in plan.targets),
    )


def asked(targets: list[str] | None = None) -> ChangeRecord:
    record = planned(targets)
    return record.model_copy(update={"asked": make_request(record.plan)})


def _answer(record: ChangeRecord, decision: str, **more) -> Approval:
    return Approval(
        **{
            "change": NUMBER,
            "gate": "leave to change",
            "digest": record.asked.digest,
            "decision": decision,
            "name": "李敏",
            "channel": "form",
            "decided_at": at(1800),
            **more,
        }
    )


def _journal(record: ChangeRecord) -> tuple[JournalEntry, ...]:
    entries = [
        ("opened", "", None, {"requester": record.requester}),
        ("planned", "", None, {"steps": len(record.plan.steps) if record.plan else 0}),
    ]
    for outcome in record.outcomes[:12]:
        entries += [
            ("step begun", outcome.target, outcome.number, {}),
            ("step " + outcome.result, outcome.target, outcome.number, {"seconds": outcome.seconds}),
        ]
    for survey in record.after:
        for answer in survey.health:
            entries.append(
                (
                    "accepted" if answer.ok else "not accepted",
                    survey.target,
                    None,
                    {**answer.title.fields("check"), **answer.detail.fields("detail")},
                )
            )
    return tuple(
        JournalEntry(sequence=n, at=at(n), event=event, target=target, step=step, attempt=1 if step else None, detail=detail)
        for n, (event, target, step, detail) in enumerate(entries, 1)
    )


def _close(record: ChangeRecord, closure: Closure, reason: Text = NOTHING, **more) -> ChangeRecord:
    closed = record.model_copy(update={"closure": closure, "closure_reason": reason, "closed_at": at(5400), **more})
    return closed.model_copy(update={"journal": _journal(closed)})


def successful(targets: list[str] | None = None) -> ChangeRecord:
    record = asked(targets)
    plan = record.plan
    changed = tuple(
        Difference(target=t, kind="package", name=n, before=b, after=a) for t in plan.targets for n, b, a, _ in PACKAGES
    )
    return _close(
        record,
        Closure.SUCCESSFUL,
        approvals=(_answer(record, "approved", wrong_entries=1),),
        outcomes=outcomes_for(plan, 3700, 1.15),
        after=tuple(make_survey(t, "after", after=True) for t in plan.targets),
        changed=changed,
    )


def with_issues() -> ChangeRecord:
    record = successful()
    odd = Difference(target="web2", kind="port", name="tcp 0.0.0.0:8081", before="", after="java")
    return record.model_copy(
        update={
            "closure": Closure.SUCCESSFUL_WITH_ISSUES,
            "changed": (*record.changed, odd),
            "unexpected": (odd,),
            "issues": (Text(zh="web2：监听端口 tcp 0.0.0.0:8081：无 → java", en="web2: port tcp 0.0.0.0:8081: none -> java"),),
        }
    )


def backed_out() -> ChangeRecord:
    record = asked()
    done = outcomes_for(record.plan, 3700, fail_at=17)
    undone = tuple(o for o in outcomes_for(record.plan, 3900, action="undo"))
    return _close(
        record,
        Closure.BACKED_OUT,
        Text(zh=f"第 17 步（重启服务，主机 web2）：{FAILED_PROOF.zh}", en=f"step 17 on web2 (Restart services): {FAILED_PROOF.en}"),
        approvals=(_answer(record, "approved", channel="phone", taken_by="赵琳"),),
        outcomes=done,
        undone=undone,
        after=tuple(make_survey(t, "after back-out 1") for t in record.plan.targets),
    )


def rejected() -> ChangeRecord:
    record = asked()
    return _close(
        record,
        Closure.REJECTED,
        same("业务高峰期，延后至下周"),
        approvals=(_answer(record, "rejected", reason="业务高峰期，延后至下周"),),
    )


def expired() -> ChangeRecord:
    record = asked()
    return _close(
        record,
        Closure.EXPIRED,
        approvals=(
            _answer(record, "expired", name="", channel="none", reason="no answer that counts before the request expired"),
        ),
    )


UNDO_SAID = "dpkg: error: archive is damaged"
UNDO_FAILED = Text(zh=f"回退命令执行失败（退出状态 2）：{UNDO_SAID}", en=f"the undo failed (status 2): {UNDO_SAID}")


def failed() -> ChangeRecord:
    record = backed_out()
    undone = (
        *record.undone[:-1],
        record.undone[-1].model_copy(update={"result": "failed", "problem": UNDO_FAILED}),
    )
    left = (Difference(target="web1", kind="service", name="nginx.service", before="active", after="failed"),)
    return record.model_copy(
        update={
            "closure": Closure.FAILED,
            "undone": undone,
            "changed": left,
            "closure_reason": Text(
                zh=f"{record.closure_reason.zh}。回退未能完成：{UNDO_FAILED.zh}",
                en=f"{record.closure_reason.en}. The back-out is not complete: {UNDO_FAILED.en}",
            ),
        }
    )


def refused() -> ChangeRecord:
    record = planned()
    plan = record.plan.model_copy(
        update={
            "blockers": (
                Text(
                    zh="web1 磁盘剩余空间不足：需要 620 MiB，仅剩 210 MiB",
                    en="web1 has too little free disk space: 620 MiB needed, 210 MiB free",
                ),
            )
        }
    )
    return _close(record, Closure.REFUSED, plan.blockers[0], plan=plan, rehearsal=None)


def nothing_to_do() -> ChangeRecord:
    record = planned()
    plan = record.plan.model_copy(update={"steps": (), "versions": (), "media": (), "improvements": (), "acceptance": ()})
    return _close(record, Closure.NOTHING_TO_DO, plan=plan, rehearsal=None)


def bare() -> ChangeRecord:
    """Opened, and nothing else known."""
    return ChangeRecord(
        number=NUMBER,
        procedure="software-upgrade",
        customer="bureau",
        customer_name=Text(zh="滨海市城市环境管理局", en="Binhai Bureau"),
        provider_name=Text(zh="远山信息技术服务有限公司", en="Yuanshan Ltd"),
        language="zh",
        requester="王建国",
        reason="安全更新",
        opened_at=NOW,
    )


def bare_refused() -> ChangeRecord:
    return _close(bare(), Closure.REFUSED, Text(zh="没有名为 web9 的主机", en="no host is called web9"))


def sixty_hosts() -> ChangeRecord:
    return successful([f"node-{n:02d}.bureau.example" for n in range(1, 61)])


ENDINGS = {
    "successful": successful,
    "with issues": with_issues,
    "backed out": backed_out,
    "rejected": rejected,
    "expired": expired,
    "failed": failed,
    "refused": refused,
    "nothing to do": nothing_to_do,
    "bare": bare,
    "bare refused": bare_refused,
    "planned": planned,
    "asked": asked,
}
