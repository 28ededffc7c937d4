"""The forms that people fill in: what is asked for, in the words of the service desk.

They become the forms of the Prefect UI, so every field has a title and says what to enter; docstrings are shown there too.
A software upgrade answers R167 and R013; an application's release R012, R169, R173 and R177 (what it repairs and adds); a remote
diagnosis R103-R107 and R109; a capacity expansion R011.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, IPvAnyAddress, ValidationError, model_validator

from tasks.errors import BlockersFound

F = TypeVar("F", bound=BaseModel)

# One line of printable text: these words end up in locks, journals and scripts.
Words = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]*$", max_length=500)]
# A few lines: what somebody tells.
Telling = Annotated[str, Field(pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x09\x0b-\x1f\x7f]*$", max_length=2000)]
PackageWish = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]*(:[a-z0-9]+)?(=[0-9A-Za-z.+:~-]+)?$")]
FindingWish = Annotated[str, Field(pattern=r"^(H-)?[A-Z]{2,4}-\d{2}[a-z]?( [A-Za-z0-9][A-Za-z0-9._-]*( [^\x00-\x1f\x7f]+)?)?$", max_length=400)]


def _of_kind(prefixes: tuple[str, ...], instead: str) -> BeforeValidator:
    """A number whose prefix is another kind's is told apart from one that is none at all."""
    def see(value: object) -> object:
        if isinstance(value, str) and (found := re.fullmatch(r"([A-Z]{3})-\d{8}-\d{3,}", value)) and found.group(1) not in prefixes:
            raise ValueError(f"{value} is of another kind; {instead}")
        return value
    return BeforeValidator(see)


InspectionNumber = Annotated[str, Field(pattern=r"^(INS|DIA)-\d{8}-\d{3,}$"), _of_kind(
    ("INS", "DIA"), "name an inspection (INS-) or a diagnosis (DIA-); what a security check (SEC-) found is put right by security-hardening")]
CheckNumber = Annotated[str, Field(pattern=r"^SEC-\d{8}-\d{3,}$"), _of_kind(
    ("SEC",), "name a security check (SEC-); what an inspection (INS-) or a diagnosis (DIA-) found is put right by corrective-maintenance")]
# An absolute path without blanks and signs that a shell or /etc/fstab would read otherwise.
PlainPath = Annotated[str, Field(pattern=r"^/[A-Za-z0-9._+@/-]*$", max_length=200)]
HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
# What nearly every form asks, in the same words.
Customer = Annotated[str, Field(title="Customer", description="Name of the customer block", pattern=r"^[a-z0-9][a-z0-9-]*$")]
Requester = Annotated[Words, Field(title="Requested by", description="Who asked for it; may not approve it", min_length=1)]
Operator = Annotated[Words, Field(title="Operator", description="Who runs the procedure")]
Reason = Annotated[Words, Field(title="Reason", description="Why; it stands in the papers", min_length=1)]
StagingHost = Annotated[str, Field(
    title="Staging host", description="Name of a host block of this customer with the label staging; empty: a simulated copy of each first host")]
Opening = Annotated[AwareDatetime | None, Field(title="Window opens at", description="With time zone; empty: at once")]
Closing = Annotated[AwareDatetime | None, Field(title="Window closes at", description="With time zone; no step begins later. Empty: no end")]
Canaries = Annotated[int, Field(ge=1, title="Hosts in the first batch", description="Changed and checked before any other")]
BatchSize = Annotated[int, Field(ge=1, title="Hosts in each further batch", description="Changed side by side; the first failure stops all")]
Silence = Annotated[float, Field(gt=0, le=24 * 30, title="Hours until silence counts as no", description="Counted from when the approvers are asked")]
ChangeNumber = Annotated[str, Field(title="Change number", description="Only to take up a change that exists, for example CHG-20261122-001")]
WebAddress = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~/?=&%-]*)?$", max_length=300)]
UnitName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,200}\.(service|socket|timer|path|mount|target)$")]
AbsolutePlace = Annotated[str, Field(pattern=r"^(/\.?[A-Za-z0-9_+@:=,-][A-Za-z0-9._+@:=,-]*){2,}$", max_length=300)]
ConfigText = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f\\\\]+$", max_length=300)]


