"""Writes the inventory of the lab: what an operator would write by hand for his own hosts."""

from __future__ import annotations

from pathlib import Path

import yaml

from deployments.lab import databases, devices, engine
from deployments.lab.hosts import Host
from deployments.lab.place import folder

_CUSTOMERS = [
    {
        "name": "bureau",
        "full_name": {"zh": "XX市环境卫生管理局", "en": "Municipal Sanitation Bureau"},
        "language": "zh",
        "approvers": [
            {"name": "王主任", "email": "wang@bureau.example", "phone": "+86 10 5550 0101", "post": "信息中心主任"},
            {"name": "李工", "email": "li@bureau.example", "phone": "+86 10 5550 0102", "post": "系统管理员"},
        ],
        "contacts": [
            {"role": {"zh": "值班电话", "en": "Duty phone"}, "name": "信息中心值班室", "phone": "+86 10 5550 0100"},
            {
                "role": {"zh": "现场联系人", "en": "On-site contact"},
                "name": "李工",
                "phone": "+86 10 5550 0102",
                "email": "li@bureau.example",
            },
        ],
    },
]
_ACCEPTANCE = {
    "web": {
        "title": {"zh": "订单系统应答", "en": "Orders application answers"},
        "command": "curl -fsS --max-time 5 http://127.0.0.1/health",
    },
    "node": {
        "title": {"zh": "网页服务应答", "en": "Web server answers"},
        "command": "curl -fsS --max-time 5 -o /dev/null http://127.0.0.1/",
    },
    "tomcat": {
        "title": {"zh": "Tomcat 应答", "en": "Tomcat answers"},
        "command": "curl -sS --max-time 5 -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8080/",
    },
    "db": {
        "title": {"zh": "MariaDB 应答", "en": "MariaDB answers"},
        "command": "mariadb -N -e 'select count(*) from stock.movement'",
    },
}
_WATCHED = {
    "web": ["/etc/nginx", "/etc/postgresql", "/etc/orders", "/etc/systemd/system"],
    "node": ["/etc/nginx"],
    "tomcat": ["/etc/tomcat10", "/etc/nginx"],
    "db": ["/etc/mysql", "/etc/nginx"],
}


_ACCEPTANCE["disk"], _WATCHED["disk"] = _ACCEPTANCE["web"], [*_WATCHED["web"], "/etc/fstab"]
_ACCEPTANCE["vm"], _WATCHED["vm"] = _ACCEPTANCE["web"], [*_WATCHED["disk"], "/etc/mysql"]


class _Plain(yaml.SafeDumper):
    """Without anchors and aliases, as a person would write it."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def write(hosts: dict[str, Host], smtp_port: int) -> Path:
    """Write `.lab/inventory.yaml` for these hosts; returns its path. The file appears whole or not at all."""
    archive = folder() / "archive"
    content = {
        "provider": {"name": {"zh": "示例运维服务有限公司", "en": "Example IT Services Ltd"}},
        "customers": _CUSTOMERS,
        "hosts": [_host(host) for host in hosts.values()],
        "databases": databases.entries(list(hosts.values())),
        "devices": devices.devices(list(hosts.values())),
        "endpoints": devices.endpoints(list(hosts.values())),
        "sandboxes": [{"name": "default", "engine": engine.address(), "memory_mib": 1024, "disk_mib": 8192}],
        "archives": [
            {
                "name": "default",
                "database": f"sqlite:///{archive / 'archive.db'}",
                "store": str(archive),
                "signing_key": str(archive / "signing.key"),
            }
        ],
        "notices": [{"name": "default", "host": "127.0.0.1", "port": smtp_port, "sender": "standfast@provider.example"}],
    }
    path = folder() / "inventory.yaml"
    part = path.with_suffix(".part")
    part.write_text(
        "# Written by `python -m deployments.lab`; changes are lost when the lab comes up again.\n"
        + yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=130),
        encoding="utf-8",
    )
    part.replace(path)
    return path


def _inside(host: Host) -> str:
    """The host's address in the engine's network, where the lab's hosts reach each other; another after each start. A virtual machine is in none."""
    if host.kind == "vm":
        return ""
    shown = engine.docker("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", host.container, check=False)
    return shown.stdout.decode().strip() if shown.returncode == 0 else ""


def _host(host: Host) -> dict:
    return {
        "name": host.name,
        "customer": "bureau",
        "address": host.address,
        "port": host.port,
        "user": host.user,
        "key_file": host.key_file,
        "host_key": host.host_key,
        **({"peer_address": address} if (address := _inside(host)) else {}),
        **({"connect_timeout_s": 60} if host.kind == "vm" else {}),  # where the processor does not help, and is busy, a log-in takes its time
        "become": "sudo",
        "watched": _WATCHED[host.kind],
        "databases": ["orders"] if host.kind in ("web", "disk", "vm") else [],
        "releases": ["/srv/orders"] if host.kind in ("web", "disk", "vm") else [],
        "acceptance": [_ACCEPTANCE[host.kind]],
    }
