"""The plan for upgrading packages, middleware or a database's minor version (R013, R173, R177).

Pure: request, surveys and facts in, plan out. The facts come from `facts_script` and `parse_facts`, the second read-only
round trip.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from reports.records import Acceptance, FileSystem, Medium, Plan, Risk, Step, Survey, Text, VersionChange
from tasks.errors import ProcedureError
from tasks.operations import configuration, database, disk_space, package, service, update_timers
from tasks.operations.package import PackageChange, PackageFile
from tasks.planning import changelogs
from tasks.planning.package_facts import DATABASE, Asked, Coming, PackageFacts, facts_script, parse_facts
from tasks.planning.roll_out import batches_of, held_up, require_surveyed, window_blockers, window_of
from tasks.requests import UpgradeRequest

PROCEDURE = "software-upgrade"
MARGIN_KIB = 32 * 1024  # on each file system that receives files, beside what is counted
MEDIA = "/var/lib"  # the change's folder lies below
RESERVE_LEAST_KIB = 16 * 1024
CLOCK_OFF_S = 5.0  # more than that is told
NAMED_AT_MOST = 6  # names in one sentence

# Effective only after a restart of the machine, which no simulated copy has and this plan does not do.
_NEEDS_MACHINE = re.compile(
    r"^(linux-(image|headers|modules|base)|initramfs-tools|dracut|grub|shim|systemd-boot|firmware-|.*-microcode$|"
    r"dkms$|.*-dkms$|kexec-tools|fwupd|secureboot)"
)
_CORE = re.compile(r"^(libc6|libc-bin|systemd|libsystemd0|udev|dpkg|apt|openssh-server|libpam.*|init|dbus|sudo)$")
_SERVER = re.compile(r"^postgresql-[0-9]+$")
_RELOADED = {"nginx": r"^(nginx(-.*)?|libnginx-mod-.*)$", "apache2": r"^apache2(-.*)?$", "haproxy": r"^haproxy$"}


def plan_packages(
    number: str,
    request: UpgradeRequest,
    surveys: Mapping[str, Survey],
    facts: Mapping[str, PackageFacts],
    watched: Mapping[str, Sequence[str]],
    acceptance: Mapping[str, Sequence[Acceptance]],
    plan_at: datetime,
) -> Plan:
    """The plan that brings the asked packages of the request's hosts to their new versions.

    surveys, watched, acceptance: by host. facts: by host, for hosts with apt. plan_at: the moment of planning, for window
    and lock. A host that is up to date gets no step; with no step and no blocker the plan says "nothing to do".
    With a blocker there are no steps.

    Raises:
        ProcedureError: a host was not surveyed, or no facts were read of a host with apt.
    """
    hosts = tuple(dict.fromkeys(request.hosts))
    blockers = _common_blockers(request, plan_at)
    waiting: list[str] = []
    require_surveyed(hosts, surveys)
    for host in hosts:
        survey = surveys[host]
        if survey.package_manager != "apt":
            blockers.append(_no_apt(survey))
            continue
        if host not in facts:
            raise ProcedureError(f"no package facts were read of host {host}; read them before planning",
                                 f"尚未读取主机 {host} 的软件包信息，不能编制方案")
        if blocking := _blockers_of(number, request, survey, facts[host], plan_at):
            blockers += blocking
        elif facts[host].coming:
            waiting.append(host)
    coming = {host: facts[host].coming for host in waiting}
    steps: list[Step] = []
    if not blockers:
        for host in waiting:
            steps += _steps_of(number, len(steps) + 1, request, surveys[host], coming[host], watched.get(host, ()))
    made = Plan(
        change=number,
        procedure=PROCEDURE,
        kind=request.kind,
        customer=request.customer,
        requester=request.requester,
        reason=request.reason,
        title=_title(request, coming),
        targets=hosts,
        batches=batches_of(tuple(waiting) if steps else hosts, request.canaries, request.batch_size),
        facts={host: surveys[host].facts_digest() for host in hosts},
        versions=tuple(
            VersionChange(target=host, name=c.name, before=c.before, after=c.after, size=c.installed_kib * 1024)
            for host in waiting
            for c in coming[host]
        ),
        improvements=changelogs.merge(
            changelogs.improvements(log.source, log.text, installed=log.before, complete=log.complete)
            for host in waiting
            for log in facts[host].changelogs
        ),
        media=_media(coming),
        steps=tuple(steps),
        acceptance=tuple(check for host in hosts for check in acceptance.get(host, ())),
        window=window_of(request, plan_at),
        impact=_impact(waiting, facts, coming),
        risk=_risk(surveys, facts, coming),
        back_out=Text(
            zh="任一步骤失败或验收不通过时,由流程自动回退:用事先保存在主机上的旧版本软件包恢复,"
            "不依赖软件源;恢复配置文件、服务状态,并与升级前逐项比对。升级后写入的数据保留。",
            en="By itself when a step fails or the acceptance is not met: the old packages, kept on the host "
            "before, are put back without any package source, then the configuration and the services, and all is compared "
            "with the state before. Data written since stays.",
        ),
        blockers=tuple(blockers),
        untested=_untested(coming),
    )
    return held_up(made)


# --- what stands in the way -----------------------------------------------------------------------------------------------


def _common_blockers(request: UpgradeRequest, plan_at: datetime) -> list[Text]:
    found = window_blockers(request, plan_at)
    if request.scope == "listed" and not any(name.strip() for name in request.packages):
        found.append(
            Text(
                zh="选择了“指定软件包”,但没有列出任何软件包,请填写。",
                en="The scope is “listed”, but no package is listed; list them.",
            )
        )
    return found


def _no_apt(survey: Survey) -> Text:
    manager = survey.package_manager
    if manager == "unknown":
        return Text(
            zh=f"{survey.target}:未找到受支持的软件包管理器(apt),暂不能升级该主机。",
            en=f"{survey.target} has no package manager that is supported (apt); it is refused for now.",
        )
    return Text(
        zh=f"{survey.target}:使用 {manager} 管理软件包,目前仅支持 apt,暂不能升级该主机。",
        en=f"{survey.target} keeps its packages with {manager}; only apt is supported, so it is refused for now.",
    )


def _blockers_of(number: str, request: UpgradeRequest, survey: Survey, facts: PackageFacts, plan_at: datetime) -> list[Text]:
    host, found = survey.target, []
    if facts.sources_problem:
        return [
            Text(
                zh=f"{host}:无法读取软件源({facts.sources_problem}),请先恢复软件源。",
                en=f"{host}: its package sources cannot be read ({facts.sources_problem}); repair them first.",
            )
        ]
    broken = tuple(p.name for p in survey.packages if p.state[1:] not in ("i", "c"))
    if (survey.package_faults or broken) and (facts.coming or facts.apt_problem):
        what = _some(broken, "en") if broken else survey.package_faults[0]
        return [
            Text(
                zh=f"{host}:软件包状态不完整({what}),请先修复(dpkg --configure -a)。",
                en=f"{host}: packages are half installed ({what}); repair that first, for example with dpkg --configure -a.",
            )
        ]
    found += [blocker for asked in facts.asked if (blocker := _about_asked(host, asked))]
    if facts.apt_problem and not found:
        found.append(
            Text(
                zh=f"{host}:apt 无法完成所要求的升级({facts.apt_problem})。",
                en=f"{host}: apt cannot do this upgrade ({facts.apt_problem}).",
            )
        )
    if facts.removals:
        found.append(
            Text(
                zh=f"{host}:升级须卸载 {_some(facts.removals, 'zh')},不予执行;请缩小升级范围。",
                en=f"{host}: the upgrade would remove {_some(facts.removals, 'en')}, which is refused; ask for less.",
            )
        )
    if found or not facts.coming:
        return found
    # only a host that will be changed has to be fit for it
    unsigned = tuple(c.name for c in facts.coming if not c.signed_by)
    if unsigned:
        found.append(
            Text(
                zh=f"{host}:{_some(unsigned, 'zh')} 的软件源没有有效签名,无法确认来源。",
                en=f"{host}: nobody's signature vouches for {_some(unsigned, 'en')}; use a signed package source.",
            )
        )
    unknown = tuple(c.name for c in facts.coming if not c.new.sha256 or not c.new.uri)
    if unknown and not unsigned:
        found.append(
            Text(
                zh=f"{host}:软件源没有给出 {_some(unknown, 'zh')} 的地址或 SHA-256 校验和。",
                en=f"{host}: the package source gives no address or no SHA-256 of {_some(unknown, 'en')}.",
            )
        )
    for mount, (needed, free) in _short_of_room(survey, facts.coming).items():
        found.append(
            Text(
                zh=f"{host}:文件系统 {mount} 剩余 {free} KiB,升级与回退约需 {needed} KiB,请先腾出空间。",
                en=f"{host}: the file system {mount} has {free} KiB free, upgrade and back-out need about {needed} KiB; "
                "make room first.",
            )
        )
    for health in survey.health:
        if not health.ok:
            found.append(
                Text(
                    zh=f"{host}:升级前验收检查“{health.title.zh}”已不通过({_line(health.detail.zh)}),请先排除故障。",
                    en=f"{host}: the check “{health.title.en}” fails before anything is changed ({_line(health.detail.en)}); "
                    "repair that first.",
                )
            )
    if request.kind == "database" and not any(c.running for c in survey.clusters):
        found.append(
            Text(
                zh=f"{host}:没有正在运行的 PostgreSQL 服务器,无法先行备份。",
                en=f"{host}: no PostgreSQL server runs there, so no dump can be made first; start it.",
            )
        )
    if holder := _held_by_other(survey.lock, number, plan_at):
        found.append(
            Text(
                zh=f"{host}:正在被变更 {holder} 占用,请待其结束。",
                en=f"{host} is being changed by {holder}; wait until that has ended.",
            )
        )
    return found


def _about_asked(host: str, asked: Asked) -> Text | None:
    name, version = asked.name, asked.version
    match asked.problem:
        case "unknown":
            return Text(
                zh=f"{host}:没有名为 {name} 的软件包,请核对名称。",
                en=f"{host}: there is no package named {name}; check the name.",
            )
        case "not installed":
            return Text(
                zh=f"{host}:软件包 {name} 未安装,升级流程不做新装。",
                en=f"{host}: {name} is not installed; an upgrade does not install anew.",
            )
        case "no such version":
            return Text(
                zh=f"{host}:软件源中没有 {name} 的版本 {version},可用的是 {asked.candidate}。",
                en=f"{host}: there is no version {version} of {name}; its sources offer {asked.candidate}.",
            )
        case "downgrade":
            return Text(
                zh=f"{host}:{name} 现为 {asked.installed},所要求的 {version} 更旧,升级流程不做降级;要回到旧版本,请回退那次变更。",
                en=f"{host}: {name} is at {asked.installed}, and {version} is older; an upgrade does not go back: "
                "back that change out.",
            )
        case "held":
            return Text(
                zh=f"{host}:{name} 被管理员锁定在当前版本(hold),请先确认并解除锁定。",
                en=f"{host}: {name} is on hold, set by its administrator; have the hold lifted first.",
            )
        case _:
            return None


def _held_by_other(lock: str, number: str, plan_at: datetime) -> str:
    held = dict(line.split("=", 1) for line in lock.splitlines() if "=" in line)
    holder = held.get("change", lock.splitlines()[0] if lock else "")
    expires = held.get("expires", "")
    if not holder or holder == number or (expires.isdigit() and int(expires) < plan_at.timestamp()):
        return ""
    return holder


# --- room -----------------------------------------------------------------------------------------------------------------


def _holding(survey: Survey, path: str) -> FileSystem:
    """The file system that holds `path`."""
    under = [fs for fs in survey.file_systems if path == fs.mount or path.startswith(fs.mount.rstrip("/") + "/")]
    return max(under, key=lambda fs: len(fs.mount))


def _below_usr(survey: Survey) -> list[str]:
    """File systems of their own within /usr: packages' files go there too."""
    return [fs.mount for fs in survey.file_systems if fs.mount.startswith("/usr/")]