class ReleaseMedia(BaseModel):
    """A release of an application, as its vendor or our own developers handed it over."""

    model_config = ConfigDict(extra="forbid", title="Application release")

    root: Words = Field(title="Application folder on the host", description="For example /srv/orders; releases lie in its folder releases/")
    version: str = Field(title="New version", description="For example 1.1.0; the health address must name it", pattern=r"^[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}$")
    archive: str = Field(title="Release archive (tar.gz)", description="A path on the worker, or an http(s) address of the vendor")
    sha256: str = Field(title="SHA-256 of the archive", description="64 hexadecimal digits, as the vendor tells them", pattern=r"^[0-9a-f]{64}$")
    signature: str = Field(default="", title="Detached OpenPGP signature",
                           description="Path or address of the .asc or .sig file; empty only if the vendor signs nothing")
    keyring: str = Field(default="", title="Vendor's keyring", description="Path on the worker of the keyring that may sign")
    service: Words = Field(title="Service unit", description="For example orders.service")
    migrate: str = Field(default="", title="Database migration command", description="Run in the new release's folder; expand only")
    migrate_back: str = Field(default="", title="Command that takes the migration back",
                              description="Empty: the database is restored from a dump taken just before")
    database: Words = Field(default="", title="Database the migration changes", description="Empty if there is no migration")
    run_as: Words = Field(default="root", title="Account that runs the migration", description="On the host, for example orders")
    health: Words = Field(title="Health address", description="On the host itself, for example http://127.0.0.1:8000/health; must name the new version")
    repairs: list[str] = Field(default_factory=list, title="Defects that it repairs", description="In the vendor's words, one each")
    adds: list[str] = Field(default_factory=list, title="Functions that it adds", description="In the vendor's words, one each")


class UpgradeRequest(BaseModel):
    """A request for a software upgrade."""

    model_config = ConfigDict(extra="forbid", title="Software upgrade")

    customer: Customer
    hosts: list[HostName] = Field(title="Hosts", description="Names of host blocks, the canary first", min_length=1)
    kind: Literal["packages", "middleware", "database", "release"] = Field(
        default="packages", title="What is upgraded",
        description="packages: operating system; middleware: nginx, Tomcat; database: PostgreSQL minor version; release: an application",
    )
    scope: Literal["security", "listed", "everything"] = Field(
        default="security", title="Which packages", description="All security updates, the listed ones, or everything that can be upgraded",
    )
    packages: list[PackageWish] = Field(default_factory=list, title="Listed packages", description="name or name=version")
    release: ReleaseMedia | None = Field(default=None, title="Application release", description="Only where a release is upgraded")
    requester: Requester
    operator: Operator = ""
    reason: Reason
    rehearse_on: StagingHost = ""
    window_opens_at: Opening = None
    window_closes_at: Closing = None
    canaries: Canaries = 1
    batch_size: BatchSize = 5
    approval_hours: Silence = 72
    number: ChangeNumber = ""


class CorrectionRequest(BaseModel):
    """A request to put right what an inspection, or a remote diagnosis, found."""

    model_config = ConfigDict(extra="forbid", title="Corrective maintenance")

    customer: Customer
    inspection: InspectionNumber = Field(title="Inspection or diagnosis", description="Its number, for example INS-20261123-001")
    findings: list[FindingWish] = Field(
        default_factory=list, title="Findings",
        description="A check's id, for fewer with host and object: CFG-09a, CFG-09a web1, CFG-09a web1 /etc/shadow. Empty: all that can be mended",
    )
    targets: list[HostName] = Field(default_factory=list, title="Hosts", description="Only these; empty: all with such a finding")
    requester: Requester
    operator: Operator = ""
    reason: Reason = "findings of the inspection"
    rehearse_on: StagingHost = ""
    window_opens_at: Opening = None
    window_closes_at: Closing = None
    canaries: Canaries = 1
    batch_size: BatchSize = 5
    approval_hours: Silence = 72
    number: ChangeNumber = ""
    hosts: list[str] = Field(default_factory=list, title="Hosts to change", description="Leave empty: taken from the inspection")


class HardeningRequest(CorrectionRequest):
    """A request to turn failed controls of a security check into a change."""

    model_config = ConfigDict(extra="forbid", title="Security hardening")

    inspection: CheckNumber = Field(title="Security check", description="Its number, for example SEC-20261123-001")
    findings: list[FindingWish] = Field(
        default_factory=list, title="Controls",
        description="A control's id, for fewer with host and object: H-SSH-03, H-SSH-03 web1, H-FS-01b web1 /etc/shadow. Empty: all that can be mended",
    )
    reason: Reason = "failed controls of the security check"
    hosts: list[str] = Field(default_factory=list, title="Hosts to change", description="Leave empty: taken from the security check")


class FileSystemGrowth(BaseModel):
    """A file system that is to have more room: on its device, or its logical volume, there must be some that it does not use yet."""

    model_config = ConfigDict(extra="forbid", title="File system")

    mount: PlainPath = Field(title="Where it is mounted", description="For example /srv/data")
    free_mib: int = Field(default=0, ge=0, title="Goal: MiB free afterwards", description="0: the percentage alone counts")
    free_pct: int = Field(default=25, ge=0, le=90, title="Goal: percent of it free afterwards", description="0: the MiB alone count")
    lasts_days: int = Field(default=0, ge=0, le=3650, title="Goal: days that the room lasts",
                            description="At the growth below, or as an inspection forecast it")
    grows_mib_per_day: float = Field(default=0, ge=0, title="Growth, MiB a day", description="0: as forecast by the inspection, if one is named")
    unmount: bool = Field(default=False, title="May be unmounted", description="Only for ext4 that its kernel cannot grow while it is in use")
    stop: list[UnitName] = Field(default_factory=list, title="Services to stop for that", description="For example orders.service")


