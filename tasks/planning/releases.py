"""The plan for an application release: request and surveys in, plan out (R012, R013, R169, R173, R177). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from pathlib import PurePosixPath

from reports.records import Acceptance, Improvement, Medium, Plan, Release, Risk, Step, Survey, Text, VersionChange
from tasks.errors import ProcedureError
from tasks.operations import release, service
from tasks.operations.database import cluster_of
from tasks.planning.roll_out import batches_of, held_up, require_surveyed, window_blockers, window_of
from tasks.requests import ReleaseMedia, UpgradeRequest

PROCEDURE = "software-upgrade"
OLD_RELEASES_KEPT = 2
UNPACKED_RATIO = 4  # an archive unpacks to about so many times its size; the target counts exactly before it unpacks
UNSIGNED = "unsigned"  # a medium's signature begins with this word if nobody vouches for it

_BEFORE_RELEASE = re.compile(r"[-._]?(?=(?:alpha|beta|rc|pre|preview|dev|snapshot|m)[-._]?\d*)", re.I)

# What a folder of a release may be called; anything else could mean something to a shell.
PLAIN_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}")


def _weight(sign: str) -> int:
    """Place of one character in the order: "~" before the end of the text, letters before all other signs."""
    if sign == "~":
        return -1
    return ord(sign) if sign.isalpha() else ord(sign) + 256


def compare_versions(one: str, other: str) -> int:
    """-1, 0 or 1 as `one` is older than, equal to or newer than `other`.

    Numbers count as numbers ("1.10" is newer than "1.9"), a leading "v" does not count, and what is made before a release
    is older than it ("1.1.0-rc1" < "1.1.0"). The order is dpkg's, with "~" put before such words.
    """
    pieces = [re.findall(r"\D+|\d+", _BEFORE_RELEASE.sub("~", re.sub(r"^[vV](?=\d)", "", version))) for version in (one, other)]
    for piece in pieces:
        if piece and piece[0].isdigit():
            piece.insert(0, "")
    for place, (left, right) in enumerate(zip_longest(*pieces, fillvalue="")):
        if place % 2:
            difference = int(left or 0) - int(right or 0)
        else:
            signs = [([_weight(sign) for sign in text] + [0]) for text in (left, right)]
            difference = (signs[0] > signs[1]) - (signs[0] < signs[1])
        if difference:
            return 1 if difference > 0 else -1
    return 0


def _room(survey: Survey, root: str) -> int | None:
    """Free KiB of the file system that holds `root`; None if the survey does not say."""
    holding = [fs for fs in survey.file_systems if PurePosixPath(root).is_relative_to(fs.mount)]
    return max(holding, key=lambda fs: len(fs.mount)).free_kib if holding else None


def _found(survey: Survey, root: str) -> Release | None:
    return next((found for found in survey.releases if found.root.rstrip("/") == root), None)


def _blockers_of(survey: Survey, wish: ReleaseMedia, root: str, size: int) -> list[Text]:
    """Why this host must not be changed. A host that is already as wished has none."""
    host, found, blockers = survey.target, _found(survey, root), []
    if found is None or not found.current or found.current not in found.kept:
        return [
            Text(
                zh=f"{host}:{root} 不是按版本存放的应用目录(应有 releases/<版本>/ 和指向其一的符号链接 current),"
                "请核对目录,并在主机块的 releases 中列出它。",
                en=f"{host}: {root} is not a folder of releases (releases/<version>/ and a symbolic link current to one); "
                "check the folder, and list it in the host block under releases.",
            )
        ]
    if strange := [name for name in (found.current, *found.kept) if not PLAIN_VERSION.fullmatch(name)]:
        return [
            Text(
                zh=f"{host}:{root}/releases 中有名称不合规的目录 {strange[0]!r},请先清理(版本名只能含字母、数字和 . + ~ _ -)。",
                en=f"{host}: {root}/releases holds a folder named {strange[0]!r}; tidy up first (a version has letters, digits and . + ~ _ - only).",
            )
        ]
    order = compare_versions(wish.version, found.current)
    if wish.version == found.current:
        return []
    if order < 0:
        blockers.append(
            Text(
                zh=f"{host}:当前版本 {found.current} 比所要求的 {wish.version} 新,升级流程不做降级;要回到旧版本,请回退那次变更。",
                en=f"{host}: {found.current} is in use and {wish.version} is older: that is a downgrade; "
                "to go back, back out the change that brought the newer one.",
            )
        )
    elif wish.version in found.kept:
        blockers.append(
            Text(
                zh=f"{host}:{root}/releases/{wish.version} 已存在,但不是本次变更放置的;请先移走。",
                en=f"{host}: {root}/releases/{wish.version} is there already and nobody knows from where; move it away first.",
            )
        )
    if not any(known.name == service.unit_name(wish.service) for known in survey.services):
        blockers.append(
            Text(
                zh=f"{host}:没有服务单元 {wish.service},请核对名称。",
                en=f"{host}: there is no service unit {wish.service}; check its name.",
            )
        )
    need, free = size * UNPACKED_RATIO // 1024 + release.MARGIN_KIB, _room(survey, root)
    if free is not None and free < need:
        blockers.append(
            Text(
                zh=f"{host}:{root} 所在文件系统剩余 {free} KiB,约需 {need} KiB,请先腾出空间。",
                en=f"{host}: the file system of {root} has {free} KiB free and about {need} KiB are needed; make room first.",
            )
        )
    if wish.migrate and wish.database:
        try:
            cluster_of(wish.database, survey.clusters)
        except ProcedureError as problem:
            blockers.append(
                Text(zh=f"{host}:无法确定数据库 {wish.database} 所在的 PostgreSQL 服务器({problem})。", en=f"{host}: {problem}.")
            )
    return blockers


def _common_blockers(request: UpgradeRequest, wish: ReleaseMedia, plan_at: datetime) -> list[Text]:
    blockers = []
    if not any(line.strip() for line in [*wish.repairs, *wish.adds]):
        blockers.append(
            Text(
                zh="没有说明新版本修复了哪些错误、增加了哪些功能;升级前必须确认(R177),请填写。",
                en="Nothing says what the new version repairs or adds; that is confirmed before an upgrade (R177): fill it in.",
            )
        )
    if wish.migrate and not wish.database:
        blockers.append(
            Text(
                zh="有数据库迁移命令,但没有填写数据库名称,无法先行备份;请填写。",
                en="There is a migration command but no database is named, so it cannot be dumped first; name it.",
            )
        )
    if not wish.root.startswith("/") or wish.root.rstrip("/") == "" or ".." in wish.root.split("/"):
        blockers.append(
            Text(
                zh=f"应用目录 {wish.root} 应为绝对路径,例如 /srv/orders。",
                en=f"The application folder {wish.root} must be an absolute path, for example /srv/orders.",
            )
        )
    if not re.fullmatch(r"https?://\S+", wish.health):
        blockers.append(
            Text(zh=f"健康地址 {wish.health} 不是 http(s) 地址。", en=f"The health address {wish.health} is no http(s) address.")
        )
    blockers += window_blockers(request, plan_at)
    return blockers


def _down(survey: Survey, wish: ReleaseMedia, checks: Sequence[Acceptance]) -> Text | None:
    """What the survey found wrong with the application; None if it was well.

    The host's check of the release's health address decides; where no check asks that address, every one that fails does.
    """
    unit = service.unit_name(wish.service)
    found = [
        Text(zh=f"{unit} 的状态为 {s.active}", en=f"{unit} is {s.active}")
        for s in survey.services
        if s.name == unit and s.active not in ("active", "reloading")
    ]
    asking = {check.title for check in checks if wish.health in check.command}
    for health in survey.health:
        if not health.ok and (not asking or health.title in asking):
            zh, en = ((said.strip().splitlines() or ["-"])[-1][:160] for said in (health.detail.zh, health.detail.en))
            found.append(Text(zh=f"检查“{health.title.zh}”不通过：{zh}", en=f"the check “{health.title.en}” fails: {en}"))
    return Text(zh="；".join(one.zh for one in found), en="; ".join(one.en for one in found)) if found else None


def _change_of(survey: Survey, wish: ReleaseMedia, root: str, medium: Medium, down: bool) -> release.ReleaseChange:
    found = _found(survey, root)
    older = sorted(
        (name for name in found.kept if name not in (wish.version, found.current) and not name.endswith(".part")),
        key=_Ordered,
        reverse=True,
    )
    return release.ReleaseChange(
        target=survey.target,
        root=root,
        old=found.current,
        new=wish.version,
        archive=medium.name,
        sha256=medium.sha256,
        service=service.unit_name(wish.service),
        health=wish.health,
        migrate=wish.migrate,
        migrate_back=wish.migrate_back,
        database=wish.database,
        cluster=cluster_of(wish.database, survey.clusters).name if wish.migrate else "",
        run_as=wish.run_as,
        down=down,
        remove=tuple(older[OLD_RELEASES_KEPT - 1 :]),
    )


class _Ordered:
    """A version as a sort key."""

    def __init__(self, version: str) -> None:
        self.version = version

    def __lt__(self, other: _Ordered) -> bool:
        return compare_versions(self.version, other.version) < 0


def _risk(wish: ReleaseMedia, medium: Medium, down: Mapping[str, Text]) -> Risk:
    level, reasons = (
        "low",
        [Text(zh="版本切换只改一个符号链接,可自动回退", en="the switch is one symbolic link and is undone by itself")],
    )
    if wish.migrate and wish.migrate_back:
        level = "medium"
        reasons.append(
            Text(
                zh="迁移数据库结构;开发商提供了回退命令,迁移前另有已验证的备份",
                en="the database is migrated; the vendor gives a command that takes it back, and a proven dump is taken before",
            )
        )
    elif wish.migrate:
        level = "high"
        reasons.append(
            Text(
                zh="迁移数据库;回退只能恢复迁移前的备份,新版本启用后写入的数据会丢失",
                en="only the dump brings the migrated database back: what is written after the new release starts is lost",
            )
        )
    for host, why in down.items():
        level = "high" if level == "high" else "medium"
        reasons.append(
            Text(
                zh=f"{host}：变更前应用已处于异常状态（{why.zh}）。本次变更作为修复照常进行：变更前检查只如实记录该状态，变更后应用必须恢复正常；"
                "如回退，则恢复原版本和原状态，不以恢复正常为条件。",
                en=f"{host}: before the change the application is down ({why.en}). The change goes on as its repair: the check before only "
                "records this, after the change the application must be healthy; a back-out brings back the old release and the state "
                "before, and does not ask for health.",
            )
        )
    if medium.signature.en.startswith(UNSIGNED):
        level = "high" if level == "high" else "medium"
        reasons.append(
            Text(
                zh="安装包没有开发商签名,只核对了校验和", en="the vendor did not sign the archive; only its checksum was checked"
            )
        )
    return Risk(level=level, reasons=tuple(reasons))


def plan_release(
    number: str,
    request: UpgradeRequest,
    surveys: Mapping[str, Survey],
    medium: Medium,
    acceptance: Mapping[str, Sequence[Acceptance]],
    plan_at: datetime,
) -> Plan:
    """The plan that brings the release of `request.release` to the request's hosts.

    surveys, acceptance: by host.
    plan_at: the moment of planning, for the window.
    A host that has the version already gets no step. With no step and no blocker the plan says "nothing to do".

    Raises ProcedureError if the request describes no release, a host was not surveyed, or the service's name is none.
    """
    wish = request.release
    if wish is None:
        raise ProcedureError("the request describes no release; fill in the part “Application release”",
                             "申请中未填写应用版本；请填写“Application release”部分")
    root = wish.root.rstrip("/")
    hosts = tuple(dict.fromkeys(request.hosts))
    require_surveyed(hosts, surveys)
    waiting = tuple(host for host in hosts if (found := _found(surveys[host], root)) is None or found.current != wish.version)
    blockers = _common_blockers(request, wish, plan_at) if waiting else []
    for host in hosts:
        blockers += _blockers_of(surveys[host], wish, root, medium.size)
    steps: list[Step] = []
    versions: list[VersionChange] = []
    down = {host: why for host in waiting if (why := _down(surveys[host], wish, acceptance.get(host, ())))}
    if not blockers:
        for host in waiting:
            change = _change_of(surveys[host], wish, root, medium, host in down)
            steps += release.steps(len(steps) + 1, change, clusters=surveys[host].clusters)
            versions.append(VersionChange(target=host, name=PurePosixPath(root).name, before=change.old, after=change.new))
    name = PurePosixPath(root).name
    stands_still = bool(wish.migrate) and not wish.migrate_back
    made = Plan(
        change=number,
        procedure=PROCEDURE,
        kind="release",
        customer=request.customer,
        requester=request.requester,
        reason=request.reason,
        title=Text(zh=f"应用 {name} 升级到 {wish.version}", en=f"Upgrade application {name} to {wish.version}"),
        targets=hosts,
        batches=batches_of(waiting if steps else hosts, request.canaries, request.batch_size),
        facts={host: surveys[host].facts_digest() for host in hosts},
        versions=tuple(versions),
        improvements=tuple(
            Improvement(name=name, version=wish.version, kind=kind, text=line.strip(), references=_references(line))
            for kind, lines in (("fix", wish.repairs), ("feature", wish.adds))
            for line in lines
            if line.strip()
        ),
        media=(medium,) if waiting else (),
        steps=tuple(steps),
        acceptance=tuple(check for host in hosts for check in _acceptance(host, wish, acceptance.get(host, ()))),
        window=window_of(request, plan_at),
        impact=Text(
            zh=f"服务 {wish.service} "
            + ("从备份数据库起停止,到新版本启动为止" if stands_still else "重启一次,中断数秒")
            + (";各批主机依次进行。" if len(waiting) > 1 else "。"),
            en=f"{wish.service} "
            + ("is stopped from the dump of its database until the new release has started" if stands_still else "is restarted once, some seconds")
            + ("; the hosts follow in batches." if len(waiting) > 1 else "."),
        ),
        risk=_risk(wish, medium, down),
        back_out=Text(
            zh="任一步骤失败或验收不通过时自动回退:current 指回原版本,"
            + ("恢复迁移前的数据库备份," if stands_still else "执行开发商的迁移回退命令," if wish.migrate else "")
            + "重启服务并确认健康"
            + ("（变更前已异常的主机恢复到原来的状态即可）。" if down else "。"),
            en="By itself when a step fails or the acceptance is not met: current leads to the old release again, "
            + (
                "the database is restored from the dump, "
                if stands_still
                else "the vendor's command takes the migration back, "
                if wish.migrate
                else ""
            )
            + "the service is restarted and seen to be healthy"
            + ("; where it was down before, it is left as it was." if down else "."),
        ),
        blockers=tuple(blockers),
        untested=(
            Text(
                zh="模拟环境网络封闭,应用与外部系统的接口未经测试",
                en="the simulated copy has no network: the application's links to other systems",
            ),
        ),
    )
    return held_up(made)


def _references(line: str) -> tuple[str, ...]:
    """CVE numbers and bug numbers in a line of release notes."""
    return tuple(dict.fromkeys(re.findall(r"CVE-\d{4}-\d{4,}|#\d+", line)))


def _acceptance(host: str, wish: ReleaseMedia, given: Sequence[Acceptance]) -> tuple[Acceptance, ...]:
    """The host's own checks, and the release's health address if none of them asks it."""
    if any(wish.health in check.command for check in given):
        return tuple(given)
    return (
        *given,
        Acceptance(
            target=host,
            title=Text(zh=f"{wish.service} 健康", en=f"{wish.service} is healthy"),
            command=f"curl -fsS --noproxy '*' --max-time 5 {release.fill('@address@', address=wish.health)}",
        ),
    )
