"""A service moved to another host with its data: request, surveys and facts of both hosts in, plan out. Pure.

The order is what makes it safe: everything that can fail without harm comes first; then, with users noticing, the old host is fenced, the
new one opened, the front door turned; then it is compared. See docs/system-migration.md and docs/decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from shlex import quote

from reports.records import Acceptance, Plan, Step, Survey, Text, VersionChange
from tasks.operations import dns_record, front_door, moved_base, moved_files
from tasks.operations.moved_service import MovedDatabase, MovedService
from tasks.operations.peer_access import HOURS, Way
from tasks.operations.service import wait_steady
from tasks.planning import migration_traffic as traffic
from tasks.planning.migration_facts import Facts
from tasks.planning.migration_words import impact, risk, way_back
from tasks.planning.moving_servers import server_of
from tasks.planning.roll_out import held_up, window_blockers, window_of
from tasks.requests import FrontDoor, MigrationRequest

NEAR_PORTS = range(320, 384)  # the loopback ports that are tried for the way between the hosts: root's alone, and nobody's by name
HOUR_S = 3600
SPARE_KIB = 262_144  # for the WAL that is written while the copy is made
PATIENCE_S = 60  # how long the new host may be out of reach in the cutover before the old one is to serve again
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
                   acceptances: tuple[Sequence[Acceptance], Sequence[Acceptance]], plan_at: datetime, ways: Mapping[str, str] | None = None,
                   zone: Facts | None = None) -> Plan:
    """old, new, zone: what the facts' script told of either host, and of the name server. users: the accounts that log in there. ways: where all hosts
    are for each other."""
    blockers = [*window_blockers(request, plan_at), *_blockers(request, surveys, old, new), *traffic.blockers(request, old, new, zone or Facts())]
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
        window=window_of(request, plan_at), impact=impact(request, old, ways or {}),
        risk=risk(request, surveys, old, new), back_out=way_back(request, old),
        blockers=tuple(blockers),
        untested=(Text(zh="副本之间的网络速度、真实负载下的复制延迟；演练测得的停机时间不含网络差异",
                       en="the speed of the real network and replication under the real load; the downtime was measured without them"),
                  *(Text(zh=f"由人员执行：{what}", en=f"done by people: {what}") for what in request.afterwards)))
    return held_up(made)


def _tools(request: MigrationRequest, old: Facts) -> tuple[tuple[str, str, str], ...]:
    return old.installs if what_moves(request).missing(old) else ()


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

    def step(self, key: str, target: str, zh: str, en: str, command: str, proof: str, expected: Text, **more) -> None:
        # A proof of what is there says nothing of what the command did not come to: it also wants the mark that is set at its end.
        mark = f'"$CHANGE_DIR/saved/{key}.done"'
        self.made.append(Step(number=len(self.made) + 1, key=key, target=target, title=Text(zh=zh, en=en), command=f"rm -f {mark}\n{command}\n: >{mark}\n",
                              proof=f"[ -e {mark} ]\n{proof}", expected=expected, **more))

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
                          Text(zh="“版本变化”所列的软件包均已完整安装，版本一致；安装时未启动任何服务",
                               en="the packages listed under 'Versions' are installed, whole, at these versions; installing them started no service"),
                          undo=guard + drop + moved_base.remove(names), undo_proof=moved_base.removed(names))
        missing = [old.accounts[name] for name in self.request.accounts if name not in new.people]
        if missing:
            self.step("accounts", T, "建立账号，编号与旧主机相同", "Make the accounts, with the old host's numbers", moved_base.make_accounts(missing),
                      moved_base.accounts_made(missing),
                      Text(zh=f"新主机上有账号 {'、'.join(one.name for one in missing)}，用户号和组号与旧主机相同；没有密码，不能凭密码登录",
                           en=f"on the new host are, with the old host's numbers and without a password: {', '.join(one.name for one in missing)}"),
                      undo=self.service.not_serving() + moved_base.remove_accounts(missing),
                      undo_proof=moved_base.accounts_gone(missing))

    def _files(self) -> None:
        S, T, way, service = self.S, self.T, self.way, self.service
        self.step("door-open", S, "允许新主机读取：限定来源与端口的临时密钥", "Let the new host read: a temporary key for two ports, from its address only",
                  way.open(), "systemctl is-active " + f"standfast-files-{self._tag()}",
                  Text(zh=f"凭此临时密钥只能从新主机的地址接入，只能读取本方案所列的文件{'和数据库' if self.database else ''}；{HOURS} 小时后自动失效",
                       en=f"this key gets in from the new host's address only, to nothing but this plan's files{' and database' if self.database else ''}; "
                          f"after {HOURS} hours it is worth nothing"),
                  undo=service.not_fenced() + way.close() + way.forget(), undo_proof=way.closed())
        self.step("tunnel", T, "建立到旧主机的加密通道", "The way to the old host: an SSH tunnel on the loopback", way.reach() + "reach\n",
                  "systemctl is-active " + f"standfast-tunnel-{self._tag()}",
                  Text(zh="新主机经加密通道可读取旧主机；旧主机的身份已按预先登记的主机密钥核对",
                       en="the new host reads from the old one, encrypted, and knows it by its pinned host key"),
                  undo=service.not_serving() + way.leave() + self.back.close() + self.back.forget(),
                  undo_proof=service.not_serving() + self.back.closed() + f"! systemctl is-active -q standfast-tunnel-{self._tag()}\n", changes=False)
        folders = tuple(f"{path}/" for path in self.paths) + tuple(self.paths)
        ahead = self.request.ahead
        self.step("files", T, "文件第一遍复制", "Files, first pass, while the service runs", moved_files.first_pass(way, self.paths, ahead),
                  moved_files.first_pass_proof(self.paths, ahead),
                  Text(zh="所列文件与目录已在新主机上，其原有内容已保存；旧主机照常服务" + (f"；{'、'.join(ahead)} 在新主机上运行" if ahead else ""),
                       en="the files and folders of this plan are on the new host, and what lay there is kept; the old host goes on serving"
                          + (f"; on the new one {', '.join(ahead)} runs" if ahead else "")),
                  undo=service.not_serving() + moved_files.first_pass_undo(self.paths) + service.start_as_before(),
                  touches=(*folders, *ahead), time_limit_s=12 * HOUR_S)

    def _replica(self, database: MovedDatabase) -> None:
        S, T, role = self.S, self.T, self.kind.role_title
        self.step("replication", S, role.zh, role.en, database.give(), database.given(), self.kind.role_expected,
                  undo=database.not_fenced() + database.take(), undo_proof=database.taken())
        self.step("replica", T, "建立数据库副本", "A replica of the database, from a base backup", database.replicate(), database.replicates(),
                  Text(zh="新主机上有完整的数据库副本，只读，随旧主机持续更新；旧主机照常服务",
                       en="the new host has a whole copy of the database, read only, that follows the old one; the old host goes on serving"),
                  undo=database.drop_replica(), touches=(database.unit,), time_limit_s=24 * HOUR_S)
        self.step("caught-up", T, "等待副本追上", "The replica has caught up", database.caught_up(), database.replicates(), self.kind.caught_up_expected,
                  changes=False, time_limit_s=60 * self.request.catch_up_minutes + 600)

    def _cutover(self) -> None:
        S, T, service, request, door = self.S, self.T, self.service, self.request, self.request.front_door
        server = (self.database.unit, *self.database.fence_touches) if self.database else ()
        self.step("make-ready", S, "旧主机的服务不再随机器启动；将内存中的数据写入磁盘",
                  "The old host's services no longer start with it; memory is written out",
                  moved_base.starts_with_machine(request.services, wanted=False, mark="starts") + service.make_ready(),
                  moved_base.is_enabled(request.services, False),
                  Text(zh=f"旧主机重启后不会自行启动 {'、'.join(request.services)}；这些服务此刻仍在运行，用户不受影响",
                       en=f"after a restart the old host would not start {', '.join(request.services)} by itself; now they run, and users notice nothing"),
                  undo=service.not_fenced() + moved_base.starts_as_before("starts") + service.run_services(), touches=tuple(request.services))
        # what leads people to the old host turns while that stops, and comes back with it; what is elsewhere has a step of its own
        here = door if door and at_old(request) else None
        turn, turned, back, holds = self._turning(here) if here else ("", "", "", "")
        if address := request.service_address:
            turn, turned, back, holds = map("".join, zip(traffic.address_leaves(address), (turn, turned, back, holds), strict=True))
        self.step("fence", S, "隔离旧主机：停止一切写入者" + ("，切换入口" if here else "") + ("，撤下服务地址" if address else ""),
                  "Fence the old host: all that writes is stopped for good" + (", the front door turned" if here else "")
                  + (", the service's address taken off" if address else ""),
                  service.fence(turn), service.fenced() + turned,
                  Text(zh=f"旧主机上的 {'、'.join(request.services)}{' 和数据库' if self.database else ' '}已停止，不再接受任何写入；数据原样保留"
                          + ("；入口已指向新主机" if here else "") + (f"；旧主机不再持有地址 {address.address}" if address else ""),
                       en=f"stopped on the old host: {', '.join(request.services)}{', the database' if self.database else ''}; nothing can be written there "
                          "any more, and the data stay as they are" + ("; the front door leads to the new host" if here else "")
                          + (f"; it no longer has the address {address.address}" if address else "")),
                  undo=service.come_back(moved_files.copy(self.back, request.data)) + back, undo_proof=service.came_back(), undo_holds=holds,
                  interrupts=True, time_limit_s=600,
                  touches=(*request.services, *server, *((here.file, here.unit) if here else ()), *((address.file,) if address else ())))
        self.step("open", T, "开启新主机：补齐文件，取得服务权，启动应用", "Open the new host: the files' second pass, the turn to serve, applications",
                  service.open(moved_files.copy(self.way, self.paths, self.turned)), service.opened() + wait_steady(request.health, answers=1, within_s=60),
                  Text(zh=f"新主机已具备旧主机停止前的全部数据和文件，是唯一可写的主机；{'、'.join(request.services)} 已运行，{request.health} 应答正常",
                       en="the new host has all data and files that the old one had when it was stopped, and is the only one that may write; "
                          f"running: {', '.join(request.services)}; {request.health} answers"),
                  undo=service.shut(), undo_holds=service.way_back_is_whole(), interrupts=True, touches=(*request.services, *server[:1]), time_limit_s=1800,
                  patience_s=PATIENCE_S)
        if address:
            command, proof, undo = traffic.address_arrives(address, self.old)
            self.step("address", T, f"新主机接管地址 {address.address}", f"The new host takes the address {address.address}", command, proof,
                      Text(zh=f"新主机持有地址 {address.address}，重启后仍由 {address.file} 设置；邻近设备已收到通告",
                           en=f"the new host has the address {address.address}, and sets it when it starts by {address.file}; its neighbours were told"),
                      undo=service.only_for_the_old_host() + undo, interrupts=True, touches=(address.file,), time_limit_s=120)
        if door and not here:
            turn, turned, back, holds = self._turning(door)
            self.step("front-door", door.host, "将入口切换到新主机", "Turn the front door to the new host", turn, turned,
                      Text(zh=f"{door.host} 上的 {door.unit} 将用户引向新主机", en=f"{door.unit} on {door.host} leads users to the new host"),
                      undo=back, undo_holds=holds, interrupts=True, touches=(door.file, door.unit), time_limit_s=120)
        if record := request.dns_record:
            turn, turned, back, holds = traffic.record_turns(record)
            self.step("dns-record", record.host, f"将 {record.name} 由 {record.now} 改为 {record.then}",
                      f"Point {record.name} to {record.then} instead of {record.now}", turn, turned,
                      Text(zh=f"{record.host} 对 {record.name} 的查询回答 {record.then}，不再回答 {record.now}",
                           en=f"{record.host} answers {record.then} for {record.name}, and no longer {record.now}"),
                      undo=back, undo_holds=holds, interrupts=True, touches=dns_record.TOUCHES, time_limit_s=120)

    def _turning(self, door: FrontDoor) -> tuple[str, str, str, str]:
        """Command, proof, undo, and what must hold before an undo on request."""
        address = f'"$CHANGE_DIR/peers/{self.T}/address"'
        return (front_door.turn(door.file, door.now, door.then, door.unit, address), front_door.turned(door.file, door.unit),
                front_door.back(door.file, door.unit), front_door.as_we_left_it(door.file))

    def _compare_and_close(self) -> None:
        S, T, way, service, request = self.S, self.T, self.way, self.service, self.request
        if self.database:
            self.step("digests", S, "读取旧主机数据的行数与摘要", "Read counts and digests of the fenced data, without writing to them",
                      self.database.read_digests(), f"systemctl is-active -q {self.database.unit} && exit 1 || true\n",
                      Text(zh="旧主机上每张表的行数与摘要已读出，以备比对；旧主机的数据未被改动，数据库仍处于停止状态",
                           en="count and digest of every table of the old host are known, to be compared; its data were not touched, its database is stopped"),
                      changes=False, time_limit_s=12 * HOUR_S)
        self.step("compare", T, *(("比对数据库与文件", "Compare database and files") if self.database else ("比对文件", "Compare the files")),
                  service.compare() + moved_files.differing(way, self.paths, '"$CHANGE_DIR/saved/opened"', self.turned), "",
                  Text(zh="切换时刻" + ("两台主机每张表的行数与摘要相同，账号与表结构相同，序列没有落后；" if self.database else "")
                          + "两台主机的文件内容、属主与权限相同",
                       en="as of the cutover " + ("every table has the same rows on both hosts, by count and digest; accounts and tables' structures are the "
                          "same, and no sequence is behind; " if self.database else "") + "files have the same content, owner and permissions"),
                  changes=False, time_limit_s=12 * HOUR_S)
        self.step("settle", T, "新主机独立运行", "The new host stands alone, and starts with its machine",
                  service.settle() + moved_base.starts_with_machine([*request.services, *request.ahead], wanted=True, mark="starts"),
                  moved_base.is_enabled([*request.services, *request.ahead], True),
                  Text(zh=f"{'、'.join([*request.services, *request.ahead])} 随新主机开机启动；新主机不再依赖旧主机",
                       en=f"whenever the new host starts, so do {', '.join([*request.services, *request.ahead])}; it needs the old host no more"),
                  undo=moved_base.starts_as_before("starts"), touches=(*request.services, *request.ahead))
        self.step("tunnel-closed", T, "拆除通道", "The way to the old host ends", way.leave(), f"! systemctl is-active -q standfast-tunnel-{self._tag()}\n",
                  Text(zh="新主机与旧主机之间不再有通道", en="there is no way from the new host to the old one any more"),
                  undo=way.ask() + "true\n", changes=False)
        self.step("door-closed", S, "撤销临时密钥", "The temporary key is taken away", way.close(), way.closed(),
                  Text(zh="旧主机上已没有本次变更的密钥，新主机不能再读取旧主机",
                       en="no key of this change is left on the old host, and the new one can read nothing there"),
                  undo=way.open(),
                  undo_proof="systemctl is-active " + f"standfast-files-{self._tag()}", changes=False)

    def _tag(self) -> str:
        return self.way.change.lower()
