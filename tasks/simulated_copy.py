"""A simulated copy of a running host: the place where a plan is rehearsed (R174).

The running system is read over SSH as one stream and becomes a container on the sandbox's Docker engine, with systemd as its
first process. Secrets are replaced before they reach the engine, databases come as base backups, and the copy's network ends
at a gateway that knows the package sources and nothing else. Nothing is written on the target.
"""

from __future__ import annotations

import io
import re
import socket
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from pydantic import SecretStr

from blocks.host_access import HostAccess
from blocks.sandbox import Sandbox
from reports.records import Copy, Survey, Text
from tasks.errors import (
    BlockersFound,
    CommandFailed,
    HostKeyRefused,
    HostUnreachable,
    LoginRefused,
    OutOfTime,
    ProcedureError,
    UnreadableOutput,
)
from tasks.remote import Remote
from tasks.sandbox import container, mariadb_copy
from tasks.sandbox.cleaning import Cleaned, clean, new_machine_id, pack, told
from tasks.sandbox.engine import COPY_LABEL, MACHINE_LABEL, MADE_LABEL, TARGET_LABEL, Engine
from tasks.sandbox.keys import ssh_pair
from tasks.sandbox.masking import Role, StreamMask, rekey_roles
from tasks.sandbox.reading import (
    EXAMINED_LIMIT,
    FILES_LIMIT,
    LEFT_OUT_CONTENT,
    DataCluster,
    HostReading,
    SecretFile,
    database_script,
    files_script,
    parse,
    reading,
    system_script,
)

Say = Callable[[str], None]
BOOT_LIMIT_S = 180
SETTLE_S = 20  # services that have not come up so long after systemd was done do not come up
MIB = 1 << 20
# A file with holes travels without them and is written out whole by the engine: of a few KiB it may make terabytes.
HOLES = re.compile(rb"GNU\.sparse\.(?:real)?size=\+?([0-9]{1,200})")
HOLES_BYTES = 256  # of such a line, which may lie across two pieces


def make_copy(
    host: HostAccess,
    sandbox: Sandbox,
    *,
    number: str,
    survey: Survey,
    say: Say,
    time_limit_s: float = 1800,
    compress: bool = False,
    data: bool = True,
) -> tuple[HostAccess, Copy]:
    """Make the copy of `host` for change `number` and wait until it serves; an older one of the same name is removed first.

    The returned host is reached at 127.0.0.1 with a key made for it, shows host keys made for it, and is otherwise as `host`:
    same name, login, watched files, databases and checks. compress: pack the stream on the target, for slow lines.
    data: False leaves the databases' folders empty, for a copy that a backup is restored on.

    Raises:
        BlockersFound: it may not be made: too large for the sandbox, or a database that cannot be copied.
        OutOfTime: not up within `time_limit_s` seconds. CommandFailed, HostUnreachable and the others of `tasks.remote`.
        Whatever is raised, nothing of the copy is left on the engine.
    """
    began = time.monotonic()
    deadline = began + time_limit_s
    engine = Engine(sandbox.engine)
    if sandbox.engine and not sandbox.engine.startswith("unix:"):
        raise BlockersFound(
            f"sandbox {sandbox.name} is on another machine ({sandbox.engine}); a copy is reached at 127.0.0.1 only, "
            "so run the worker on that machine",
            f"模拟环境 {sandbox.name} 在另一台机器上（{sandbox.engine}）；副本只能经 127.0.0.1 访问，请在该机器上运行执行程序",
        )
    remove_copy(sandbox, number=number, host=host, say=say)
    try:
        return _make(host, sandbox, engine, number, survey, say, began, deadline, compress, data)
    except BaseException:
        remove_copy(sandbox, number=number, host=host, say=say)
        raise


def remove_copy(sandbox: Sandbox, *, number: str, host: HostAccess, say: Say) -> None:
    """Remove container, gateway, network, volumes and image of that copy, and nothing else; fine if there is none."""
    if _remove(Engine(sandbox.engine), f"{COPY_LABEL}={number}", f"{TARGET_LABEL}={host.name}", f"{MACHINE_LABEL}={_machine(host)}"):
        say(f"the copy of {host.name} is removed")


