"""How two surveys of one host differ, which differences nobody planned, and whether a host is as it was before.

Pure: surveys in, differences out. What moves by itself (free space, process ids, the clock) is not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from reports.records import Cluster, Difference, Likeness, Plan, Survey, Text
from tasks.operations.installed import PLACE

RUNNING = ("active", "reloading")
RESTARTING = "restarting"  # systemd starts it again and again
# the vendor's file beside ours, ours beside the vendor's
LEFT_BY_DPKG = (".dpkg-dist", ".dpkg-new", ".dpkg-old", ".ucf-dist", ".ucf-old")
FIRST_PASSING_PORT = 32768  # from here the kernel gives out ports by itself; a client's UDP socket listens on one


def differences(before: Survey, after: Survey) -> tuple[Difference, ...]:
    """Everything that differs between two surveys of the same host, by kind and name; empty if nothing does.

    before and after of a difference say what there was, empty where it was not there.
    """
    found: list[Difference] = []

    def compare(kind: str, one: Mapping[str, str], other: Mapping[str, str]) -> None:
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name):
                found.append(Difference(target=after.target, kind=kind, name=name,  # type: ignore[arg-type]
                                        before=one.get(name, ""), after=other.get(name, "")))

    def both(kind: str, reading: Callable[[Survey], Mapping[str, str]]) -> None:
        compare(kind, reading(before), reading(after))

    both("host", _host)
    both("package", _packages)
    compare("package", {"faults": "; ".join(before.package_faults)}, {"faults": "; ".join(after.package_faults)})
    both("configuration", lambda survey: survey.configuration)
    both("service", _services)
    both("port", _ports)
    both("release", lambda survey: {release.root: release.current for release in survey.releases})
    both("cluster", _clusters)
    one, other = _tables(before), _tables(after)
    stopped = {c.name for survey in (before, after) for c in survey.clusters if not c.running}
    for key in sorted(one.keys() | other.keys()):
        if key[0] in stopped:  # that the server does not run is said above; its tables cannot be compared
            continue
        if one.get(key) != other.get(key):
            found.append(Difference(target=after.target, kind="rows", name=f"{key[0]} {key[1]}.{key[2]}",
                                    before=_rows(one.get(key)), after=_rows(other.get(key))))
    both("health", lambda survey: {health.title.en: "good" if health.ok else "not good" for health in survey.health})
    both("file system", lambda survey: {fs.mount: fs.kind for fs in survey.file_systems})
    return tuple(found)


def unexpected(differences: Iterable[Difference], plan: Plan, target: str) -> tuple[Difference, ...]:
    """The differences on `target` that the plan's versions and kind do not explain.

    Expected: planned packages at their planned version; the database server's own version when one of its packages is planned;
    the planned release; more rows; a service or check that became good; files that dpkg laid beside a kept one; what a step says it touches;
    a check that a migration does not ask any more of the host which it leaves fenced.
    """
    versions = {change.name: change.after for change in plan.versions if change.target in ("", target)}
    touched = {name for step in plan.steps_of(target) for name in step.touches}
    asked = {check.title.en for check in plan.acceptance if check.target == target}
    here = [d for d in differences if d.target == target and not _touched(d, touched)
            and not (d.kind == "health" and plan.kind == "migration" and d.name not in asked)]
    # A release that repairs a service which was down brings the service's port with it.
    started = plan.kind in TURNS_RELEASES and any(d.kind == "service" and _word(d.after, 0) in RUNNING and _explained(d, versions, plan.kind) for d in here)
    return tuple(d for d in here if not _explained(d, versions, plan.kind) and not (started and d.kind == "port" and not d.before))


def _touched(d: Difference, touched: set[str]) -> bool:
    """Whether a step was meant to change this: the unit or path itself, the links that start a unit with the machine, what a started unit
    opens, and what a package that was not there brings."""
    units = {name for name in touched if not name.startswith("/")}
    if d.kind in ("package", "service", "configuration") and not d.before and PLACE in touched:
        return True
    if d.kind == "configuration":
        folders = tuple(place for place in touched if place.startswith("/") and place.endswith("/"))
        return d.name in touched or d.name.startswith(folders) or d.name.startswith("/etc/systemd/system/") and d.name.rpartition("/")[2] in units
    if d.kind == "port":
        return bool(units) and not (d.before and d.after)
    if d.kind == "cluster":
        return any(name.startswith("postgresql") for name in units)
    return d.kind in ("service", "file system") and d.name in touched


def same_as_before(before: Survey, after: Survey, *, in_use: bool = False) -> tuple[Difference, ...]:
    """What is not as it was before the change; empty if the host is as before.

    Compares packages, configuration, enabled and running services, ports, releases, database schema and rows. A service that had
    failed and is merely at rest now is as before: it does not run. So is one that was restarted again and again, whatever it does now.
    in_use: people write to the database meanwhile, so tables may have gained or altered rows, but not lost any.
    """
    return tuple(d for d in differences(before, after)
                 if d.kind in ("package", "configuration", "service", "port", "release", "cluster", "rows")
                 and not (in_use and d.kind == "rows" and not _lost_rows(d)) and not _as_unwell(d) and not (d.kind == "port" and _restless(before)))


def brought_back(differences_: Iterable[Difference], was: Survey, after: Survey) -> tuple[Difference, ...]:
    """Those of a back-out's differences that make the host what it `was` before the change that was taken back; nobody is surprised by them."""
    left = {(d.kind, d.name) for d in same_as_before(was, after, in_use=True)}
    left |= {("health", health.title.en) for health in was.health if health.ok and not _restless(was)}
    return tuple(d for d in differences_ if d.kind not in ("host", "file system") and (d.kind, d.name) not in left)


