"""The database servers that a migration can take along: what each needs to know of both hosts, what stands in its way, and its part of the steps. Pure."""

from __future__ import annotations

import re
from typing import Protocol

from reports.records import Text
from tasks.operations.moved_mariadb import LAG_TRANSACTIONS, MovedMariaDB, Server, hidden_socket
from tasks.operations.moved_postgresql import LAG_BYTES, MovedCluster, needs_tls
from tasks.operations.moved_service import MovedDatabase
from tasks.operations.peer_access import Way
from tasks.planning.migration_facts import Facts
from tasks.requests import MigrationRequest


class MovingServer(Protocol):
    """packages: of which both hosts need the same version. paths: its configuration. asked: what the facts' script is to look at. server_package: the
    one that brings the server. tool_packages: what both hosts need for the move alone. forwarding: settings of sshd that both need. role_title,
    role_expected: of the step that lets the new host replicate. caught_up_expected: of the one that waits until it has."""

    packages: tuple[str, ...]
    server_package: str
    tool_packages: tuple[str, ...]
    forwarding: str
    paths: tuple[str, ...]
    asked: dict[str, str]
    role_title: Text
    caught_up_expected: Text

    @property
    def role_expected(self) -> Text: ...

    def named(self, old: Facts) -> Text: ...  # what it is, as people say it, and how large
    def tools(self, old: Facts) -> list[str]: ...  # those of them that are not there, as apt is asked: name=version
    def place(self, old: Facts) -> str: ...  # where its data lie, empty if it does not run
    def port(self, old: Facts) -> int: ...
    def sockets(self, change: str, old: Facts) -> tuple[str, str]: ...  # by which it is reached on the old host, and on the new one; empty: by its port
    def blockers(self, source: str, target: str, old: Facts, new: Facts) -> list[Text]: ...
    def size_kib(self, old: Facts) -> int: ...
    def reasons(self, source: str, old: Facts, new: Facts) -> list[Text]: ...  # of the risk
    def bound_of_way_back(self, old: Facts) -> Text: ...  # "as long as …"
    def moved(self, change: str, old: Facts, *, there: Way, back: Way) -> MovedDatabase: ...


def server_of(request: MigrationRequest) -> MovingServer | None:
    if request.mariadb:
        return MovingMariaDB(request)
    return MovingPostgreSQL(request) if request.cluster else None


def _sized(server: str, kib: int) -> Text:
    size = f"{kib >> 10} MiB"
    return Text(zh=f"{server} 的全部数据库与数据库账号" + (f"（{size}）" if kib else ""),
                en=f"all of {server}, with its accounts" + (f" ({size})" if kib else ""))