def _machine(host: HostAccess) -> str:
    return host.identity[:12]


@contextmanager
def join_copies(sandbox: Sandbox, number: str, copies: list[tuple[HostAccess, Copy]]) -> Iterator[list[HostAccess]]:
    """The copies of hosts that depend on each other, with addresses at which they reach each other, over a network without a way out."""
    engine = Engine(sandbox.engine)
    name = re.sub(r"[^a-z0-9_.-]+", "-", f"standfast-copies-{number}-{copies[0][0].identity[:6]}".lower())
    engine.run("network", "rm", name, check=False)  # left by a rehearsal that was killed; its copies are gone
    container.make_network(engine, name, container.labels_of(number, "", "", int(time.time())))
    address = f'{{{{(index .NetworkSettings.Networks "{name}").IPAddress}}}}'
    try:
        for _, copy in copies:
            engine.run("network", "connect", name, copy.place)
        yield [host.model_copy(update={"peer_address": engine.run("inspect", "-f", address, copy.place)}) for host, copy in copies]
    finally:
        for _, copy in copies:
            engine.run("network", "disconnect", "-f", name, copy.place, check=False)
        engine.run("network", "rm", name, check=False)


def remove_stale_copies(sandbox: Sandbox, older_than_minutes: float) -> list[str]:
    """Remove copies that were made longer ago than that, whoever left them; returns "change target" of each."""
    engine, limit, gone = Engine(sandbox.engine), time.time() - older_than_minutes * 60, {}
    for kind in ("container", "image", "network"):
        for identity in engine.names(kind, COPY_LABEL):
            labels = engine.labels(kind, identity)
            made = labels.get(MADE_LABEL, "0")
            if float(made if made.isdigit() else 0) < limit:
                gone[labels.get(COPY_LABEL, ""), labels.get(TARGET_LABEL, ""), labels.get(MACHINE_LABEL, "")] = True
    for number, target, machine in gone:
        _remove(engine, f"{COPY_LABEL}={number}", f"{TARGET_LABEL}={target}", *([f"{MACHINE_LABEL}={machine}"] if machine else []))
    return [f"{number} {target}" for number, target, _ in gone]


def _remove(engine: Engine, *labels: str) -> bool:
    found = False
    for kind, command in (("container", ("rm", "-f", "-v")), ("image", ("rmi", "-f")), ("network", ("network", "rm"))):
        for identity in engine.names(kind, *labels):
            found = True
            engine.run(*command, identity, timeout_s=300, check=False)
    return found


