"""How a copy runs: systemd as its first process, few rights, and a network that ends at a gateway (R174)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from tasks.errors import CommandFailed
from tasks.sandbox import mariadb_copy
from tasks.sandbox.engine import COPY_LABEL, MACHINE_LABEL, MADE_LABEL, TARGET_LABEL, Engine
from tasks.sandbox.reading import DataCluster

GATEWAY_IMAGE = "standfast/gateway:1"
BASES = ("standfast/debian:12", "debian:12-slim", "debian:bookworm-slim", "debian:12")
PROXY_PORT, SSH_PORT = 8888, 2222
BUILD_LIMIT_S = 600

# What would act on the outside, on the clock, the network or the schedule of a host. Unit names.
SILENT = """
    cron crond anacron atd exim4 exim4-base postfix postfix@- sendmail nullmailer msmtpd opensmtpd apt-daily
    apt-daily-upgrade unattended-upgrades certbot dpkg-db-backup e2scrub_all fstrim logrotate man-db
    systemd-timesyncd chrony chronyd ntp ntpd ntpsec networking NetworkManager NetworkManager-wait-online
    systemd-networkd systemd-networkd-wait-online ifup@eth0 nftables iptables netfilter-persistent ufw firewalld
    fail2ban keepalived corosync pacemaker heartbeat cloud-init cloud-init-local cloud-config cloud-final puppet
    chef-client salt-minion zabbix-agent zabbix-agent2 filebeat telegraf wazuh-agent qemu-guest-agent
    open-vm-tools docker containerd libvirtd smartd mdmonitor lvm2-monitor multipathd snapd systemd-udevd
    systemd-modules-load systemd-remount-fs console-getty getty@tty1 serial-getty@ttyS0
""".split()
CAPABILITIES = ("SYS_ADMIN", "SYS_PTRACE", "SYS_NICE")  # systemd's mounts; seeing which old libraries still run; units with Nice=
WITHOUT = ("NET_RAW", "MKNOD")
WATCHDOG_FREE = "--log-target=journal --show-status=false"


def silent_units() -> tuple[str, ...]:
    return tuple(f"{name}.{kind}" for name in SILENT for kind in ("service", "timer") if kind == "service" or "@" not in name)


def boot_script(clusters: Iterable[DataCluster], mariadb: mariadb_copy.DumpedServer | None = None) -> str:
    """The copy's first process, a POSIX script: the databases are loaded and re-keyed before all else, then it becomes systemd.

    systemd reads its own command line as if it were the kernel's when it runs in a container: so units are masked and fstab is
    ignored without touching a file of the copy.
    """
    rekeying = ""
    for cluster in clusters:
        sql = f"/.standfast/{cluster.version}-{cluster.name}.sql"
        where = f"{shlex.quote(cluster.version)} {shlex.quote(cluster.name)}"
        data = shlex.quote(cluster.data)
        # a log file that is used again would keep old bytes behind its new ones
        fresh = " -c wal_recycle=off" if cluster.version.isdigit() and int(cluster.version) >= 12 else ""
        rekeying += f"""
if [ -s {sql} ]; then
  install -d -m 2775 -o {shlex.quote(cluster.owner)} -g {shlex.quote(cluster.owner)} {shlex.quote(cluster.socket)}
  pg_ctlcluster --skip-systemctl-redirect {where} start \
    -o "-c listen_addresses='' -c archive_mode=off -c log_statement=none{fresh}" -- -t 600 ||
    {{ echo "standfast: database {cluster.version}/{cluster.name} does not start" >&2; exit 41; }}
  runuser -u {shlex.quote(cluster.owner)} -- \
    psql -h {shlex.quote(cluster.socket)} -p {cluster.port} -XqAt -v ON_ERROR_STOP=1 -f - postgres < {sql} ||
    {{ echo "standfast: roles of {cluster.version}/{cluster.name} cannot be re-keyed" >&2; exit 42; }}
  pg_ctlcluster --skip-systemctl-redirect {where} stop -m fast
  redo=$(LC_ALL=C /usr/lib/postgresql/{shlex.quote(cluster.version)}/bin/pg_controldata -D {data} |
    sed -n 's/^Latest checkpoint.s REDO WAL file: *//p')
  # after a clean stop only this one is needed; the others hold the old verifiers
  [ -z "$redo" ] || find {data}/pg_wal -maxdepth 1 -type f -name '????????????????????????' ! -name "$redo" -delete
