"""A service moved to another host with its data: request, surveys and facts of both hosts in, plan out. Pure.

The order is what makes it safe: everything that can fail without harm comes first; then, with users noticing, the old host is fenced, the
new one opened, the front door turned; then it is compared. See docs/system-migration.md and docs/decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from shlex import quote

from reports.records import Acceptance, Plan, Risk, Step, Survey, Text, VersionChange
from tasks.operations import front_door, moved_base, moved_files
from tasks.operations.moved_service import MovedDatabase, MovedService
from tasks.operations.peer_access import Way
from tasks.operations.service import wait_steady
from tasks.planning.migration_facts import Facts
from tasks.planning.moving_servers import server_of
from tasks.planning.roll_out import held_up, window_blockers, window_of
from tasks.requests import FrontDoor, MigrationRequest

SKEW_S = 5.0
NEAR_PORTS = range(320, 384)  # the loopback ports that are tried for the way between the hosts: root's alone, and nobody's by name
HOUR_S = 3600
SPARE_KIB = 262_144  # for the WAL that is written while the copy is made
PATIENCE_S = 60  # how long the new host may be out of reach in the cutover before the old one is to serve again
PROVED = Text(zh="结果验证通过", en="its proof holds")
# Where a host's own nature lies: carried over, the new host would be somebody else, or nobody could get in.
NEVER_CARRIED = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/fstab", "/etc/hostname", "/etc/hosts", "/etc/network", "/etc/netplan",
                 "/etc/ssh", "/etc/machine-id", "/etc/sudoers", "/etc/sudoers.d", "/etc/pam.d", "/var/lib/standfast", "/var/lib/dpkg", "/usr/bin", "/usr/lib",
                 "/usr/sbin", "/boot/grub", "/etc/apt")


@dataclass(frozen=True)
class Moves:
    """What moves, as both hosts are asked for it."""

    asked: dict
    packages: tuple[str, ...]
    request: MigrationRequest

    def wished(self, old: Facts) -> list[str]:
        """What apt is asked on the new host: the old host's versions, and rsync at whatever version there is."""
        return ["rsync", *(f"{name}={old.packages[name]}" for name in self.packages if name in old.packages), *self.tools(old)]

    def missing(self, old: Facts) -> list[str]:
        """What apt is asked on the old host: what the move itself needs and is not there."""
        return [*([] if old.rsync else ["rsync"]), *self.tools(old)]

    def tools(self, old: Facts) -> list[str]:
        server = server_of(self.request)
        return server.tools(old) if server else []

    def place(self, old: Facts) -> str:
        """The folder on the new host that needs the room."""
        server = server_of(self.request)
        return server.place(old) if server else ""


def what_moves(request: MigrationRequest) -> Moves:
    server = server_of(request)
    packages = tuple(dict.fromkeys([*(wish.partition("=")[0] for wish in request.packages), *(server.packages if server else ())]))
    asked = {"packages": (*packages, *(server.tool_packages if server else ())), "accounts": request.accounts,
             "paths": [*paths_of(request), *_unit_files(request)], "units": [*request.services, *request.ahead], **(server.asked if server else {})}
    return Moves(asked, packages, request)


def paths_of(request: MigrationRequest) -> list[str]:
    """All that is carried as files, in the order given."""
    server = server_of(request)
    return list(dict.fromkeys([*request.configuration, *(server.paths if server else ()), *request.data]))


def at_old(request: MigrationRequest) -> bool:
    """Whether the old host has the front door."""
    return request.front_door is not None and request.front_door.host in ("", request.source)


def _unit_files(request: MigrationRequest) -> list[str]:
    return [f"/etc/systemd/system/{unit}" for unit in [*request.services, *request.ahead]]