def _make(
    host: HostAccess,
    sandbox: Sandbox,
    engine: Engine,
    number: str,
    survey: Survey,
    say: Say,
    began: float,
    deadline: float,
    compress: bool,
    with_data: bool,
) -> tuple[HostAccess, Copy]:
    name = re.sub(r"[^a-z0-9_.-]+", "-", f"standfast-copy-{number}-{host.name}-{_machine(host)[:6]}".lower())
    made = int(time.time())
    labels = container.labels_of(number, host.name, _machine(host), made)
    package_hosts = tuple(sandbox.package_hosts) or survey.package_hosts
    private_key, key_line = ssh_pair(comment="standfast-copy")
    with Remote(host) as remote:
        say(f"reading what there is to copy on {host.name}")
        read = _read(remote, host, deadline)
        _may_be_copied(host, sandbox, engine, read)
        small = io.BytesIO()
        if read.files:
            remote.stream(files_script(read.files), small, timeout_s=_left(deadline)).need(
                "reading files with secrets", host.name, "读取含敏感内容的文件"
            )
        cleaned = clean(small.getvalue(), read, user=host.user, key_line=key_line)
        if not cleaned.host_keys:
            _give_host_key(cleaned)
        say(f"{len(cleaned.masked)} files bear secrets and are re-keyed")

        mariadb = read.mariadb if with_data else None
        running = [cluster for cluster in read.clusters if cluster.running and with_data]
        image = container.empty_image(engine, f"{name}:copy", labels)
        subnet = container.make_network(engine, name, labels)
        container.create(
            engine,
            name=name,
            image=image,
            network=name,
            hostname=read.hostname,
            labels=labels,
            boot=container.boot_script(running, mariadb),
            memory_mib=sandbox.memory_mib,
            cpu=sandbox.cpu,
        )
        stream = _Masked(
            StreamMask(cleaned.replacements.strong_pairs),
            min(sandbox.disk_mib * MIB, int(read.used_kib * 1024 * 1.1) + 64 * MIB),
            host.name,
            compress,
            min(sandbox.disk_mib * MIB, engine.free_bytes()),
        )
        # straight into the container: as an image, every byte would be digested and recorded a second time
        with engine.fed("cp", "-", f"{name}:/", timeout_s=_left(deadline)) as sink:
            stream.sink = sink
            answer = remote.stream(system_script(read, cleaned.without, compress=compress), stream, timeout_s=_left(deadline))
            answer.need("reading the file systems", host.name, "读取文件系统")
            stream.finish()
        say(f"{stream.bytes_read // MIB} MiB of file systems are copied")

        address, port = container.start_gateway(
            engine,
            name=f"{name}-gateway",
            image=container.gateway_image(engine) or container.gateway_image(engine, otherwise=container.image_of(engine, name)),
            network=name,
            subnet=subnet,
            labels=labels,
            package_hosts=package_hosts,
            upstream=_upstream(read),
            copy_ssh_port=read.ssh_port,
        )
        said = _fill(engine, name, host, read, running, cleaned, container.apt_settings(address, package_hosts), made)
        for cluster in running:
            room = min(sandbox.disk_mib * MIB - stream.bytes_read - stream.whole, engine.free_bytes())
            data = _Masked(StreamMask(()), sandbox.disk_mib * MIB - stream.bytes_read, host.name, False, room)
            with engine.fed("cp", "-", f"{name}:{cluster.data}", timeout_s=_left(deadline)) as sink:
                data.sink = sink
                remote.stream(database_script(cluster), data, timeout_s=_left(deadline)).need(
                    f"the base backup of PostgreSQL {cluster.version}/{cluster.name}",
                    host.name,
                    f"PostgreSQL {cluster.version}/{cluster.name} 的基础备份",
                )
                data.finish()
            stream.bytes_read += data.bytes_read
            say(f"{data.bytes_read // MIB} MiB of database {cluster.version}/{cluster.name} are copied")
        if mariadb:
            pairs, accounts = mariadb_copy.rekey(mariadb.accounts, cleaned.replacements)
            said += accounts
            room = min(sandbox.disk_mib * MIB - stream.bytes_read - stream.whole, engine.free_bytes())
            data = _Masked(StreamMask(pairs), sandbox.disk_mib * MIB - stream.bytes_read, host.name, False, room)
            with engine.fed("cp", "-", f"{name}:/", timeout_s=_left(deadline)) as sink:
                data.sink = pieces = mariadb_copy.Pieces(sink)
                remote.stream(mariadb_copy.dump_script(), data, timeout_s=_left(deadline)).need("the dump of MariaDB", host.name, "MariaDB 的导出")
                data.finish()
                if not pieces.close():
                    raise CommandFailed(f"{host.name}: the dump of MariaDB has no end; see what the server's log says",
                                        f"{host.name}：MariaDB 的导出不完整；请查看其日志")
            stream.bytes_read += data.bytes_read
            say(f"{data.bytes_read // MIB} MiB of MariaDB are copied")

    engine.run("start", name)
    copy_host = _access(host, port, read.ssh_port, private_key, cleaned.host_keys)
    say("the copy starts")
    down = _wait_until_up(engine, name, copy_host, survey, min(deadline, time.monotonic() + BOOT_LIMIT_S))
    masked = (
        cleaned.masked
        + list(said)
        + ([_further(stream.mask.hits)] if stream.mask.hits else [])
    )
    left_out = (
        [Text(zh=f"/{path} 的内容", en=f"the content of /{path}") for path in LEFT_OUT_CONTENT if not mariadb or f"/{path}" != mariadb.data]
        + cleaned.left_out
        + [told(path, "网络文件系统", "a network file system") for path in read.remote]
        + [told(service, "在副本中停用", "switched off in a copy") for service in _silenced(survey)]
        + [told(service, "在副本中未运行", "does not run in the copy") for service in down]
    )
    return copy_host, Copy(
        target=host.name,
        place=name,
        bytes_read=stream.bytes_read,
        bytes_in_use=read.used_kib * 1024,
        seconds=round(time.monotonic() - began, 1),
        masked=tuple(masked),
        left_out=tuple(left_out),
    )