class MovingPostgreSQL:
    """A cluster by physical replication."""

    tool_packages = ()
    forwarding = "AllowTcpForwarding"
    role_title = Text(zh="允许新主机复制数据库，限定为其保留的日志（WAL）", en="Let the new host replicate the database; a bound on the log (WAL) kept for it")
    caught_up_expected = Text(zh=f"副本的落后不超过 {LAG_BYTES >> 20} MiB 的写入量，因此停机很短",
                              en=f"the copy is behind by at most {LAG_BYTES >> 20} MiB of writes, so the interruption is short")

    @property
    def role_expected(self) -> Text:
        return Text(zh=f"新主机可以复制数据库；副本中断时，旧主机为其保留的日志不超过 {self.request.keep_mib} MiB，磁盘不会因此写满",
                    en=f"the new host may replicate the database; should it be gone, the old one keeps at most {self.request.keep_mib} MiB of log for it, "
                       "so its disk does not fill up")

    def __init__(self, request: MigrationRequest) -> None:
        self.request = request
        self.version, _, self.name = request.cluster.partition("/")
        self.server_package = f"postgresql-{self.version}"
        self.packages = (self.server_package,)
        self.paths = (f"/etc/postgresql/{self.version}/{self.name}",)
        self.asked = {"version": self.version, "name": self.name}

    def tools(self, old: Facts) -> list[str]:
        return []

    def named(self, old: Facts) -> Text:
        return _sized("PostgreSQL " + self.request.cluster, self.size_kib(old) if old.cluster else 0)

    def place(self, old: Facts) -> str:
        return old.cluster.data if old.cluster else ""

    def port(self, old: Facts) -> int:
        return old.cluster.port

    def sockets(self, change: str, old: Facts) -> tuple[str, str]:
        return "", ""

    def size_kib(self, old: Facts) -> int:
        return old.cluster.size_kib

    def blockers(self, source: str, target: str, old: Facts, new: Facts) -> list[Text]:
        cluster, found = old.cluster, []
        if cluster is None:
            return [Text(zh=f"{source} 上没有运行中的 PostgreSQL {self.request.cluster}。", en=f"No PostgreSQL {self.request.cluster} runs on {source}.")]
        if cluster.spaces:
            found.append(Text(zh=f"{source} 的数据库使用自定义表空间，目前无法迁移。",
                              en=f"The database on {source} has table spaces of its own, which cannot be moved so far."))
        if cluster.unlogged:
            found.append(Text(zh=f"{source} 上有 {cluster.unlogged} 张不记日志的表，其内容不会被复制；请先改为普通表或清空。",
                              en=f"{source} has {cluster.unlogged} unlogged tables, whose rows are not replicated; make them ordinary tables first."))
        if cluster.wal_level == "minimal" or cluster.free_senders < 3:
            found.append(Text(zh=f"{source} 的 wal_level 或 max_wal_senders 不允许复制；修改后须重启数据库。",
                              en=f"{source}'s wal_level or max_wal_senders does not allow replication; changing them needs a restart."))
        if needs_tls(int(self.version)) and not cluster.tls:
            found.append(Text(zh=f"{source} 的 PostgreSQL 未启用 TLS，副本无法确认对方身份；请设置 ssl = on 并重新加载（无须重启）。",
                              en=f"PostgreSQL on {source} does not offer TLS, so the replica could not be sure of it; set ssl = on and reload (no restart)."))
        if cluster.odd_names:
            found.append(Text(zh=f"{source} 上有 {cluster.odd_names} 个数据库的名称含有控制字符；请先改名。",
                              en=f"The names of {cluster.odd_names} databases on {source} have signs that cannot be printed; rename them first."))
        if not cluster.lets_replicate:
            found.append(Text(zh=f"{source} 的 pg_hba.conf 不允许从 127.0.0.1 复制。",
                              en=f"pg_hba.conf on {source} allows no replication from 127.0.0.1."))
        if new.cluster and new.cluster.bases:
            found.append(Text(zh=f"{target} 上的 PostgreSQL {self.request.cluster} 已有数据库：{'、'.join(new.cluster.bases)}。",
                              en=f"PostgreSQL {self.request.cluster} on {target} holds databases already: {', '.join(new.cluster.bases)}."))
        return found

    def reasons(self, source: str, old: Facts, new: Facts) -> list[Text]:
        if old.glibc == new.glibc:
            return []
        return [Text(zh=f"两台主机 glibc 版本不同（{old.glibc} 与 {new.glibc}），文本索引须在切换后重建",
                     en=f"glibc differs ({old.glibc} and {new.glibc}), so indexes on text must be rebuilt after the cutover")]

    def bound_of_way_back(self, old: Facts) -> Text:
        return Text(zh=f"前提是新主机仍保留切换以来的全部数据库日志（WAL，上限 {self.request.keep_mib} MiB）",
                    en=f"as long as the new host still has the database's whole log (WAL) since the cutover (at most {self.request.keep_mib} MiB)")

    def moved(self, change: str, old: Facts, *, there: Way, back: Way) -> MovedDatabase:
        return MovedCluster(change, version=self.version, name=self.name, port=old.cluster.port, data=old.cluster.data, keep_mib=self.request.keep_mib,
                            catch_up_minutes=self.request.catch_up_minutes, units=self.request.services, there=there, back=back)