fi"""
    loading = mariadb_copy.load_script(mariadb) if mariadb else ""
    masks = " ".join(f"systemd.mask={unit}" for unit in silent_units())
    return f"""set -eu
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
cd /
# the engine's own files over the host's: away
own=$(hostname -I 2>/dev/null | cut -d' ' -f1)
for file in /etc/hosts /etc/hostname /etc/resolv.conf; do
  umount "$file" 2>/dev/null || true
  if [ -f "/.standfast$file" ]; then
    rm -f "$file"; sed "s/@OWN-ADDRESS@/${{own:-127.0.1.1}}/" "/.standfast$file" > "$file"
    chown --reference="/.standfast$file" "$file"; chmod --reference="/.standfast$file" "$file"
  fi
done
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mount -o remount,rw /sys/fs/cgroup 2>/dev/null || mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  umount -l -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup 2>/dev/null || true
  mount -t tmpfs -o mode=755,nosuid,nodev,noexec tmpfs /sys/fs/cgroup
  mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
fi
mkdir -p /run/lock
cat /proc/sys/kernel/random/uuid > /run/standfast-boot
mount --bind /run/standfast-boot /proc/sys/kernel/random/boot_id
{rekeying}{loading}
rm -rf /.standfast
container=docker; export container
init=/lib/systemd/systemd; [ -x $init ] || init=/usr/lib/systemd/systemd
exec $init {WATCHDOG_FREE} fstab=no systemd.unit=multi-user.target {masks}
"""


def empty_image(engine: Engine, name: str, labels: Sequence[str]) -> str:
    """An image with nothing in it, for a container that is filled afterwards. labels: as `labels_of` gives them."""
    words = " ".join(key + '="' + re.sub(r'["\\$\n]', "-", value) + '"' for key, _, value in (label.partition("=") for label in labels[1::2]))
    nothing = bytes(10240)  # a tar archive without members
    engine.run("import", "-c", f"LABEL {words}", "-", name, stdin=nothing)
    return name


def image_of(engine: Engine, name: str) -> str:
    """The container as an image, `name`:filled, removed with the copy: all that an engine without a plain Debian can build upon."""
    engine.run("commit", name, f"{name}:filled", timeout_s=BUILD_LIMIT_S)
    return f"{name}:filled"


def create(
    engine: Engine,
    *,
    name: str,
    image: str,
    network: str,
    hostname: str,
    labels: Sequence[str],
    boot: str,
    memory_mib: int,
    cpu: float,
) -> None:
    """Make the copy's container, not started."""
    options = [f"--cap-add={capability}" for capability in CAPABILITIES] + [f"--cap-drop={capability}" for capability in WITHOUT]
    if "apparmor" in engine.run("info", "-f", "{{.SecurityOptions}}"):
        options += ["--security-opt", "apparmor=unconfined"]  # its default profile forbids the mounts that systemd makes
    engine.run(
        "create",
        "--name",
        name,
        "--hostname",
        hostname,
        *labels,
        "--network",
        network,
        "--network-alias",
        "copy",
        "--dns",
        "0.0.0.0",
        "--cgroupns=private",
        "--tmpfs",
        "/run:exec,mode=755",
        "--tmpfs",
        "/tmp:exec,mode=1777",
        "--stop-signal",
        "SIGRTMIN+3",
        "--log-opt",
        "max-size=1m",
        "--memory",
        f"{memory_mib}m",
        "--memory-swap",
        f"{memory_mib}m",
        "--cpus",
        str(cpu),
        "--pids-limit",
        "4096",
        *options,
        image,
        "/bin/sh",
        "-c",
        boot,
    )


def labels_of(number: str, target: str, machine: str, made: int) -> list[str]:
    labels = {COPY_LABEL: number, TARGET_LABEL: target, MACHINE_LABEL: machine, MADE_LABEL: made}
    return [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]


def make_network(engine: Engine, name: str, labels: Sequence[str]) -> str:
    """A network of the copy's own: no way out, and not even an address of the engine's machine in it. Returns its subnet."""
    engine.run("network", "create", "--internal", "-o", "com.docker.network.bridge.inhibit_ipv4=true", *labels, name)
    return engine.run("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", name)


def gateway_image(engine: Engine, otherwise: str = "", proxies: str = "") -> str:
    """The gateway's image, built once; `otherwise` is built upon if the engine has no plain Debian (and not kept for others).

    Raises:
        CommandFailed: it cannot be built; the last line of the build says why.
    """
    if engine.run("image", "inspect", "-f", "{{.Id}}", GATEWAY_IMAGE, check=False):
        return GATEWAY_IMAGE
    base = next((image for image in BASES if engine.run("image", "inspect", "-f", "{{.Id}}", image, check=False)), otherwise)
    if not base:
        return ""
    name = GATEWAY_IMAGE if base != otherwise else f"{otherwise}-gateway"
    lines = f"""FROM {base}
RUN {proxies}apt-get -q update \\
 && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install tinyproxy-bin socat \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
USER 65534:65534
"""
    try:
        engine.run("build", "--force-rm", "-q", "-t", name, "-", stdin=lines.encode(), timeout_s=BUILD_LIMIT_S)
    except CommandFailed as problem:
        raise CommandFailed(
            f"the gateway's image cannot be built on {base}: {problem}; give the engine a way to a Debian mirror, "
            f"or load an image named {GATEWAY_IMAGE} with tinyproxy and socat",
            f"无法在 {base} 上制作网关镜像：{problem.text.zh}；请为引擎提供 Debian 镜像源，"
            f"或导入名为 {GATEWAY_IMAGE} 且含 tinyproxy 和 socat 的镜像",
        ) from problem
    return name