def plan_migration(number: str, request: MigrationRequest, surveys: dict[str, Survey], old: Facts, new: Facts, users: tuple[str, str],
                   acceptances: tuple[Sequence[Acceptance], Sequence[Acceptance]], plan_at: datetime, ways: Mapping[str, str] | None = None) -> Plan:
    """old, new: what the facts' script told of either host. users: the accounts that log in there. ways: where all hosts are for each other."""
    blockers = [*window_blockers(request, plan_at), *_blockers(request, surveys, old, new)]
    door = request.front_door and (request.front_door.host or request.source)
    steps = [] if blockers else _Steps(number, request, surveys, old, new, users).all()
    health = Acceptance(target=request.destination, title=Text(zh="新主机上的服务应答", en="The service answers on the new host"),
                        command=f"curl -fsS --noproxy '*' --max-time 5 {quote(request.health)}")
    installs = [*((request.source, one) for one in _tools(request, old)), *((request.destination, one) for one in new.installs)]
    made = Plan(
        change=number, procedure="system-migration", kind="migration", customer=request.customer, requester=request.requester, reason=request.reason,
        title=Text(zh=f"将 {'、'.join(request.services)} 从 {request.source} 迁移到 {request.destination}",
                   en=f"Move {', '.join(request.services)} from {request.source} to {request.destination}"),
        targets=tuple(request.hosts), batches=(tuple(request.hosts),), facts={name: survey.facts_digest() for name, survey in surveys.items()},
        versions=tuple(VersionChange(target=host, name=name, before="", after=version) for host, (name, version, _) in installs),
        improvements=(), media=(), steps=tuple(steps), in_order=True, ways=dict(ways or {}),
        acceptance=(*(acceptances[0] if door == request.source else ()), *acceptances[1], health),
        window=window_of(request, plan_at), impact=_impact(request, ways or {}), risk=_risk(request, surveys, old, new),
        back_out=_way_back(request, old),
        blockers=tuple(blockers),
        untested=(Text(zh="副本之间的网络速度、真实负载下的复制延迟；演练测得的停机时间不含网络差异",
                       en="the speed of the real network and replication under the real load; the downtime was measured without them"),
                  *(Text(zh=f"由人员执行：{what}", en=f"done by people: {what}") for what in request.afterwards)))
    return held_up(made)


def _tools(request: MigrationRequest, old: Facts) -> tuple[tuple[str, str, str], ...]:
    return old.installs if what_moves(request).missing(old) else ()


def _impact(request: MigrationRequest, ways: Mapping[str, str]) -> Text:
    zh = "数据在服务运行时复制；仅在隔离旧主机、开启新主机和切换入口期间拒绝请求，时长见演练实测。"
    en = ("Data are copied while the service runs. Requests are refused only while the old host is fenced, the new one opened and the front door turned; "
          "the rehearsal measured for how long.")
    if ways:
        zh += "数据经 SSH 在主机之间直接传输，地址为：" + "；".join(f"{name} {way}" for name, way in ways.items()) + "。"
        en += " The data go straight from host to host by SSH, at these addresses: " + "; ".join(f"{name} {way}" for name, way in ways.items()) + "."
    if not request.front_door:
        zh += "入口由人员切换，切换之前用户无法使用。"
        en += " People switch the traffic; until then users cannot work."
    if request.afterwards:
        zh += "此后由人员执行：" + "；".join(request.afterwards) + "。"
        en += " Afterwards people do: " + "; ".join(request.afterwards) + "."
    return Text(zh=zh, en=en)


def _way_back(request: MigrationRequest, old: Facts) -> Text:
    zh = "任一步骤或验收检查失败即按相反顺序回退；结束之后也可凭批准回退。"
    en = "The first failure of a step or an acceptance check backs it out in the opposite order; it can be backed out later, too, with an approval. "
    server = server_of(request)
    if server is None:
        return Text(zh=zh + "切换之后写入新主机“数据文件”的内容随回退带回旧主机。",
                    en=en + "What was written to the data files on the new host since the cutover comes back with it.")
    bound = server.bound_of_way_back(old)
    return Text(
        zh=zh + f"切换之后写入新主机的数据库数据与“数据文件”随回退带回旧主机，{bound.zh}；此后不再有保留数据的回退途径，回退会在改动任何内容之前停止。",
        en=en + f"What was written to the database and the data files on the new host since the cutover comes back with it, {bound.en}. "
                "Beyond that there is no way back that keeps these data, and a back-out stops before it touches anything.")