def _further(count: int) -> Text:
    return Text(zh=f"其他文件中另有 {count} 处已知敏感值", en=f"{count} further places of known values in other files")


def _read(remote: Remote, host: HostAccess, deadline: float) -> HostReading:
    answer = remote.run(reading(host.user), timeout_s=min(_left(deadline), 600))
    try:
        return parse(answer.out)
    except (ValueError, KeyError, IndexError) as problem:
        last = (answer.err.strip().splitlines() or ["no message"])[-1]
        raise UnreadableOutput(
            f"{host.name}: what there is to copy could not be read ({problem}; {last})",
            f"{host.name}：待复制的内容无法读取" + (f"（{last}）" if answer.err.strip() else ""),
        ) from problem


def _may_be_copied(host: HostAccess, sandbox: Sandbox, engine: Engine, read: HostReading) -> None:
    used = -(-read.used_kib // 1024)
    if used > sandbox.disk_mib:
        raise BlockersFound(
            f"{host.name} uses {used} MiB, but a copy in sandbox {sandbox.name} may take {sandbox.disk_mib} MiB; "
            "raise disk_mib in the sandbox block, or rehearse on a staging host",
            f"{host.name} 已用空间 {used} MiB，而模拟环境 {sandbox.name} 中的副本最多可占 {sandbox.disk_mib} MiB；"
            "请调大模拟环境的 disk_mib，或使用预演主机",
        )
    free = engine.free_bytes() // MIB
    if used * 1.1 > free:
        raise BlockersFound(
            f"{host.name} uses {used} MiB, but only {free} MiB are free on the engine of sandbox {sandbox.name}; "
            "make room there, or rehearse on a staging host",
            f"{host.name} 已用空间 {used} MiB，而模拟环境 {sandbox.name} 的引擎仅剩 {free} MiB；请先腾出空间，或使用预演主机",
        )
    if len(read.files) >= FILES_LIMIT or sum(file.size for file in read.files) > EXAMINED_LIMIT:
        raise BlockersFound(
            f"{host.name} has more files with possible secrets than can be examined ({len(read.files)} files); "
            "rehearse on a staging host",
            f"{host.name} 上可能含敏感内容的文件过多（{len(read.files)} 个），无法逐一检查；请使用预演主机",
        )
    for cluster in read.clusters:
        if cluster.running and cluster.spaces:
            raise BlockersFound(
                f"{host.name}: PostgreSQL {cluster.version}/{cluster.name} has table spaces of its own, which cannot be copied "
                "in one stream; rehearse on a staging host",
                f"{host.name}：PostgreSQL {cluster.version}/{cluster.name} 使用了自定义表空间，无法整体复制；请使用预演主机",
            )


class _Masked:
    """Where the target's stream goes: through the mask into the engine, counted, and cut off at the limit.

    limit: of the bytes that come. room: of these and the files with holes at their whole size, as the engine writes them.
    """

    def __init__(self, mask: StreamMask, limit: int, host: str, packed: bool, room: int) -> None:
        self.room, self.whole, self._end = room, 0, b""
        self.mask, self.limit, self.host, self.sink, self.bytes_read = mask, limit, host, None, 0
        self._waiting: list[bytes] = []  # SSH brings small pieces; searching and writing large ones costs less
        self._waits = 0
        self._unpack = zlib.decompressobj(wbits=31) if packed else None

    def write(self, chunk: bytes) -> None:
        if self._unpack:
            chunk = self._unpack.decompress(chunk)
        self.bytes_read += len(chunk)
        if self.bytes_read > self.limit:
            raise BlockersFound(
                f"{self.host} sends more than the {self.limit // MIB} MiB it was measured at or may take; "
                "see what grows there, or raise disk_mib in the sandbox block",
                f"{self.host} 送出的数据超过预计或允许的 {self.limit // MIB} MiB；请查看哪些数据在增长，或调大模拟环境的 disk_mib",
            )
        self._waiting.append(chunk)
        self._waits += len(chunk)
        if self._waits >= MIB:
            self._pass_on()

    def _pass_on(self) -> None:
        whole, self._waiting, self._waits = b"".join(self._waiting), [], 0
        self._look_for_holes(whole)
        self.sink.write(self.mask.feed(whole))

    def _look_for_holes(self, piece: bytes) -> None:
        if b"GNU.sparse." in (seen := self._end + piece):
            self.whole += sum(int(found[1]) if len(found[1]) < 200 else self.room for found in HOLES.finditer(seen) if found.end() > len(self._end))
        # a line at the very end is looked at with what follows it
        self._end = seen[-HOLES_BYTES:]
        if self.bytes_read + self.whole > self.room:
            raise BlockersFound(
                f"{self.host} has files with holes, which take {self.whole // MIB} MiB in a copy; there is room for {self.room // MIB} MiB: "
                "raise disk_mib in the sandbox block or make room on the engine, or rehearse on a staging host",
                f"{self.host} 上有稀疏文件，在副本中需占 {self.whole // MIB} MiB，而可用空间为 {self.room // MIB} MiB；"
                "请调大模拟环境的 disk_mib、在引擎上腾出空间，或使用预演主机",
            )

    def finish(self) -> None:
        if self._unpack and not self._unpack.eof:
            raise CommandFailed(
                f"{self.host}: the packed stream is cut off; try again without packing", f"{self.host}：压缩的数据流不完整；请不压缩重试"
            )
        self._pass_on()
        self.sink.write(self.mask.close())


def _fill(
    engine: Engine, name: str, host: HostAccess, read: HostReading, running: Sequence[DataCluster], cleaned: Cleaned, apt: str, made: int
) -> tuple[Text, ...]:
    """Put the cleaned files into the container, and what makes it a copy; returns what was said of the database roles."""
    folders = list(read.log_folders)
    if cleaned.own_keys.startswith(f"{read.home}/"):
        folders.append(SecretFile(cleaned.own_keys.rpartition("/")[0], 0o700, read.uid, read.gid))
    files = cleaned.put + [(log, b"") for log in read.logs]
    files += [
        (SecretFile("/etc/machine-id", 0o444, 0, 0), new_machine_id()),
        (SecretFile("/etc/apt/apt.conf.d/99standfast-copy", 0o644, 0, 0), apt.encode()),
    ]
    if host.become == "sudo" and host.sudo_password:
        files.append(
            (SecretFile("/etc/sudoers.d/zz-standfast-copy", 0o440, 0, 0), f"{host.user} ALL=(ALL:ALL) NOPASSWD: ALL\n".encode())
        )
    said: list[Text] = []
    folders += [SecretFile("/.standfast", 0o700, 0, 0), SecretFile("/.standfast/etc", 0o700, 0, 0)]
    for cluster in running:
        sql, lines = rekey_roles([Role(*role) for role in cluster.roles], cleaned.replacements)
        said += lines
        files.append((SecretFile(f"/.standfast/{cluster.version}-{cluster.name}.sql", 0o600, 0, 0), sql.encode()))
    engine.run("cp", "-", f"{name}:/", stdin=pack(files, folders, made), timeout_s=300)
    return tuple(said)


def _give_host_key(cleaned: Cleaned) -> None:
    """A host key of its own for a host whose keys lie elsewhere than sshd's usual place."""
    private, line = ssh_pair()
    cleaned.put += [
        (SecretFile("/etc/ssh/ssh_host_ed25519_key", 0o600, 0, 0), private.encode()),
        (SecretFile("/etc/ssh/ssh_host_ed25519_key.pub", 0o644, 0, 0), line.encode() + b"\n"),
    ]
    cleaned.host_keys.append(line)


def _access(host: HostAccess, port: int, peer_port: int, private_key: str, host_keys: list[str]) -> HostAccess:
    same = {
        field: getattr(host, field)
        for field in (
            "name",
            "customer",
            "user",
            "become",
            "watched",
            "databases",
            "releases",
            "acceptance",
            "connect_timeout_s",
            "labels",
        )
    }
    return HostAccess(**same, address="127.0.0.1", port=port, peer_port=peer_port, private_key=SecretStr(private_key), host_key="\n".join(host_keys))


def _wait_until_up(engine: Engine, name: str, host: HostAccess, survey: Survey, deadline: float) -> list[str]:
    """Wait until sshd answers, systemd is done and the services that ran on the target run; returns those that do not.

    Raises:
        CommandFailed: it stopped. OutOfTime: it does not answer in time.
    """
    silenced = set(_silenced(survey))
    wanted = [s.name if "." in s.name else f"{s.name}.service" for s in survey.services if s.active == "active"]
    wanted = [
        unit for unit in wanted if unit.endswith(".service") and unit not in silenced and re.fullmatch(r"[\w@.:\\-]+", unit)
    ]
    script = (
        "systemctl is-system-running; for unit in "
        + " ".join(f"'{unit}'" for unit in wanted)
        + '; do printf "%s %s\\n" "$unit" "$(systemctl is-active "$unit")"; done'
    )
    problem: ProcedureError | None = None
    settled = 0.0
    while True:
        if engine.run("inspect", "-f", "{{.State.Running}}", name, check=False) != "true":
            last = engine.last_words(name)
            raise CommandFailed(f"the copy of {host.name} stopped while starting: {last}", f"{host.name} 的副本在启动过程中停止：{last}")
        try:
            _greeted(host)
            with Remote(host) as remote:
                while time.monotonic() < deadline:
                    state, *lines = remote.run(script, timeout_s=30).out.splitlines() or ["unknown"]
                    down = [unit for unit, _, active in (line.partition(" ") for line in lines) if active != "active"]
                    if state in ("running", "degraded"):
                        settled = settled or time.monotonic()
                        if not down or time.monotonic() - settled > SETTLE_S:
                            return down
                    time.sleep(0.3)
        except (HostUnreachable, LoginRefused, HostKeyRefused, OutOfTime) as raised:
            problem = raised
        if time.monotonic() > deadline:
            said = problem.text if problem else Text(zh="systemd 仍在启动", en="systemd is still starting")
            raise OutOfTime(
                f"the copy of {host.name} is not up in time ({said.en}); raise the sandbox's memory or processors, "
                "or rehearse on a staging host",
                f"{host.name} 的副本未能按时启动（{said.zh}）；请增加模拟环境的内存或处理器，或使用预演主机",
            )
        time.sleep(0.2)


def _greeted(host: HostAccess) -> None:
    """sshd says who it is; asked before the SSH library is, which is loud about a door that is still closed.

    Raises:
        HostUnreachable: not yet.
    """
    try:
        with socket.create_connection((host.address, host.port), timeout=3) as connection:
            connection.settimeout(3)
            if connection.recv(4) == b"SSH-":
                return
    except OSError:
        pass
    raise HostUnreachable("its sshd does not answer", "其 sshd 没有应答")


def _silenced(survey: Survey) -> list[str]:
    off = set(container.silent_units())
    names = (
        service.name if "." in service.name else f"{service.name}.service"
        for service in survey.services
        if service.active == "active"
    )
    return sorted(name for name in names if name in off)


def _upstream(read: HostReading) -> str:
    """The proxy that the host's apt goes through, "host:port"; credentials in it do not go to the sandbox."""
    if not read.proxies:
        return ""
    where = urlsplit(read.proxies[0] if "://" in read.proxies[0] else f"http://{read.proxies[0]}")
    return f"{where.hostname}:{where.port or 3128}" if where.hostname else ""


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise OutOfTime(
            "the copy took longer than it may; raise its time limit, or rehearse on a staging host",
            "制作副本超过时限；请放宽时限，或使用预演主机",
        )
    return left