def start_gateway(
    engine: Engine,
    *,
    name: str,
    image: str,
    network: str,
    subnet: str,
    labels: Sequence[str],
    package_hosts: Sequence[str],
    upstream: str,
    copy_ssh_port: int,
) -> tuple[str, int]:
    """The only door of the copy: a proxy to the package sources, and a port on 127.0.0.1 that leads to its sshd.

    Returns its address in the copy's network and the port. `upstream`: "host:port" of the proxy that the host itself
    goes through, or "".

    Raises:
        CommandFailed: it does not start, or a package source is no host:port.
    """
    engine.run(
        "create",
        "--name",
        name,
        *labels,
        "--network",
        network,
        "--publish",
        f"127.0.0.1::{SSH_PORT}",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
        "--read-only",
        "--tmpfs",
        "/tmp:mode=1777,size=1m",
        "--user",
        "65534:65534",
        "--memory",
        "64m",
        "--memory-swap",
        "64m",
        "--pids-limit",
        "256",
        "--sysctl",
        "net.ipv4.ip_forward=0",
        "--log-opt",
        "max-size=1m",
        "--env",
        f"SETTINGS={proxy_settings(subnet, upstream)}",
        "--env",
        f"ALLOWED={allowed(package_hosts)}",
        "--entrypoint",
        "/bin/sh",
        image,
        "-c",
        'printf "%s\\n" "$SETTINGS" > /tmp/settings; printf "%s\\n" "$ALLOWED" > /tmp/allowed; '
        f"socat TCP-LISTEN:{SSH_PORT},fork,reuseaddr,max-children=64 TCP:copy:{copy_ssh_port},connect-timeout=5 2>/dev/null & "
        "exec tinyproxy -d -c /tmp/settings",
    )
    engine.run("network", "connect", "bridge", name)
    engine.run("start", name)
    address = engine.run("inspect", "-f", f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}', name)
    port = engine.run("port", name, f"{SSH_PORT}/tcp")
    return address, int(port.splitlines()[0].rpartition(":")[2])


def proxy_settings(subnet: str, upstream: str) -> str:
    return "\n".join(
        [
            f"Port {PROXY_PORT}",
            "Listen 0.0.0.0",
            "Timeout 120",
            "MaxClients 32",
            "LogLevel Error",
            f"Allow {subnet}",
            "DisableViaHeader Yes",
            'Filter "/tmp/allowed"',
            "FilterURLs On",
            "FilterExtended On",
            "FilterDefaultDeny Yes",
            "ConnectPort 443",
            *([f"Upstream http {upstream}"] if upstream else []),
        ]
    )


def allowed(package_hosts: Sequence[str]) -> str:
    """Lines for the proxy's filter, one per package source, each fitting that host and port and no other.

    Raises:
        CommandFailed: an entry is no host:port.
    """
    lines = []
    for entry in package_hosts:
        found = re.fullmatch(r"([A-Za-z0-9._-]+):(\d{1,5})", entry)
        if not found:
            raise CommandFailed(
                f"{entry!r} is no package source of the form host:port; correct the sandbox block or the host's sources",
                f"{entry!r} 不是“主机:端口”形式的软件源；请更正模拟环境的登记或主机的软件源",
            )
        host, port = found[1].replace(".", "\\."), found[2]
        optional = f"(:{port})?" if port in ("80", "443") else f":{port}"
        lines.append(f"^http://{host}{optional}/" if port != "443" else f"^(https://)?{host}{optional}(/|$)")
    return "\n".join(lines) or "^$"


def apt_settings(gateway: str, package_hosts: Sequence[str]) -> str:
    """apt.conf of the copy: everything through the gateway, whatever the host's own settings say."""
    proxy = f"http://{gateway}:{PROXY_PORT}/"
    hosts = dict.fromkeys(entry.rpartition(":")[0] for entry in package_hosts)
    return "".join(
        f'Acquire::{scheme}::Proxy{name} "{proxy}";\n'
        for scheme in ("http", "https")
        for name in ("", *(f"::{h}" for h in hosts))
    )
