"""The role that inspections use, on the lab's database servers, made by the very script that customers get. Its password is this lab's own."""

from __future__ import annotations

import secrets
from pathlib import Path

from deployments.lab import hosts
from deployments.lab.hosts import Host
from deployments.lab.place import LabError, folder

ROLES = Path(__file__).resolve().parents[1] / "roles"
USER = "standfast_inspect"
KINDS = {"web": ("postgresql",), "disk": ("postgresql",), "db": ("mariadb",), "vm": ("postgresql", "mariadb")}


def password_file() -> Path:
    """Where this lab's password lies, made once."""
    path = folder() / "inspect-password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(18))
    return path


def ensure(host: Host) -> None:
    """Make the role on the host's database servers; harmless when done again. Hosts without one are left alone."""
    for kind in KINDS.get(host.kind, ()):
        sql = (ROLES / f"inspect_{kind}.sql").read_bytes()
        if kind == "postgresql":
            command = ["su", "postgres", "-c", f"psql -q -v ON_ERROR_STOP=1 -d postgres -v role={USER} -f -"]
            sql += f"\nALTER ROLE {USER} PASSWORD '{password_file().read_text()}';\n".encode()
        else:
            command = ["mariadb"]
            sql += f"\nALTER USER '{USER}'@'%' IDENTIFIED BY '{password_file().read_text()}' ACCOUNT UNLOCK;\n".encode()
        done = hosts.run(host, *command, stdin=sql)
        if done.returncode != 0:
            raise LabError(f"the inspection's role could not be made on {host.name}: {done.stderr.decode(errors='replace').strip()[-300:]}")


def entries(all_hosts: list[Host]) -> list[dict]:
    """The servers as the inventory names them: reached through their hosts' SSH."""
    return [{"name": f"{host.name}-{kind}", "customer": "bureau", "kind": kind, "address": "127.0.0.1",
             "port": {"postgresql": 5432, "mariadb": 3306}[kind], "user": USER, "password": {"file": str(password_file())}, "through": host.name,
             "database": {"postgresql": "postgres", "mariadb": "mysql"}[kind]}
            for host in all_hosts for kind in KINDS.get(host.kind, ())]