def likeness(was: Survey, now: Survey) -> Likeness:
    """How far a host is again what it was; rows that have come or changed since count as different, too."""
    same: dict[str, int] = {}
    for kind, reading in (("configuration", lambda survey: survey.configuration), ("package", _packages), ("service", _services), ("cluster", _clusters),
                          ("release", lambda survey: {release.root: release.current for release in survey.releases}), ("rows", _tables)):
        one, other = reading(was), reading(now)
        if one:
            same[kind] = sum(other.get(name) == value for name, value in one.items())
    tables = _tables(now)
    return Likeness(target=now.target, at=was.taken_at, same=same, rows=sum(max(rows, 0) for key, (rows, digest) in _tables(was).items()
                                                                             if tables.get(key) == (rows, digest)), differing=same_as_before(was, now))


def _restless(survey: Survey) -> bool:
    """Whether a service dies and is started again and again: its ports and the host's checks show now this way and now that."""
    return any(service.active == RESTARTING for service in survey.services)


def _as_unwell(d: Difference) -> bool:
    """A service that had failed and rests, or that was restarted again and again; at rest it is listed only if it is enabled."""
    if d.kind != "service" or _word(d.before, 0) not in ("failed", RESTARTING):
        return False
    resting = "inactive enabled" if _word(d.before, 1) == "enabled" else ""
    return d.after == resting or _word(d.before, 0) == RESTARTING and _word(d.after, 1) == _word(d.before, 1)


KINDS_ZH = {"package": "软件包", "configuration": "配置文件", "service": "服务", "port": "监听端口", "release": "应用版本", "cluster": "数据库",
            "rows": "数据行数", "health": "运行状况", "file system": "文件系统", "host": "主机"}


def said(d: Difference) -> Text:
    """A difference as a sentence, without its host."""
    return Text(zh=f"{KINDS_ZH[d.kind]} {d.name}：应为 {d.before or '无'}，实为 {d.after or '无'}",
                en=f"{d.kind} {d.name} is {d.after or 'missing'} instead of {d.before or 'missing'}")


TURNS_RELEASES = ("release", "back-out")  # kinds of plan that may change an application's release and its database's schema