def _risk(request: MigrationRequest, surveys: dict[str, Survey], old: Facts, new: Facts) -> Risk:
    reasons = [Text(zh="旧主机被隔离但保持完整，任何时刻只有一台主机可写", en="the old host is fenced and stays whole; at no moment may both hosts write")]
    skew = _skew(request, surveys)
    if skew > SKEW_S:
        reasons.append(Text(zh=f"两台主机时钟相差 {skew:.0f} 秒；迁移本身不依赖时钟，但应用写入的时间会跳变",
                            en=f"the hosts' clocks differ by {skew:.0f} s; the migration relies on no clock, but the times that applications write will jump"))
    if server := server_of(request):
        reasons += server.reasons(request.source, old, new)
    return Risk(level="high" if len(reasons) > 1 else "medium", reasons=tuple(reasons))


def _skew(request: MigrationRequest, surveys: dict[str, Survey]) -> float:
    return abs(surveys[request.source].clock_offset_s - surveys[request.destination].clock_offset_s)


def _blockers(request: MigrationRequest, surveys: dict[str, Survey], old: Facts, new: Facts) -> list[Text]:
    """Everything that stands in the way, in sentences."""
    source, target, found = request.source, request.destination, []

    def block(en: str, zh: str) -> None:
        found.append(Text(zh=zh, en=en))

    for name in (source, target):
        if surveys[name].package_manager != "apt":
            block(f"{name} is not a Debian host; only those can be migrated so far.", f"{name} 不是 Debian 系主机，目前无法迁移。")
    if surveys[source].architecture != surveys[target].architecture:
        block("The hosts' architectures differ, so the database cannot be replicated as it is.",
              "两台主机的体系结构不同，数据库无法按原样复制。")
    for path in paths_of(request):
        if path.startswith((*NEVER_CARRIED, "/var/lib/postgresql", "/var/lib/mysql")):
            block(f"{path} belongs to the host itself and is never carried over.", f"{path} 属于主机自身，不可迁移。")
        elif path not in old.paths:
            block(f"{path} is not there on {source}.", f"{source} 上没有 {path}。")
    for unit in request.services:
        if old.units.get(unit, ("",))[0] != "loaded":
            block(f"{source} has no service {unit}.", f"{source} 上没有服务 {unit}。")
        elif old.units[unit][2] != "active":
            block(f"{unit} does not run on {source}; start it, or leave it out.", f"{source} 上的服务 {unit} 未在运行；请先启动，或从申请中删去。")
    for name in request.accounts:
        account = old.accounts.get(name)
        if account is None:
            block(f"{source} has no account {name}.", f"{source} 上没有账号 {name}。")
        elif _taken(name, account.uid, new.people) or _taken(account.main, account.gid, new.groups):
            block(f"On {target} the account {name}, or its number {account.uid}:{account.gid}, is somebody else's.",
                  f"{target} 上账号 {name} 或其编号 {account.uid}:{account.gid} 已被占用。")
        elif missing := [group for group in account.groups if group not in new.groups]:
            block(f"{target} has no group {missing[0]}, to which {name} belongs.",
                  f"{target} 上没有 {name} 所属的组 {missing[0]}。")
    server = server_of(request)
    keyword = server.forwarding if server else "AllowTcpForwarding"
    if not old.forwards:
        block(f"{source}'s sshd forwards no ports ({keyword}), so the hosts have no safe way to each other.",
              f"{source} 的 sshd 不允许端口转发（{keyword}），两台主机之间没有安全通道。")
    if not new.forwards:
        block(f"{target}'s sshd forwards no ports ({keyword}), so there would be no way back.",
              f"{target} 的 sshd 不允许端口转发（{keyword}），将无法回退。")
    for name in what_moves(request).packages:
        if name not in old.packages:
            block(f"{source} has no package {name}.", f"{source} 上没有软件包 {name}。")
    if new.refusal:
        block(f"{target} cannot install what is needed: {new.refusal}.", f"{target} 无法安装所需软件包：{new.refusal}。")
    if (missing := what_moves(request).missing(old)) and old.refusal:
        names = [name.partition("=")[0] for name in missing]
        block(f"{source} cannot install {' and '.join(names)}: {old.refusal}.", f"{source} 无法安装 {'、'.join(names)}：{old.refusal}。")
    for host, installs in ((source, _tools(request, old)), (target, new.installs)):
        if replaced := [name for name, _, before in installs if before]:
            block(f"On {host} this would replace {', '.join(replaced)}; bring the hosts to the same versions first.",
                  f"在 {host} 上会替换 {'、'.join(replaced)}；请先将两台主机升级到相同版本。")
    if server := server_of(request):
        found += server.blockers(source, target, old, new)
    return found + _room_blockers(request, old, new)