def _kib(size: int) -> int:
    return math.ceil(size / 1024)


def _reserve_kib(survey: Survey, coming: Sequence[Coming]) -> dict[str, int]:
    """Path -> KiB set aside on its file system: what a back-out writes there at most."""
    # dpkg writes a package's files beside the old ones before it takes these away, one package after the other
    largest_package = max([RESERVE_LEAST_KIB, *(c.installed_kib_before for c in coming)])
    wanted = {
        "/usr": max(RESERVE_LEAST_KIB, sum(c.installed_kib_before for c in coming)),
        MEDIA: RESERVE_LEAST_KIB,
        "/etc": RESERVE_LEAST_KIB,
        **dict.fromkeys(_below_usr(survey), largest_package),
    }
    if any(_NEEDS_MACHINE.match(c.name) for c in coming):
        wanted["/boot"] = max(RESERVE_LEAST_KIB, sum(c.installed_kib_before for c in coming if _NEEDS_MACHINE.match(c.name)) // 4)
    largest: dict[str, tuple[str, int]] = {}
    for path, kib in wanted.items():
        mount = _holding(survey, path).mount
        if mount not in largest or largest[mount][1] < kib:
            largest[mount] = (path, kib)
    return dict(largest.values())


def _room_kib(survey: Survey, coming: Sequence[Coming]) -> dict[str, int]:
    """Path -> KiB that must be free on its file system: packages' files, what they grow by, the reserve, a margin."""
    staged = sum(_kib(c.new.size) + (_kib(c.old.size) or c.installed_kib_before if c.old else 0) for c in coming)
    growth = max((c.installed_kib for c in coming), default=0) + sum(
        max(0, c.installed_kib - c.installed_kib_before) for c in coming
    )
    needed: dict[str, tuple[str, int]] = {}

    def add(path: str, kib: int) -> None:
        mount = _holding(survey, path).mount
        first, before = needed.get(mount, (path, MARGIN_KIB))
        needed[mount] = (first, before + kib)

    add("/usr", growth)
    add(MEDIA, staged)
    add("/etc", 0)
    for mount in _below_usr(survey):
        add(mount, growth)
    for path, kib in _reserve_kib(survey, coming).items():
        add(path, kib)
    return dict(needed.values())


def _short_of_room(survey: Survey, coming: Sequence[Coming]) -> dict[str, tuple[int, int]]:
    """Mount -> (needed, free) in KiB, where there is not enough."""
    found = {}
    for path, needed in _room_kib(survey, coming).items():
        holding = _holding(survey, path)
        if holding.free_kib < needed:
            found[holding.mount] = (needed, holding.free_kib)
    return found


# --- the steps ------------------------------------------------------------------------------------------------------------


def _changes(coming: Sequence[Coming]) -> list[PackageChange]:
    def file(f) -> PackageFile:
        return PackageFile(name=f.name, uri=f.uri, sha256=f.sha256, size=f.size)

    return [
        PackageChange(name=c.name, before=c.before, after=c.after, new=file(c.new), old=file(c.old) if c.old else None)
        for c in coming
    ]


def _tested(survey: Survey) -> list[str]:
    """The running services whose configuration can be tested."""
    names = [s.name for s in survey.services if s.active == "active"]
    if any(name.startswith("postgresql@") for name in names):
        names = [name for name in names if name != "postgresql.service"]
    return [name for name in names if service.config_test(name)]


def _reloaded(survey: Survey, coming: Sequence[Coming]) -> list[str]:
    """Middleware that reads its configuration again after the upgrade; Tomcat does that only by the restart it has had."""
    running = {s.name for s in survey.services if s.active == "active"}
    return [
        name
        for name, packages in _RELOADED.items()
        if f"{name}.service" in running and any(re.match(packages, c.name) for c in coming)
    ]


def _touches_database(survey: Survey, coming: Sequence[Coming]) -> bool:
    return any(_SERVER.match(c.name) for c in coming) and any(c.running for c in survey.clusters)


def _steps_of(
    change: str, first: int, request: UpgradeRequest, survey: Survey, coming: Sequence[Coming], trees: Sequence[str]
) -> list[Step]:
    host, changes, tested = survey.target, _changes(coming), _tested(survey)
    reserve = _reserve_kib(survey, coming)
    with_database = _touches_database(survey, coming)
    steps = [
        package.check_before_step(host, _room_kib(survey, coming), tested),
        update_timers.pause_step(host),
        package.stage_step(host, changes),
        disk_space.reserve_step(host, change, reserve),
        configuration.save_step(host, trees),
    ]
    if with_database:
        steps.append(database.dump_step(0, host, [], clusters=survey.clusters))
    steps += [
        package.upgrade_step(host, change, changes, trees, reserve),
        package.restart_step(host),
    ]
    if request.kind == "middleware" and (reloaded := _reloaded(survey, coming)):
        steps.append(package.reload_step(host, reloaded))
    if with_database:
        steps.append(database.data_check_step(0, host, clusters=survey.clusters))
    steps += [
        package.check_after_step(host, changes, tested),
        disk_space.release_reserve_step(host, change, reserve),
        update_timers.resume_step(host),
    ]
    return [step.model_copy(update={"number": first + place}) for place, step in enumerate(steps)]


KEPT_THERE = Text(
    zh="保留在主机上：取自 apt 的下载目录，或由已安装的文件重新打包；没有厂商签名",
    en="kept on the host itself: apt's archive, or rebuilt from the installed files; no vendor's signature",
)


def _chain(signed_by: str) -> Text:
    return Text(
        zh=f"{signed_by or '无人签名'}；校验链 InRelease > Packages > 文件", en=f"{signed_by or 'nobody'}; chain InRelease > Packages > file"
    )


def _media(coming: Mapping[str, Sequence[Coming]]) -> tuple[Medium, ...]:
    """The package files; one that every changed host takes from the same address is listed once."""
    files: dict[tuple[str, str, str, str], list[tuple[str, Medium]]] = {}
    for host, packages in coming.items():
        for c in packages:
            sides = [("new", c.new, _chain(c.signed_by))]
            if c.old:
                sides.append(("old", c.old, _chain(c.old_signed_by) if c.old.sha256 else KEPT_THERE))
            for role, file, signature in sides:
                medium = Medium(
                    name=file.name,
                    target=host,
                    source=file.uri or f"{host} itself",
                    size=file.size,
                    sha256=file.sha256,
                    signature=signature,
                    delivered="by the target",
                    role=role,
                )  # type: ignore[arg-type]
                files.setdefault((role, file.name, file.uri, file.sha256), []).append((host, medium))
    found = []
    for (_, _, uri, _), places in files.items():
        everywhere = len(coming) > 1 and uri and {host for host, _ in places} == set(coming)
        found += [places[0][1].model_copy(update={"target": ""})] if everywhere else [medium for _, medium in places]
    return tuple(found)


# --- words ----------------------------------------------------------------------------------------------------------------


def _some(names: Sequence[str], language: str) -> str:
    shown = ("、" if language == "zh" else ", ").join(names[:NAMED_AT_MOST])
    more = len(names) - NAMED_AT_MOST
    return shown + ("" if more <= 0 else f" 等 {len(names)} 个" if language == "zh" else f" and {more} more")


def _line(text: str) -> str:
    return (text.strip().splitlines() or ["-"])[-1][:160]


def _title(request: UpgradeRequest, coming: Mapping[str, Sequence[Coming]]) -> Text:
    what = {
        "packages": ("操作系统软件包", "operating-system packages"),
        "middleware": ("中间件", "middleware"),
        "database": ("PostgreSQL", "PostgreSQL"),
    }[request.kind]
    scope = {
        "security": ("安全更新", "security updates"),
        "listed": ("指定软件包", "listed packages"),
        "everything": ("全部更新", "all updates"),
    }
    zh, en = scope[request.scope]
    hosts = len(coming) or len(request.hosts)
    return Text(
        zh=f"升级 {hosts} 台主机的{what[0]}({zh})", en=f"Upgrade {what[1]} on {hosts} host{'s' if hosts != 1 else ''} ({en})"
    )


def _impact(waiting: Sequence[str], facts: Mapping[str, PackageFacts], coming: Mapping[str, Sequence[Coming]]) -> Text:
    if not waiting:
        return Text(zh="没有需要升级的软件包,不影响业务。", en="There is nothing to upgrade; nobody notices anything.")
    services = sorted({name.removesuffix(".service") for host in waiting for name in facts[host].services})
    packages = sum(len(coming[host]) for host in waiting)
    if not services:
        return Text(
            zh=f"共升级 {packages} 个软件包;没有正在运行的服务使用这些文件,预计不中断业务。",
            en=f"{packages} packages are upgraded; no running service uses their files, so no interruption is expected.",
        )
    in_turn = len(waiting) > 1
    return Text(
        zh=f"共升级 {packages} 个软件包;下列服务会重启,各中断数秒:{'、'.join(services)}。" + ("各批主机依次进行。" if in_turn else ""),
        en=f"{packages} packages are upgraded; these services restart, some seconds each: {', '.join(services)}."
        + (" The hosts follow in batches." if in_turn else ""),
    )


def _upstream(name: str, version: str) -> str:
    """The part of the version that stays the same over repairs: 3.2 of 1:3.2.7-1+deb12u2, 15 of PostgreSQL's 15.18-0+deb12u1."""
    bare = version.partition(":")[2] or version
    return ".".join(re.findall(r"\d+", bare.rpartition("-")[0] or bare)[: 1 if re.match(DATABASE, name) else 2])


def _risk(surveys: Mapping[str, Survey], facts: Mapping[str, PackageFacts], coming: Mapping[str, Sequence[Coming]]) -> Risk:
    level, reasons = 0, []

    def add(weight: int, zh: str, en: str) -> None:
        nonlocal level
        level = max(level, weight)
        reasons.append(Text(zh=zh, en=en))

    every = {c.name: c for packages in coming.values() for c in packages}
    if machine := sorted(name for name in every if _NEEDS_MACHINE.match(name)):
        add(
            2,
            f"内核或引导相关的软件包({_some(machine, 'zh')})在模拟环境中无法测试",
            f"kernel or boot packages ({_some(machine, 'en')}) cannot be rehearsed",
        )
    if core := sorted(name for name in every if _CORE.match(name)):
        add(1, f"系统基础组件升级:{_some(core, 'zh')}", f"base components of the system change: {_some(core, 'en')}")
    if any(_touches_database(surveys[host], packages) for host, packages in coming.items()):
        add(
            1,
            "数据库服务器升级小版本并重启;升级前备份并验证可恢复",
            "the database server's minor version changes and it restarts; a proven dump is taken before",
        )
    if jumps := sorted(c.name for c in every.values() if c.before and _upstream(c.name, c.before) != _upstream(c.name, c.after)):
        add(
            1,
            f"新的上游版本,可能带来功能变化:{_some(jumps, 'zh')}",
            f"new upstream versions may behave differently: {_some(jumps, 'en')}",
        )
    if added := sorted(c.name for c in every.values() if not c.before):
        add(0, f"新增依赖软件包:{_some(added, 'zh')}", f"packages that come as new dependencies: {_some(added, 'en')}")
    if rebuilt := sorted({c.name for c in every.values() if c.old and not c.old.sha256}):
        add(
            1,
            f"旧版本已不在软件源,由主机上的缓存或已安装文件重建:{_some(rebuilt, 'zh')};回退后其中改动过的配置会被视为厂商原样",
            f"the sources have the old version no more: {_some(rebuilt, 'en')} is kept from the host itself; after a back-out "
            "its edited configuration files count as the vendor's",
        )
    held = sorted({name for host in coming for name in facts[host].held})
    if held:
        add(0, f"被锁定(hold)而不升级:{_some(held, 'zh')}", f"on hold and left as they are: {_some(held, 'en')}")
    kept = sorted({name for host in coming for name in facts[host].kept_back})
    if kept:
        add(
            0,
            f"apt 认为须变更更多而保留:{_some(kept, 'zh')}",
            f"kept back by apt, which would have to change more: {_some(kept, 'en')}",
        )
    off = [f"{host} {surveys[host].clock_offset_s:+.0f} s" for host in coming if abs(surveys[host].clock_offset_s) > CLOCK_OFF_S]
    if off:
        add(0, f"主机时钟偏差较大:{_some(off, 'zh')}", f"clocks are off: {_some(off, 'en')}")
    failed = sorted({f"{host} {s.name}" for host in coming for s in surveys[host].services if s.active == "failed"})
    if failed:
        add(1, f"升级前已处于失败状态的服务:{_some(failed, 'zh')}", f"services that have failed already: {_some(failed, 'en')}")
    if not reasons:
        add(0, "均为同一上游版本的修订更新,可自动回退", "revisions of the same upstream versions only, undone by themselves")
    return Risk(level=("low", "medium", "high")[level], reasons=tuple(reasons))  # type: ignore[arg-type]


def _untested(coming: Mapping[str, Sequence[Coming]]) -> tuple[Text, ...]:
    if not coming:
        return ()
    found = []
    machine = sorted({c.name for packages in coming.values() for c in packages if _NEEDS_MACHINE.match(c.name)})
    if machine:
        found.append(
            Text(
                zh=f"内核、引导与固件({_some(machine, 'zh')}):模拟环境无法测试,且在主机重启后才生效,本次不重启主机",
                en=f"kernel, boot loader and firmware ({_some(machine, 'en')}): a simulated copy cannot show them; they take "
                "effect when the machine restarts, which this change does not do",
            )
        )
    found.append(
        Text(zh="模拟环境网络封闭,与外部系统的接口未经测试", en="the simulated copy has no network: links to other systems")
    )
    return tuple(found)


__all__ = ["PackageFacts", "facts_script", "parse_facts", "plan_packages"]