def _explained(d: Difference, versions: Mapping[str, str], kind: str) -> bool:
    if d.kind == "package":
        wished = versions.get(d.name.partition(":")[0])
        return bool(wished) and d.after == f"{wished} ii"
    if d.kind == "configuration":
        return not d.before and d.name.endswith(LEFT_BY_DPKG)
    if d.kind == "service":
        return _word(d.after, 0) in RUNNING and (not d.before or _word(d.before, 1) == _word(d.after, 1))
    if d.kind == "port":
        return False
    if d.kind == "release":
        return kind in TURNS_RELEASES and d.after in (versions.get(d.name), versions.get(d.name.rpartition("/")[2]))
    if d.kind == "cluster":
        same_state = d.before.partition(", ")[2] == d.after.partition(", ")[2]
        of_plan = any(name.startswith("postgresql-") for name in versions)
        migrated = kind in TURNS_RELEASES and _state(d.before) == _state(d.after) if d.before and d.after else False
        return bool(d.before and d.after) and ((same_state and of_plan) or migrated)
    if d.kind == "rows":
        return kind in TURNS_RELEASES and not d.before or not _lost_rows(d)
    if d.kind == "health":
        return d.after == "good"
    if d.kind == "host":
        return d.name in ("boot", "kernel") and kind == "packages" and any(name.startswith("linux-image") for name in versions)
    return False


def _state(cluster: str) -> str:
    return cluster.split(", ")[1]


def _word(text: str, position: int) -> str:
    words = text.split()
    return words[position] if len(words) > position else ""


def _lost_rows(d: Difference) -> bool:
    """Whether a table has gone, or holds fewer rows than before."""
    if not d.after:
        return True
    if not d.before:
        return False
    return int(d.after.split()[0]) < int(d.before.split()[0])


def _host(survey: Survey) -> dict[str, str]:
    return {"operating system": f"{survey.os_id} {survey.os_version}", "kernel": survey.kernel, "architecture": survey.architecture,
            "name": survey.hostname, "identity": survey.identity[:16], "boot": survey.boot, "held packages": " ".join(sorted(survey.held))}


def _packages(survey: Survey) -> dict[str, str]:
    """Name, with the architecture where it is installed for several -> "version state". Holding is no state of the files."""
    names = [package.name for package in survey.packages]
    several = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    found: dict[str, str] = {}
    for package in survey.packages:
        name = f"{package.name}:{package.architecture}" if package.name in several else package.name
        while name in found:  # kernels of rpm: one name, one architecture, several versions
            name += "'"
        found[name] = f"{package.version} {'i' + package.state[1:] if package.state[:1] == 'h' else package.state}"
    return found


def _services(survey: Survey) -> dict[str, str]:
    """Running or not, and enabled or not. A job that a timer starts now and then is the same at rest and at work."""
    telling = (*RUNNING, "failed", RESTARTING)
    return {service.name: f"{service.active if service.active in telling else 'inactive'} {service.enabled or '-'}"
            .replace("reloading", "active") for service in survey.services
            if service.active in telling or service.enabled == "enabled"}


def _ports(survey: Survey) -> dict[str, str]:
    # 127.0.0.11 is the name server that Docker puts into a container, on another port at each start.
    return {f"{port.protocol} {port.address}:{port.port}": port.process or "?" for port in survey.ports
            if port.address != "127.0.0.11" and not (port.protocol == "udp" and port.port >= FIRST_PASSING_PORT)}


def _clusters(survey: Survey) -> dict[str, str]:
    """"15.18, running on 5432, schema 1a2b3c"; the version in short, as the packager's part repeats the package's."""
    return {f"{cluster.engine} {cluster.name}": _cluster(cluster) for cluster in survey.clusters}


def _cluster(cluster: Cluster) -> str:
    if not cluster.running:
        return f"{cluster.name.partition('/')[0]}, not running on {cluster.port}, schema unknown"
    return f"{cluster.version.split()[0]}, running on {cluster.port}, schema {cluster.schema_digest[:16]}"


def _tables(survey: Survey) -> dict[tuple[str, str, str], tuple[int, str]]:
    return {(cluster.name, table.database, table.table): (table.rows, table.digest)
            for cluster in survey.clusters for table in cluster.tables}


def _rows(reading: tuple[int, str] | None) -> str:
    return "" if reading is None else f"{reading[0]} rows" + (f", digest {reading[1]}" if reading[1] else "")


__all__: Sequence[str] = ["KINDS_ZH", "brought_back", "differences", "likeness", "said", "same_as_before", "unexpected"]