def _taken(name: str, number: int, there: dict[str, str]) -> bool:
    """Whether this name has another number on the new host, or this number another name."""
    return there[name] != str(number) if name in there else str(number) in there.values()


def _room_blockers(request: MigrationRequest, old: Facts, new: Facts) -> list[Text]:
    found, target = [], request.destination
    needs, free = dict(old.paths), dict(new.room.values())
    if (server := server_of(request)) and (place := server.place(old)):
        needs[place] = server.size_kib(old) * 6 // 5 + SPARE_KIB
    for mount, kib in free.items():
        needed = sum(needs.get(path, 0) for path, (at, _) in new.room.items() if at == mount)
        if kib < needed:
            found.append(Text(zh=f"{target} 的 {mount} 只有 {kib // 1024} MiB 可用空间，需要 {needed // 1024} MiB。",
                              en=f"{target} has {kib // 1024} MiB free on {mount}, and needs {needed // 1024} MiB."))
    return found


class _Steps:
    """The steps in their order. In each, S is the old host and T the new one."""

    def __init__(self, number: str, request: MigrationRequest, surveys: dict[str, Survey], old: Facts, new: Facts, users: tuple[str, str]) -> None:
        self.request, self.old, self.new = request, old, new
        self.S, self.T = request.source, request.destination
        taken = {port.port for survey in surveys.values() for port in survey.ports}
        near_data, near_files, files = [port for port in NEAR_PORTS if port not in taken][:3]
        self.kind = kind = server_of(request)
        # without a database its port is nobody's; the files' stands for it
        ports = {"data_port": kind.port(old) if kind else files, "files_port": files, "near_data": near_data, "near_files": near_files}
        self.paths = [*paths_of(request), *(path for path in _unit_files(request) if path in old.paths)]
        # by the second pass it leads to the new host, where it stays as the first pass brought it
        self.turned = request.front_door.file if at_old(request) else ""
        sockets = kind.sockets(number, old) if kind else ("", "")
        self.way = there = Way(number, near=self.T, far=self.S, user=users[0], paths=self.paths, socket=sockets[0], **ports)
        self.back = back = Way(number, near=self.S, far=self.T, user=users[1], paths=request.data, socket=sockets[1], **ports)
        self.database = kind and kind.moved(number, old, there=there, back=back)
        self.service: MovedService = self.database or MovedService(number, units=request.services, there=there, back=back)
        self.made: list[Step] = []

    def step(self, key: str, target: str, zh: str, en: str, command: str, proof: str, **more) -> None:
        # A proof of what is there says nothing of what the command did not come to: it also wants the mark that is set at its end.
        mark = f'"$CHANGE_DIR/saved/{key}.done"'
        self.made.append(Step(number=len(self.made) + 1, key=key, target=target, title=Text(zh=zh, en=en), command=f"rm -f {mark}\n{command}\n: >{mark}\n",
                              proof=f"[ -e {mark} ]\n{proof}", **{"expected": PROVED, **more}))

    def all(self) -> list[Step]:
        self._base()
        self._files()
        if self.database:
            self._replica(self.database)
        self._cutover()
        self._compare_and_close()
        return self.made

    def _base(self) -> None:
        S, T, old, new = self.S, self.T, self.old, self.new
        for host, installs, guard in ((S, _tools(self.request, old), self.service.not_fenced()), (T, new.installs, self.service.not_serving())):
            if installs:
                names = [name for name, _, _ in installs]
                brought = host == T and self.kind and self.kind.server_package in names
                drop = self.database.clear_packages() if brought else ""
                self.step("packages-new" if host == T else "packages-old", host, "安装所需软件包", "Install the packages it needs",
                          moved_base.install([(name, version) for name, version, _ in installs]),
                          moved_base.installed([(name, version) for name, version, _ in installs]),
                          undo=guard + drop + moved_base.remove(names), undo_proof=moved_base.removed(names))
        missing = [old.accounts[name] for name in self.request.accounts if name not in new.people]
        if missing:
            self.step("accounts", T, "建立账号，编号与旧主机相同", "Make the accounts, with the old host's numbers", moved_base.make_accounts(missing),
                      moved_base.accounts_made(missing), undo=self.service.not_serving() + moved_base.remove_accounts(missing),
                      undo_proof=moved_base.accounts_gone(missing))

    def _files(self) -> None:
        S, T, way, service = self.S, self.T, self.way, self.service
        self.step("door-open", S, "允许新主机读取：限定来源与端口的临时密钥", "Let the new host read: a temporary key for two ports, from its address only",
                  way.open(), "systemctl is-active " + f"standfast-files-{self._tag()}", undo=service.not_fenced() + way.close() + way.forget(),
                  undo_proof=way.closed())
        self.step("tunnel", T, "建立到旧主机的加密通道", "The way to the old host: an SSH tunnel on the loopback", way.reach() + "reach\n",
                  "systemctl is-active " + f"standfast-tunnel-{self._tag()}", undo=service.not_serving() + way.leave() + self.back.close() + self.back.forget(),
                  undo_proof=self.back.closed() + f"! systemctl is-active -q standfast-tunnel-{self._tag()}\n", changes=False)
        folders = tuple(f"{path}/" for path in self.paths) + tuple(self.paths)
        self.step("files", T, "文件第一遍复制", "Files, first pass, while the service runs", moved_files.first_pass(way, self.paths, self.request.ahead),
                  moved_files.first_pass_proof(self.paths, self.request.ahead),
                  undo=service.not_serving() + moved_files.first_pass_undo(self.paths) + service.start_as_before(),
                  touches=(*folders, *self.request.ahead), time_limit_s=12 * HOUR_S)

    def _replica(self, database: MovedDatabase) -> None:
        S, T, role = self.S, self.T, self.kind.role_title
        self.step("replication", S, role.zh, role.en, database.give(), database.given(), undo=database.not_fenced() + database.take(),
                  undo_proof=database.taken())
        self.step("replica", T, "建立数据库副本", "A replica of the database, from a base backup", database.replicate(), database.replicates(),
                  undo=database.drop_replica(), touches=(database.unit,), time_limit_s=24 * HOUR_S)
        self.step("caught-up", T, "等待副本追上", "The replica has caught up", database.caught_up(), database.replicates(), changes=False,
                  time_limit_s=60 * self.request.catch_up_minutes + 600)

    def _cutover(self) -> None:
        S, T, service, request, door = self.S, self.T, self.service, self.request, self.request.front_door
        server = (self.database.unit, *self.database.fence_touches) if self.database else ()
        self.step("make-ready", S, "旧主机的服务不再随机器启动；将内存中的数据写入磁盘",
                  "The old host's services no longer start with it; memory is written out",
                  moved_base.starts_with_machine(request.services, wanted=False, mark="starts") + service.make_ready(),
                  moved_base.is_enabled(request.services, False), undo=service.not_fenced() + moved_base.starts_as_before("starts") + service.run_services(),
                  touches=tuple(request.services))
        # a front door on the old host turns while that stops, and comes back with it; one on another host has a step of its own
        turn, turned, back, holds = self._turning(door) if door and at_old(request) else ("", "", "", "")
        self.step("fence", S, "隔离旧主机：停止一切写入者" + ("，切换入口" if turn else ""),
                  "Fence the old host: all that writes is stopped for good" + (", the front door turned" if turn else ""),
                  service.fence(turn), service.fenced() + turned, undo=service.come_back(moved_files.copy(self.back, request.data)) + back,
                  undo_proof=service.came_back(), undo_holds=holds, interrupts=True,
                  touches=(*request.services, *server, *((door.file, door.unit) if turn else ())), time_limit_s=600)
        self.step("open", T, "开启新主机：补齐文件，取得服务权，启动应用", "Open the new host: the files' second pass, the turn to serve, applications",
                  service.open(moved_files.copy(self.way, self.paths, self.turned)), service.opened() + wait_steady(request.health, answers=1, within_s=60),
                  undo=service.shut(), undo_holds=service.way_back_is_whole(), interrupts=True, touches=(*request.services, *server[:1]), time_limit_s=1800,
                  patience_s=PATIENCE_S)
        if door and not turn:
            turn, turned, back, holds = self._turning(door)
            self.step("front-door", door.host, "将入口切换到新主机", "Turn the front door to the new host", turn, turned, undo=back, undo_holds=holds,
                      interrupts=True, touches=(door.file, door.unit), time_limit_s=120)

    def _turning(self, door: FrontDoor) -> tuple[str, str, str, str]:
        """Command, proof, undo, and what must hold before an undo on request."""
        address = f'"$CHANGE_DIR/peers/{self.T}/address"'
        return (front_door.turn(door.file, door.now, door.then, door.unit, address), front_door.turned(door.file, door.unit),
                front_door.back(door.file, door.unit), front_door.as_we_left_it(door.file))

    def _compare_and_close(self) -> None:
        S, T, way, service, request = self.S, self.T, self.way, self.service, self.request
        if self.database:
            self.step("digests", S, "读取旧主机数据的行数与摘要", "Read counts and digests of the fenced data, without writing to them",
                      self.database.read_digests(), f"systemctl is-active -q {self.database.unit} && exit 1 || true\n", changes=False,
                      time_limit_s=12 * HOUR_S)
        self.step("compare", T, *(("比对数据库与文件", "Compare database and files") if self.database else ("比对文件", "Compare the files")),
                  service.compare() + moved_files.differing(way, self.paths, '"$CHANGE_DIR/saved/opened"', self.turned), "",
                  changes=False, time_limit_s=12 * HOUR_S)
        self.step("settle", T, "新主机独立运行", "The new host stands alone, and starts with its machine",
                  service.settle() + moved_base.starts_with_machine([*request.services, *request.ahead], wanted=True, mark="starts"),
                  moved_base.is_enabled([*request.services, *request.ahead], True), undo=moved_base.starts_as_before("starts"),
                  touches=(*request.services, *request.ahead))
        self.step("tunnel-closed", T, "拆除通道", "The way to the old host ends", way.leave(), f"! systemctl is-active -q standfast-tunnel-{self._tag()}\n",
                  undo=way.ask() + "true\n", changes=False)
        self.step("door-closed", S, "撤销临时密钥", "The temporary key is taken away", way.close(), way.closed(), undo=way.open(),
                  undo_proof="systemctl is-active " + f"standfast-files-{self._tag()}", changes=False)

    def _tag(self) -> str:
        return self.way.change.lower()