class SwapSpace(BaseModel):
    """More swap, in a file."""

    model_config = ConfigDict(extra="forbid", title="Swap")

    mib: int = Field(default=0, ge=0, le=1 << 20, title="Size of the swap file, MiB", description="0: as much as the goal needs")
    path: PlainPath = Field(default="/swapfile", title="Path of the swap file", description="On a file system with room for it; the file must not exist yet")
    free_mib: int = Field(default=0, ge=0, title="Goal: MiB of swap free afterwards", description="0: as much more as the file is large")

    @model_validator(mode="after")
    def _some(self) -> SwapSpace:
        if not self.mib and not self.free_mib:
            raise ValueError("say how large the swap file is to be, or how much swap is to be free")
        return self


class ConnectionLimit(BaseModel):
    """More connections of a PostgreSQL server. It is restarted."""

    model_config = ConfigDict(extra="forbid", title="Database connections")

    port: int = Field(default=5432, ge=1, le=65535, title="Port of the server on its host", description="Tells apart several servers on one host")
    free: int = Field(ge=1, le=5000, title="Goal: connections free afterwards", description="For ordinary roles, beside those in use now; up to 100 are tried")
    to: int = Field(default=0, ge=0, le=10000, title="max_connections", description="0: as the goal needs")


class ServiceLimits(BaseModel):
    """Higher limits of a service under systemd. It is restarted."""

    model_config = ConfigDict(extra="forbid", title="Service limits")

    unit: UnitName = Field(title="Service", description="For example orders.service")
    files: int = Field(default=0, ge=0, le=1 << 30, title="Open files (LimitNOFILE)", description="0: as it is")
    memory_mib: int = Field(default=0, ge=0, title="Memory, MiB (MemoryMax)", description="0: as it is")
    tasks: int = Field(default=0, ge=0, le=1 << 22, title="Processes and threads (TasksMax)", description="0: as it is")
    free_pct: int = Field(default=30, ge=0, le=95, title="Goal: percent of each limit free under load", description="Of every limit that is raised")
    load_url: Literal[""] | WebAddress = Field(
        default="", title="Address asked as load", description="On the host itself, for example http://127.0.0.1:8000/health; empty: the load it has")
    load_at_once: int = Field(default=5, ge=1, le=300, title="Requests at once", description="Under that load")
    load_requests: int = Field(default=100, ge=1, le=5000, title="Requests in all", description="As many as are answered within some ten seconds")

    @model_validator(mode="after")
    def _some(self) -> ServiceLimits:
        if not (self.files or self.memory_mib or self.tasks):
            raise ValueError("say which limit is to be raised")
        return self


class Tablespace(BaseModel):
    """A tablespace of PostgreSQL on another file system, and what moves there."""

    model_config = ConfigDict(extra="forbid", title="Tablespace")

    port: int = Field(default=5432, ge=1, le=65535, title="Port of the server on its host", description="Tells apart several servers on one host")
    name: str = Field(title="Tablespace", description="A new one or one that is there, for example fast", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    path: PlainPath = Field(title="Its folder", description="Empty or missing, on another file system than the data folder, for example /srv/fast/orders")
    database: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]*$", max_length=63)] = Field(
        default="", title="Database of the tables", description="Empty if no tables move")
    tables: list[Annotated[str, Field(pattern=r"^([A-Za-z0-9_]+\.)?[A-Za-z0-9_]+$", max_length=127)]] = Field(
        default_factory=list, title="Tables that move there", description="schema.table, with their indexes; empty: none")
    free_mib: int = Field(default=0, ge=0, title="Goal: MiB free there afterwards", description="0: no such goal")
    data_free_mib: int = Field(default=0, ge=0, title="Goal: MiB free where the data folder lies", description="0: no such goal")

    @model_validator(mode="after")
    def _of_a_database(self) -> Tablespace:
        if self.name.startswith("pg_"):
            raise ValueError("names that begin with pg_ are the server's own")
        if self.tables and not self.database:
            raise ValueError("say of which database the tables are")
        return self