class MovingMariaDB:
    """The host's server by replication from its binary log."""

    packages = ("mariadb-server",)
    server_package = "mariadb-server"
    paths = ("/etc/mysql",)
    tool_packages = ("mariadb-backup",)
    forwarding = "AllowTcpForwarding, AllowStreamLocalForwarding"
    asked = {"mariadb": "yes"}
    role_title = Text(zh="允许新主机复制数据库，并备好一份备份", en="Let the new host replicate the database; a backup is ready to be handed out")
    role_expected = Text(zh="新主机可以复制数据库，并可取得一份完整备份；数据库照常服务",
                         en="the new host may replicate the database and fetch one whole backup; the database goes on serving")
    caught_up_expected = Text(zh=f"副本落后不超过 {LAG_TRANSACTIONS} 个事务，因此停机很短",
                              en=f"the copy is behind by at most {LAG_TRANSACTIONS} transactions, so the interruption is short")

    def __init__(self, request: MigrationRequest) -> None:
        self.request = request

    def tools(self, old: Facts) -> list[str]:
        version = old.packages.get("mariadb-server", "")
        return [f"mariadb-backup={version}"] if version and old.packages.get("mariadb-backup") != version else []

    def named(self, old: Facts) -> Text:
        return _sized("MariaDB", self.size_kib(old))

    def place(self, old: Facts) -> str:
        return old.mariadb.get("datadir", "").rstrip("/")

    def port(self, old: Facts) -> int:
        return int(old.mariadb["port"])

    def sockets(self, change: str, old: Facts) -> tuple[str, str]:
        return old.mariadb["socket"], hidden_socket(change)

    def size_kib(self, old: Facts) -> int:
        return int(old.mariadb.get("size_kib") or 0)

    def blockers(self, source: str, target: str, old: Facts, new: Facts) -> list[Text]:
        here, there = old.mariadb, new.mariadb
        if "version" not in here:
            return [Text(zh=f"{source} 上没有运行中的 MariaDB，或其 root 无法经本机套接字登录。",
                         en=f"No MariaDB runs on {source}, or its root cannot log in over the socket.")]
        found: list[Text] = []

        def block(stands: object, en: str, zh: str) -> None:
            if stands:
                found.append(Text(zh=zh, en=en))

        def said(name: str) -> bool:
            return here.get(name, "").upper() in ("ON", "1", "YES")

        block("MariaDB" not in here["version"], f"The server on {source} is no MariaDB; only that can be moved so far.",
              f"{source} 上的服务器不是 MariaDB，目前无法迁移。")
        block(not said("log_bin"), f"The binary log on {source} is off: set log_bin, restart MariaDB in a quiet hour, then plan anew.",
              f"{source} 未启用二进制日志：请设置 log_bin，择时重启 MariaDB，然后重新制定方案。")
        block(here.get("binlog_format") == "STATEMENT",
              f"binlog_format on {source} is STATEMENT, which does not replicate every statement alike; set MIXED or ROW.",
              f"{source} 的 binlog_format 为 STATEMENT，部分语句复制后结果可能不同；请改为 MIXED 或 ROW。")
        block(here.get("filters"), f"The binary log on {source} leaves databases out ({here.get('filters')}); their rows would not be replicated.",
              f"{source} 的二进制日志排除了部分数据库（{here.get('filters')}），其内容不会被复制。")
        block(here.get("replicates"), f"The configuration on {source} makes a replica leave things out ({here.get('replicates')}); it would do so on {target}. "
              "Take that out first.", f"{source} 的配置使副本忽略部分内容（{here.get('replicates')}），在 {target} 上同样会生效；请先删去。")
        others = here.get("other_engine", "")
        block(others, f"Tables on {source} that are not InnoDB cannot be replicated safely (the first: {others}); convert them first.",
              f"{source} 上有非 InnoDB 的表，无法安全复制（例如 {others}）；请先转换。")
        block(here.get("innodb_change_buffering", "none") != "none", f"innodb_change_buffering on {source} is on, so the fenced data could not be read "
              "without writing to them; set it to none, and let the server rest before the migration.",
              f"{source} 启用了 innodb_change_buffering，隔离后的数据无法只读读取；请先设为 none。")
        block(not re.fullmatch(r"/[A-Za-z0-9/._-]+", here.get("socket", "")), f"MariaDB on {source} has no socket at a plain path ({here.get('socket')}).",
              f"{source} 的 MariaDB 套接字路径不规范（{here.get('socket')}）。")
        block(int(here.get("odd_names") or 0), f"Names of tables or events on {source} have backslashes or signs that cannot be printed "
              f"({here.get('odd_names')} of them); rename them first.",
              f"{source} 上有 {here.get('odd_names')} 个表或事件的名称含有反斜杠或控制字符；请先改名。")
        block(said("wsrep_on"), f"{source} is a member of a Galera cluster, which is not moved like this.", f"{source} 是 Galera 集群成员，不能这样迁移。")
        block(int(here.get("follows") or 0), f"{source} is itself a replica; move the server that it follows.", f"{source} 本身是副本；请迁移其主服务器。")
        block(int(here.get("followers") or 0), f"Other servers replicate from {source}; they would go on following the fenced one. Take them off first.",
              f"有其他服务器从 {source} 复制数据；迁移后它们仍指向旧主机，请先断开。")
        block(int(here.get("elsewhere") or 0) or here.get("innodb_data_home_dir", "") not in ("", here.get("datadir", ""))
              or here.get("innodb_log_group_home_dir", "./") not in ("./", "", here.get("datadir", ""))
              or here.get("innodb_undo_directory", "./") not in ("./", "", here.get("datadir", "")),
              f"MariaDB on {source} keeps tables or logs outside its data directory, which cannot be moved so far.",
              f"{source} 的 MariaDB 在数据目录之外存放表或日志，目前无法迁移。")
        block(said("require_secure_transport"),
              f"MariaDB on {source} wants TLS on every connection (require_secure_transport); the tunnel encrypts already, allow it to do without.",
              f"{source} 的 MariaDB 要求所有连接使用 TLS（require_secure_transport）；隧道本身已加密，请放开。")
        block(said("skip_networking") or here.get("listens") != "yes", f"MariaDB on {source} does not listen at 127.0.0.1:{here.get('port')}.",
              f"{source} 的 MariaDB 未在 127.0.0.1:{here.get('port')} 监听。")
        block(here.get("unit") != "active", f"MariaDB on {source} is not run by mariadb.service.", f"{source} 的 MariaDB 不由 mariadb.service 运行。")
        for name, facts in ((source, here), (target, there)):
            block(facts.get("activated") == "active", f"mariadb.socket is active on {name}: it would listen for a server that is fenced; disable it first.",
                  f"{name} 上启用了 mariadb.socket：服务器被隔离后它仍会监听；请先停用。")
        block(there.get("bases"), f"MariaDB on {target} holds databases already: {', '.join(there.get('bases', '').split())}.",
              f"{target} 上的 MariaDB 已有数据库：{'、'.join(there.get('bases', '').split())}。")
        block("version" not in there and there.get("leftover"), f"{target} has data of a MariaDB that does not run; nobody can tell what is in them.",
              f"{target} 上存有未运行的 MariaDB 的数据，无法判断其内容。")
        return found

    def reasons(self, source: str, old: Facts, new: Facts) -> list[Text]:
        names = old.mariadb.get("runtime", "").split()
        if not names:
            return []
        return [Text(zh=f"{source} 的以下参数只在运行中修改、未写入配置，迁移后失效：{'、'.join(names)}",
                     en=f"these settings on {source} were changed in the running server only, not in a file, and do not come along: {', '.join(names)}")]

    def bound_of_way_back(self, old: Facts) -> Text:
        days = float(old.mariadb.get("expire_logs_days") or 0)
        if not days:
            return Text(zh="前提是新主机仍保留切换以来的全部二进制日志（按现有设置不自动清除）",
                        en="as long as the new host still has every binary log since the cutover (by its settings none is purged)")
        return Text(zh=f"前提是新主机仍保留切换以来的全部二进制日志（按现有设置保留 {days:g} 天）",
                    en=f"as long as the new host still has every binary log since the cutover (by its settings they are kept for {days:g} days)")

    def moved(self, change: str, old: Facts, *, there: Way, back: Way) -> MovedDatabase:
        here = old.mariadb
        server = Server(version=here["version"].partition("-")[0], port=int(here["port"]), data=self.place(old), socket=here["socket"],
                        binlog=here["log_bin_basename"], server_id=int(here["server_id"]), scheduler=here.get("event_scheduler", "OFF"))
        return MovedMariaDB(change, server, catch_up_minutes=self.request.catch_up_minutes, units=self.request.services, there=there, back=back)
