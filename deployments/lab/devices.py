"""What inspections look at beside hosts: the SNMP agent of the database host as if it were a network device, and the web hosts' pages."""

from __future__ import annotations

import secrets
from pathlib import Path

from deployments.lab import engine
from deployments.lab.hosts import Host
from deployments.lab.place import LabError, folder

USER = "standfast"
# What an administrator sets up on a device: a user of SNMPv3 who may read everything, and write nothing. net-snmp keeps its users itself,
# and takes new ones while it is down.
SET_UP = """
set -eu
access=/etc/snmp/snmpd.conf.d/standfast.conf
[ ! -e $access ] || exit 0
systemctl stop snmpd
cat >> /var/lib/snmp/snmpd.conf
printf 'rouser {user} authpriv\\n' > $access
systemctl start snmpd
"""


def password_file(name: str) -> Path:
    """Where this lab's password lies, made once. name: "auth" or "privacy"."""
    path = folder() / f"snmp-{name}-password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(18))
    return path


def ensure(host: Host) -> None:
    """Make the user on the host's SNMP agent; harmless when done again. Hosts without one are left alone."""
    if host.kind != "db":
        return
    user = f'createUser {USER} SHA-256 "{password_file("auth").read_text()}" AES "{password_file("privacy").read_text()}"\n'
    done = engine.docker("exec", "-i", host.container, "sh", "-c", SET_UP.format(user=USER), stdin=user.encode(), check=False)
    if done.returncode != 0:
        raise LabError(f"the SNMP user could not be made on {host.name}: {done.stderr.decode(errors='replace').strip()[-300:]}")


def devices(hosts: list[Host]) -> list[dict]:
    """The agents as the inventory names them; a host made before its agent was published has none."""
    return [{"name": f"{host.name}-snmp", "customer": "bureau", "address": host.address, "port": host.services["snmp"], "user": USER,
             "auth_password": {"file": str(password_file("auth"))}, "privacy_password": {"file": str(password_file("privacy"))},
             "expected": {"name": host.name, "interfaces": ["eth0"]}}
            for host in hosts if "snmp" in host.services]


def endpoints(hosts: list[Host]) -> list[dict]:
    """The orders application as its users reach it: its health, and the newest orders."""
    return [{"name": f"{host.name}-{page}", "customer": "bureau", "url": f"http://{host.address}:{host.services['http']}/{page}", "text": text}
            for host in hosts if "http" in host.services and host.kind == "web" for page, text in (("health", '"status": "ok"'), ("orders", '"id"'))]