class NewNode(BaseModel):
    """An application node more behind nginx or HAProxy. The machine is there, with the application's own files; what it lacks besides is put there."""

    model_config = ConfigDict(extra="forbid", title="Application node")

    host: HostName = Field(title="New node", description="Name of its host block")
    balancer: HostName = Field(title="Balancer", description="Name of the host block of the nginx or HAProxy before it")
    by: Literal["nginx", "haproxy"] = Field(default="nginx", title="Balancer's software", description="nginx; haproxy")
    file: PlainPath = Field(title="Balancer's file", description="For example /etc/nginx/conf.d/orders.conf or /etc/haproxy/haproxy.cfg")
    group: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")] = Field(title="Upstream or backend", description="Its name in that file")
    address: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+:\d{1,5}$")] = Field(title="Address of the node", description="As the balancer reaches it")
    weight: int = Field(default=1, ge=1, le=100, title="Weight", description="Its share of the traffic beside the other nodes' weights")
    packages: list[PackageWish] = Field(default_factory=list, title="Packages", description="name or name=version; installed where missing")
    services: list[UnitName] = Field(default_factory=list, title="Services", description="Started, and started with the machine, in this order")
    health: WebAddress = Field(title="Health address on the node itself", description="For example http://127.0.0.1/health")
    version: Annotated[str, Field(pattern=r"^([0-9A-Za-z][0-9A-Za-z.+~_-]{0,63})?$")] = Field(
        default="", title="Version that it must name", description="What the health address says of the application; empty: not asked")
    through: WebAddress = Field(title="Address through the balancer", description="On the balancer itself, for example http://127.0.0.1/health")
    load_at_once: int = Field(default=5, ge=1, le=300, title="Load: requests at once", description="Through the balancer, before and after")
    load_requests: int = Field(default=200, ge=20, le=5000, title="Load: requests in all", description="As many as are answered within some ten seconds")
    per_s: int = Field(default=0, ge=0, title="Goal: requests a second", description="Through the balancer, under that load; 0: none may fail")

    @model_validator(mode="after")
    def _two_hosts(self) -> NewNode:
        if self.host == self.balancer:
            raise ValueError("node and balancer are two hosts")
        return self


class CapacityRequest(BaseModel):
    """A request for more room: what is wanted in one of the parts, or an inspection's finding."""

    model_config = ConfigDict(extra="forbid", title="Capacity expansion")

    customer: Customer
    hosts: list[HostName] = Field(default_factory=list, title="Hosts", description="Names of host blocks; empty: the finding's, or a new node and its balancer")
    file_system: FileSystemGrowth | None = Field(default=None, title="File system", description="Part 1 of 6, of which one is filled in: a file system grows")
    swap: SwapSpace | None = Field(default=None, title="Swap", description="Part 2 of 6, of which one is filled in: more swap")
    tablespace: Tablespace | None = Field(
        default=None, title="Tablespace", description="Part 3 of 6, of which one is filled in: tables move to another file system")
    connections: ConnectionLimit | None = Field(
        default=None, title="Database connections", description="Part 4 of 6, of which one is filled in: PostgreSQL takes more connections")
    limits: ServiceLimits | None = Field(default=None, title="Service limits", description="Part 5 of 6, of which one is filled in: a service may use more")
    node: NewNode | None = Field(default=None, title="Application node", description="Part 6 of 6, of which one is filled in: one node more behind a balancer")
    inspection: str = Field(default="", title="Inspection", description="Its number, if the need comes from one, for example INS-20261123-001",
                            pattern=r"^((INS|DIA)-\d{8}-\d{3,})?$")
    finding: str = Field(default="", title="Finding", description="Of that inspection, with host and object: RES-01 web1 /srv/data",
                         pattern=r"^([A-Z]{2,4}-\d{2}[a-z]? [A-Za-z0-9][A-Za-z0-9._-]*( [^\x00-\x1f\x7f]+)?)?$", max_length=400)
    requester: Requester
    operator: Operator = ""
    reason: Reason
    rehearse_on: StagingHost = ""
    window_opens_at: Opening = None
    window_closes_at: Closing = None
    canaries: Canaries = 1
    batch_size: BatchSize = 5
    approval_hours: Silence = 72
    number: ChangeNumber = ""

    @property
    def parts(self) -> list[str]:
        """The parts that are filled in, by their field's name; a request that can be planned has one."""
        return [name for name in CAPACITY_PARTS if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _one_need(self) -> CapacityRequest:
        if len(self.parts) > 1:
            raise ValueError("fill in one part only; each is a change of its own")
        if not self.parts and not (self.inspection and self.finding):
            raise ValueError("fill in one part, or name an inspection and its finding")
        if self.finding and not self.inspection:
            raise ValueError("say of which inspection the finding is")
        if self.node and self.hosts not in ([], [self.node.host, self.node.balancer]):
            raise ValueError("a node and its balancer are the hosts; leave the field empty")
        if not self.hosts and not self.finding and not self.node:
            raise ValueError("name a host")
        return self


CAPACITY_PARTS = ("file_system", "swap", "tablespace", "connections", "limits", "node")


class SettingWish(BaseModel):
    """One setting, as it shall be."""

    model_config = ConfigDict(extra="forbid", title="Setting")

    system: Literal["kernel", "postgresql", "mariadb", "nginx", "jvm"] = Field(title="Of what", description="jvm: a Java service")
    name: str = Field(title="Setting", description="vm.swappiness; work_mem; innodb_buffer_pool_size; gzip_comp_level; -Xmx", min_length=1, max_length=100,
                      pattern=r"^[A-Za-z-][A-Za-z0-9_.:-]*$")
    value: Words = Field(title="New value", description="As one writes it there: 10; 64MB; on", min_length=1)
    at: Words = Field(default="", title="Which one", description="PostgreSQL: the port, where several run; nginx: the file, where several set it; "
                                                                "Java: the service unit")


class LoadWish(BaseModel):
    """A load that is run before and after, and what it must show for the change to be kept."""

    model_config = ConfigDict(extra="forbid", title="Load")

    title: Words = Field(title="What is measured", description="For example: orders a second", min_length=1)
    command: Telling = Field(title="Command of one round", description="pgbench, wrk, or any command that prints a figure; no passwords")
    figure: Words = Field(default="", title="Words before the figure", description='For example "tps =", "Requests/sec:"; empty: the last number it prints')
    unit: Words = Field(default="", title="Unit of the figure", description="As the papers write it, for example tps or ms", max_length=20)
    better: Literal["higher", "lower"] = Field(default="higher", title="Better is", description="higher: throughput; lower: time, size")
    at_least_pct: float = Field(default=5, ge=-50, le=10_000, title="Better by at least, percent",
                                description="Of the median. 0 or less: it need not be better, and may be worse by so much")
    rounds: int = Field(default=5, ge=3, le=20, title="Rounds, before and after each", description="More rounds tell luck from effect")
    limit_s: int = Field(default=60, ge=1, le=900, title="Seconds that one round may take", description="A round that takes longer fails")
    run_as: str = Field(default="nobody", title="Account that runs it", description="On the host, not root; postgres for pgbench",
                        pattern=r"^[a-z_][a-z0-9_-]*$")
    prepare: str = Field(default="", title="Command that prepares it", max_length=2000, description="Run once before the rounds; may be empty")
    clean: str = Field(default="", title="Command that clears up", max_length=2000,
                       description="Run after the rounds, and if they are broken off; must do no harm where nothing was prepared")
    where: Literal["copy and host", "copy", "host"] = Field(
        default="copy and host", title="Where it runs",
        description="copy: only in the rehearsal, the live system is spared; host: only on the live system, after the approval")

    @model_validator(mode="after")
    def _never_root(self) -> LoadWish:
        if self.run_as == "root":  # on a staging host it runs before anybody has approved it
            raise ValueError("a load does not run as root; name an account that may do less")
        return self


class TuningRequest(BaseModel):
    """A request to change settings, kept only if a load shows that it is better for it."""

    model_config = ConfigDict(extra="forbid", title="Configuration tuning")

    customer: Customer
    hosts: list[HostName] = Field(default_factory=list, title="Hosts", description="Names of host blocks, the canary first; empty: from the inspection")
    settings: list[SettingWish] = Field(default_factory=list, title="Settings", max_length=40, description="As they shall be; empty: an inspection's proposals")
    inspection: str = Field(default="", title="Inspection", description="Whose proposals are to be tried, for example INS-20261123-001; may be empty",
                            pattern=r"^((INS|DIA)-\d{8}-\d{3,})?$")
    findings: list[FindingWish] = Field(default_factory=list, title="Proposals", description="As in PG-41 or PG-41 db1 shared_buffers; empty: all of them")
    loads: list[LoadWish] = Field(title="Loads", description="At least one; all of them must be satisfied, or it is taken back", min_length=1, max_length=5)
    requester: Requester
    operator: Operator = ""
    reason: Reason
    rehearse_on: StagingHost = ""
    window_opens_at: Opening = None
    window_closes_at: Closing = None
    canaries: Canaries = 1
    batch_size: BatchSize = 5
    approval_hours: Silence = 72
    number: ChangeNumber = ""

    @model_validator(mode="after")
    def _something_to_tune(self) -> TuningRequest:
        if not self.settings and not self.inspection:
            raise ValueError("name at least one setting, or an inspection with proposals")
        if self.settings and self.inspection:
            raise ValueError("name settings, or an inspection with proposals, not both; each is a change of its own")
        if self.settings and not self.hosts and not self.number:
            raise ValueError("name the hosts whose settings these are")
        return self


class FrontDoor(BaseModel):
    """Where a proxy says where the service is."""

    model_config = ConfigDict(extra="forbid", title="Front door")

    file: AbsolutePlace = Field(title="Configuration file", description="For example /etc/nginx/sites-available/orders")
    now: ConfigText = Field(title="Text now", description="For example http://127.0.0.1:8000")
    then: ConfigText = Field(title="Text afterwards", description="@new@ is the new host's address: http://@new@:80")
    unit: UnitName = Field(default="nginx.service", title="Service that reads it", description="Reloaded when the text is changed")
    host: str = Field(default="", title="Its host", description="Empty: the old host", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")


class ServiceAddress(BaseModel):
    """An address of the service itself, which moves along with it."""

    model_config = ConfigDict(extra="forbid", title="Service address")

    address: IPv4Address = Field(title="Address", description="Not the old host's own, for example 192.0.2.80")
    file: AbsolutePlace = Field(title="Configuration file", description="That sets it and nothing else, for example /etc/network/interfaces.d/orders")
    interface: str = Field(title="Interface of the new host", description="For example eth0", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$")


class DnsRecord(BaseModel):
    """The record of the name that people know, on a name server of ours or the customer's (BIND)."""

    model_config = ConfigDict(extra="forbid", title="DNS record")

    host: HostName = Field(title="Name server", description="Name of the host block that has the zone, with update-policy local")
    name: str = Field(title="Name", description="In full, for example orders.bureau.example", max_length=253,
                      pattern=r"^([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\.?$")
    now: IPvAnyAddress = Field(title="Address now", description="For example 192.0.2.10")
    then: IPvAnyAddress = Field(title="Address afterwards", description="Of the new host, as people reach it, for example 192.0.2.20")

    @property
    def kind(self) -> str:
        """Of the record, by RFC 1035 and RFC 3596."""
        return "A" if self.now.version == 4 else "AAAA"

    @model_validator(mode="after")
    def _one_family(self) -> DnsRecord:
        if self.now.version != self.then.version:
            raise ValueError("both addresses are IPv4, or both are IPv6")
        return self


class MigrationRequest(BaseModel):
    """A request to move a service with its data to another host."""

    model_config = ConfigDict(extra="forbid", title="System migration")

    customer: Customer
    source: HostName = Field(title="Old host", description="Name of the host block that serves now")
    destination: HostName = Field(title="New host", description="Name of the host block that is to serve")
    services: list[UnitName] = Field(title="Services that move", description="In the order they start in, for example orders.service", min_length=1)
    ahead: list[UnitName] = Field(default_factory=list, title="Services started before the cutover",
                                  description="Those that write nothing, for example nginx.service")
    cluster: str = Field(default="", title="PostgreSQL cluster", description="As pg_lsclusters names it, for example 15/main; empty: no PostgreSQL moves",
                         pattern=r"^([0-9]{2}/[a-z][a-z0-9_]*)?$")
    mariadb: bool = Field(default=False, title="MariaDB", description="The host's MariaDB server moves, with all its databases and accounts")
    packages: list[PackageWish] = Field(default_factory=list, title="Packages", description="Installed on the new host at the old host's versions")
    accounts: list[str] = Field(default_factory=list, title="Accounts", description="Made with the same numbers, without a password")
    configuration: list[AbsolutePlace] = Field(
        default_factory=list, title="Configuration",
        description="Files and folders: programs, settings, certificates, scheduled jobs. The units' and the database server's come by themselves",
    )
    data: list[AbsolutePlace] = Field(default_factory=list, title="Data files", description="Folders that the services write; they come back with a back-out")
    front_door: FrontDoor | None = Field(default=None, title="Front door", description="A proxy's text that says where the service is")
    service_address: ServiceAddress | None = Field(default=None, title="Service address", description="An address that moves along with the service")
    dns_record: DnsRecord | None = Field(default=None, title="DNS record", description="Turned last. None of these three: people switch the traffic, see below")
    health: str = Field(title="Health address", description="On the new host itself, for example http://127.0.0.1:8000/health", pattern=r"^https?://[^\s'\"]+$")
    afterwards: list[Words] = Field(default_factory=list, title="What people do afterwards", description="For example: change the DNS record of orders")
    keep_mib: int = Field(default=4096, ge=64, title="WAL kept for the other host at most (MiB)",
                          description="On either host, of PostgreSQL; beyond it there is no way on, or back")
    catch_up_minutes: int = Field(default=60, ge=1, le=1440, title="Time the replica has to catch up (minutes)",
                                  description="Too many writes for it: the migration is backed out before anything was stopped")
    requester: Requester
    operator: Operator = ""
    reason: Reason
    window_opens_at: Opening = None
    window_closes_at: Closing = None
    approval_hours: Silence = 72
    number: ChangeNumber = ""
    hosts: list[str] = Field(default_factory=list, title="Hosts to change", description="Leave empty: the old one, the new one, the front door's")

    @model_validator(mode="after")
    def _one_server(self) -> MigrationRequest:
        if self.cluster and self.mariadb:
            raise ValueError("name a PostgreSQL cluster or MariaDB, not both: each server moves with a change of its own")
        return self


class BackOutRequest(BaseModel):
    """A request to take a finished change back (also long after it was closed)."""

    model_config = ConfigDict(extra="forbid", title="Back-out")

    change: str = Field(title="Change to back out", description="For example CHG-20261122-001", pattern=r"^CHG-\d{8}-\d{3,}$")
    requester: Requester
    operator: Operator = ""
    reason: Reason
    approval_hours: Silence = 72
    number: str = Field(default="", title="Change number", description="Only to take up a back-out that exists")
    customer: str = Field(default="", title="Customer", description="Leave empty: taken from the change")
    hosts: list[str] = Field(default_factory=list, title="Hosts", description="Leave empty: taken from the change")


class InspectionRequest(BaseModel):
    """What to inspect. An inspection reads and changes nothing, so nobody has to approve it."""

    model_config = ConfigDict(extra="forbid", title="Inspection")

    customer: Customer
    targets: list[HostName] = Field(default_factory=list, title="Targets",
                                    description="Names of hosts, devices and endpoints, or of databases; empty: all of the customer's")
    labels: list[Words] = Field(default_factory=list, title="Labels", description="Only what has one of these; empty: all")
    requester: Words = Field(default="schedule", title="Requested by", description="Who asked for it", min_length=1)
    operator: Words = Field(default="", title="Operator", description="Who runs the procedure, and stands in the report as inspector")
    reason: Reason = "quarterly inspection"
    when: Literal["now", "quarterly"] = Field(
        default="now", title="When", description="now; or quarterly: only on the customer's first working day of a quarter, once (for schedules)",
    )
    number: str = Field(default="", title="Inspection number", description="Only to take up an inspection that exists, for example INS-20261123-001")


class SecurityRequest(InspectionRequest):
    """What to check against the security baseline. A check reads and changes nothing, so nobody has to approve it."""

    model_config = ConfigDict(extra="forbid", title="Security check")

    reason: Reason = "quarterly security check"
    number: str = Field(default="", title="Check number", description="Only to take up a check that exists, for example SEC-20261123-001")


class BackupRequest(BaseModel):
    """What to back up. A backup reads, and is restored on a simulated copy; taking one needs no approval."""

    model_config = ConfigDict(extra="forbid", title="Backup")

    customer: Customer
    hosts: list[HostName] = Field(default_factory=list, title="Hosts", description="Names of host blocks; empty: all of the customer's")
    labels: list[Words] = Field(default_factory=list, title="Labels", description="Only hosts with one of these; empty: all")
    requester: Words = Field(default="schedule", title="Requested by", description="Who asked for it", min_length=1)
    operator: Operator = ""
    reason: Reason = "daily backup"
    number: str = Field(default="", title="Backup number", description="Only to take up a backup that exists, for example BAK-20261123-001")


class GivenLeave(BaseModel):
    """The customer's leave to log in, where it was given already. Without it, the customer is asked."""

    model_config = ConfigDict(extra="forbid", title="Leave to log in")

    by: Words = Field(title="Given by", description="One of the customer's approvers or contacts", min_length=1)
    how: Literal["phone", "mail", "paper"] = Field(title="How", description="phone; mail; paper: in writing")
    at: AwareDatetime | None = Field(default=None, title="When", description="With time zone; empty: just now")
    taken_by: Words = Field(default="", title="Taken down by", description="Empty: the operator, or the engineer")


class LeaveByPhone(GivenLeave):
    """The customer's leave to restore, where it came with the call."""

    model_config = ConfigDict(extra="forbid", title="Leave to restore")


class RestoreRequest(BaseModel):
    """A request to bring a host back to the state before a grave failure, from its backup. One person's leave by phone is enough; a review follows."""

    model_config = ConfigDict(extra="forbid", title="Emergency restore")

    customer: Customer
    hosts: list[HostName] = Field(title="Host", description="Name of one host block; start one restore a host", min_length=1, max_length=1)
    damage: Literal["find out", "configuration", "packages", "release", "data", "everything"] = Field(
        default="find out", title="What is damaged", description="find out: what differs from the backup. data: of the databases")
    to: AwareDatetime | None = Field(default=None, title="Data as of just before",
                                     description="With time zone: the moment of the mistake. Empty: all there is, or the backup where the database runs")
    backup: str = Field(default="", title="Backup", description="Its number; empty: the newest proven one before that moment",
                        pattern=r"^(BAK-\d{8}-\d{3,})?$")
    reported_at: AwareDatetime | None = Field(default=None, title="Reported at", description="When the customer phoned, with time zone; empty: just now")
    manager: Words = Field(default="", title="Senior manager told", description="Who was told and assigned the emergency group")
    requester: Requester
    operator: Operator = ""
    reason: Words = Field(title="What happened", description="The symptoms as they were told on the phone", min_length=1)
    leave: LeaveByPhone | None = Field(default=None, title="Leave to restore", description="Given by one of the approvers; empty: taken down on the run's page")
    accepted_loss_minutes: float = Field(default=0, ge=0, title="Minutes of data whose loss he accepts",
                                         description="The leave counts only if the plan loses no more; else it is asked for again with the figure")
    approval_hours: Silence = 4
    number: str = Field(default="", title="Change number", description="Only to take up a restore that exists")


class ReviewRequest(BaseModel):
    """The review after an emergency restore: what happened, whether it was right, what follows; confirmed by another approver of the customer."""

    model_config = ConfigDict(extra="forbid", title="Emergency review")

    change: str = Field(title="Emergency restore", description="For example CHG-20261123-001", pattern=r"^CHG-\d{8}-\d{3,}$")
    cause: Telling = Field(title="Cause", description="Why it came to the failure")
    judged: Telling = Field(title="Judgement", description="Whether the restore was right, the loss what was said, and the leave what was given")
    follows: Telling = Field(title="What follows", description="What keeps it from happening again; who does it until when")
    done: bool = Field(default=True, title="Nothing is taken back any more", description="The data folder kept beside may be removed by hand afterwards")
    requester: Words = Field(title="Reviewed by", description="One of ours; may not confirm it", min_length=1)
    operator: Operator = ""
    approval_hours: Silence = 120
    number: str = Field(default="", title="Review number", description="Only to take up a review that exists, for example REV-20261123-001")


class DiagnosisRequest(BaseModel):
    """A problem to be looked into from afar. Nothing on a target is changed, and nobody logs in before the customer's leave is recorded."""

    model_config = ConfigDict(extra="forbid", title="Remote diagnosis")

    customer: Customer
    hosts: list[HostName] = Field(default_factory=list, title="Hosts", description="Names of host blocks", max_length=100)
    databases: list[HostName] = Field(default_factory=list, title="Databases", description="Names of database blocks", max_length=100)
    problem: Telling = Field(title="Problem", description="In the customer's own words")
    happened_at: AwareDatetime | None = Field(default=None, title="When it happened", description="With time zone; empty: now")
    minutes_before: int = Field(default=60, ge=5, le=24 * 60, title="Minutes before it that are looked at", description="5 to 1440")
    minutes_after: int = Field(default=15, ge=0, le=4 * 60, title="Minutes after it", description="0 to 240; less where the moment is nearer than that")
    requester: Words = Field(title="Reported by", description="The person at the customer", min_length=1)
    engineer: Words = Field(title="Engineer", description="Who diagnoses", min_length=1)
    operator: Words = Field(default="", title="Operator", description="Who took the call and starts the procedure")
    reference: Words = Field(default="", title="Call or ticket", description="Empty if there is none")
    leave: GivenLeave | None = Field(default=None, title="Leave to log in", description="If it was given already; else the approvers are asked by mail")
    leave_hours: float = Field(default=24, gt=0, le=24 * 7, title="Hours for which the leave lasts", description="From when it is given")
    approval_hours: Silence = 24
    number: str = Field(default="", title="Diagnosis number", description="Only to take up a diagnosis that exists, for example DIA-20261123-001")

    @model_validator(mode="after")
    def _something_to_look_at(self) -> DiagnosisRequest:
        if not self.hosts and not self.databases and not self.number:
            raise ValueError("name at least one host or database")
        return self


# --- what was entered -----------------------------------------------------------------------------------------------------

def filled_in(form: type[F], entered: BaseModel | Mapping[str, Any]) -> F:
    """What was entered, as its form.

    Raises:
        BlockersFound: something in it cannot be; every mistake is told, by its field's title.
    """
    if isinstance(entered, form):
        return entered
    try:
        return form.model_validate(entered)
    except ValidationError as problem:
        said = "; ".join(_mistake(form, error) for error in problem.errors(include_url=False)[:8])
        raise BlockersFound(said, f"申请表填写有误：{said}") from None


def _mistake(form: type[BaseModel], error: Any) -> str:
    """One mistake in words that lead to its field, without the library's own."""
    titles, hint = [], ""
    kind: Any = form
    for part in error["loc"]:
        if isinstance(part, int):
            titles.append(f"item {part + 1}")
        elif (found := getattr(kind, "model_fields", {}).get(part)) is not None:
            titles.append(found.title or part)
            hint, kind = found.description or "", _form_in(found.annotation)
    hint = f" ({hint})" if hint else ""
    known = {"missing": "must be filled in", "extra_forbidden": f"the form has no field {error['loc'][-1] if error['loc'] else ''}",
             "string_pattern_mismatch": f"{str(error['input'])[:60]!r} is not written as it must be here{hint}", "too_short": f"add at least one{hint}",
             "timezone_aware": "needs its time zone"}
    said = known.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return f"{', '.join(titles)}: {said}" if titles else said


def _form_in(annotation: Any) -> Any:
    """The form that a field holds, one or a list of them, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for inner in map(_form_in, get_args(annotation)) if inner is not None), None)
