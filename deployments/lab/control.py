"""The lab as one object: bring it up, take hosts back to the beginning, and break them as real hosts break."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from deployments.lab import base_image, databases, devices, engine, hosts, inventory, machine, mail_sink, media
from deployments.lab.hosts import Host
from deployments.lab.media import Release
from deployments.lab.place import LabError, folder, only_one, say

FULL = ("web1", "web2")
MEND = """
ip link set eth0 up
[ ! -s /root/.lab-route ] || ip route replace $(cat /root/.lab-route)
rm -f /root/.lab-route
"""
REVIVE_LIMIT_S = 20
NOWHERE = "192.0.2.1"  # an address of the block for documentation (RFC 5737)


class Lab:
    """Every method is idempotent where that means something, and raises LabError with one sentence when it cannot do its work."""

    @property
    def folder(self) -> Path:
        """Where everything of this lab lies: `.lab` in the repository, or what STANDFAST_LAB names."""
        return folder()

    @property
    def inventory(self) -> Path:
        """The inventory file that `up` writes."""
        return folder() / "inventory.yaml"

    @property
    def mail(self) -> Path:
        """Where the mail sink puts messages, `<n>-<to>.eml`."""
        return folder() / "mail"

    def up(self, hosts: Iterable[str] = FULL, nodes: int = 0) -> dict[str, Host]:
        """Bring up these hosts and `nodes` light ones; what is up already stays as it is, whatever happened to it since.

        Returns all hosts of the lab that were made, by name. Quick when nothing is to do.
        """
        names = [*dict.fromkeys([*hosts, *(f"node{number}" for number in range(1, nodes + 1))])]
        return self._up(names)

    def _up(self, names: list[str]) -> dict[str, Host]:
        for name in names:
            hosts.kind_of(name)
        with only_one():
            engine.ensure()
            states, known = hosts.states(), hosts.known()
            waited: list[Host] = []
            for name in names:
                state = states.get(name)
                if name in known and state == "running":
                    if not hosts.greets(known[name]):
                        waited.append(_revived(known[name]))
                elif name in known and state is not None:
                    say(f"starting host {name}")
                    hosts.power_on(known[name])
                    waited.append(known[name])
                else:
                    say(f"making host {name}")
                    waited.append(hosts.create(name))
            gone = set(known) - set(states) - set(names)
            if gone:
                hosts.remember({name: host for name, host in hosts.known().items() if name not in gone})
            for host in waited:
                hosts.wait(host)
                databases.ensure(host)
                devices.ensure(host)
            port = mail_sink.ensure()
            media.ensure()
            made = hosts.known()
            inventory.write(made, port)
            return made

    def down(self, images: bool = False) -> None:
        """Remove this lab's hosts and end its mail sink; with `images` also the images that labs share, and the disk that virtual machines begin with."""
        with only_one():
            mail_sink.stop()
            hosts.remove_machines()
            if not engine.answers():
                return
            hosts.remove_all()
            if images:
                listed = engine.text("images", "--format", "{{.Repository}}:{{.Tag}}").split()
                for image in sorted(
                    (one for one in listed if one.startswith("standfast/lab-")), key=lambda one: "lab-node" in one
                ):
                    engine.docker("rmi", image, check=False)
                shutil.rmtree(folder() / "machines", ignore_errors=True)
            (folder() / "inventory.yaml").unlink(missing_ok=True)

    def reset(self, name: str) -> Host:
        """Make the host afresh from its image and wait until it answers; its key stays, its machine id and boot id are new."""
        with only_one():
            engine.ensure()
            host = hosts.create(name)
            hosts.wait(host)
            databases.ensure(host)
            devices.ensure(host)
            inventory.write(hosts.known(), mail_sink.ensure())
            return host

    def remove(self, *names: str) -> None:
        """Take down these hosts alone; the inventory forgets them."""
        with only_one():
            for name in names:
                hosts.discard(name)
            hosts.remember({name: host for name, host in hosts.known().items() if name not in names})
            inventory.write(hosts.known(), mail_sink.ensure())

    def host(self, name: str) -> Host:
        """A host that is part of the lab. Raises LabError when it was not brought up."""
        try:
            return hosts.known()[name]
        except KeyError:
            raise LabError(f"host {name} is not up; `python -m deployments.lab up --with {name}` makes it") from None

    def release(self, version: str) -> Release:
        """A release of the application as its vendor hands it over: "1.1.0" (works) or "1.2.0" (does not become healthy)."""
        return media.ensure()[version]

    def exec(self, name: str, script: str, limit_s: float = 120.0) -> tuple[int, str]:
        """Run shell text as root on the host, past SSH and past Standfast; returns (exit status, output and errors together)."""
        done = hosts.run(self.host(name), "sh", "-c", f"exec 2>&1\n{script}", limit_s=limit_s)
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def must(self, name: str, script: str, limit_s: float = 120.0) -> str:
        """As `exec`, but returns the output alone and raises LabError when the exit status is not 0."""
        code, output = self.exec(name, script, limit_s)
        if code != 0:
            raise LabError(f"on {name} this failed with {code}: {script.strip().splitlines()[0]!r}: {output.strip()[-300:]}")
        return output

    def kill(self, name: str) -> None:
        """Power loss: every process of the host is gone at once; `start` brings it back."""
        hosts.power_off(self.host(name))

    def start(self, name: str) -> None:
        """Power on, and wait until the host answers."""
        if not hosts.power_on(self.host(name)):
            raise LabError(f"somebody else took a port of host {name} meanwhile; `python -m deployments.lab reset {name}` makes it anew with others")
        hosts.wait(self.host(name))

    def restart(self, name: str, orderly: bool = False) -> None:
        """Restart the host, as by a power loss or `orderly` as by the command reboot, and wait until it answers.

        Its boot id is new.
        """
        hosts.power_off(self.host(name), orderly)
        self.start(name)

    def cut(self, name: str) -> None:
        """Pull the network plug: connections hang, new ones are not answered. What runs on the host goes on."""
        self.must(name, "ip -4 route show default > /root/.lab-route; ip link set eth0 down")

    def mend(self, name: str) -> None:
        """Put the network plug back; the host keeps its address and its published port."""
        self.must(name, MEND)
        hosts.wait(self.host(name))

    def cut_mirror(self, name: str) -> None:
        """The package source is gone for this host: its name leads to an address that cannot be reached, all else works."""
        mirror = base_image.mirror()
        names = {address.split("/")[2].split("@")[-1].split(":")[0] for address in (mirror.main, mirror.security)}
        proxies = re.findall(r'"https?://([^/:"]+)', mirror.settings)
        lines = "".join(f"{NOWHERE} {one} # lab: gone\n" for one in sorted({*names, *proxies}))
        self.must(
            name,
            f"ip route replace unreachable {NOWHERE}; grep -q 'lab: gone' /etc/hosts || cat >> /etc/hosts <<'END'\n{lines}END\n",
        )

    def mend_mirror(self, name: str) -> None:
        """The package source is back."""
        self.must(
            name, "grep -v 'lab: gone' /etc/hosts > /run/hosts.mended; cat /run/hosts.mended > /etc/hosts; rm /run/hosts.mended"
        )
        self.exec(name, f"ip route del unreachable {NOWHERE}")

    def small_disk(self, name: str, path: str, room_mib: int) -> None:
        """Give a folder of the host a file system of its own with its content and `room_mib` MiB left.

        It is a tmpfs laid over the folder: a restart of the host takes it away with all that was written to it since;
        `whole_disk` takes it away and keeps that. /usr/lib/postgresql makes an upgrade of PostgreSQL fail while it unpacks,
        /var/lib/standfast makes Standfast itself run out of room.
        """
        path = path.rstrip("/")
        self.must(
            name,
            f"""
            mkdir -p {path}
            used=$(du -sxm {path} | cut -f1)
            mkdir -p /run/lab-disk
            mount -t tmpfs -o mode=$(stat -c %a {path}),size=$((used + {room_mib} + used / 8 + 1))m standfast-lab /run/lab-disk
            chown --reference={path} /run/lab-disk
            cp -a {path}/. /run/lab-disk/
            mount --move /run/lab-disk {path} 2>/dev/null || {{ mount --bind /run/lab-disk {path}; umount /run/lab-disk; }}
        """,
        )
        room = int(self.must(name, f"df -Pm {path} | tail -n 1 | awk '{{print $4}}'"))
        if not room_mib <= room <= room_mib * 1.2 + 64:
            raise LabError(f"{path} on {name} has {room} MiB left, wanted {room_mib}")

    def whole_disk(self, name: str, path: str) -> None:
        """Take away what `small_disk` laid over the folder; the folder keeps the content that it has now."""
        path = path.rstrip("/")
        self.must(
            name,
            f"""
            findmnt -n -t tmpfs -M {path} > /dev/null
            mkdir -p /run/lab-root && mount --bind / /run/lab-root
            find /run/lab-root{path} -mindepth 1 -delete
            rm -f {path}/.lab-filler
            cp -a {path}/. /run/lab-root{path}/
            umount /run/lab-root && umount -l {path}
        """,
        )

    def fill_disk(self, name: str, path: str, left_kib: int = 0) -> None:
        """Fill the file system at `path` until `left_kib` KiB are left.

        Only a file system of its own is filled, as `small_disk` makes it: the host's root lies on this machine's own disk.
        """
        path = path.rstrip("/")
        code, _ = self.exec(name, f"findmnt -n -t tmpfs -M {path}")
        if code != 0:
            raise LabError(
                f"{path} on {name} has no small file system of its own; call small_disk({name!r}, {path!r}, room_mib) first"
            )
        self.must(
            name,
            f"""
            room=$(df -Pk {path} | tail -n 1 | awk '{{print $4}}')
            take=$((room - {left_kib}))
            [ $take -le 0 ] || head -c "${{take}}K" /dev/zero >> {path}/.lab-filler || [ {left_kib} = 0 ]
        """,
        )

    def free_disk(self, name: str, path: str) -> None:
        """Give back what `fill_disk` took."""
        self.must(name, f"rm -f {path.rstrip('/')}/.lab-filler")

    def add_disk(self, name: str, mount: str, kind: str, size_mib: int) -> None:
        """Give a host of the kind "disk" a disk with a file system ("ext4", "xfs", "btrfs"), mounted there; it goes with the host.

        The disk is a file in the host behind a loop device of the machine's. It is held open, and given back when the host goes.
        """
        self.must(
            name,
            f"""
            mkdir -p /var/lib/lab-disks {mount}
            file=/var/lib/lab-disks/{mount.strip("/").replace("/", "-")}
            truncate -s {size_mib}M $file
            mkfs.{kind} -q $file
            n=0
            until device=$(losetup -f) && {{ [ -b $device ] || mknod $device b 7 ${{device#/dev/loop}}; }} && losetup $device $file; do
                n=$((n + 1)); [ $n -lt 10 ] || exit 1; sleep 0.5   # another lab took it first
            done
            setsid -f sh -c "exec 9<$device; exec sleep infinity" > /dev/null 2>&1 < /dev/null
            sleep 0.2
            mount -t {kind} $device {mount}
            losetup -d $device   # from now on with its last user
        """,
        )

    def enlarge_disk(self, name: str, mount: str, size_mib: int) -> None:
        """Make the disk of this mount larger, as a virtual machine's is made; the file system on it does not grow by that."""
        self.must(
            name,
            f"""
            truncate -s {size_mib}M /var/lib/lab-disks/{mount.strip("/").replace("/", "-")}
            losetup -c $(findmnt -n -v -o SOURCE -M {mount})
        """,
        )

    def enlarge_machine_disk(self, name: str, disk: str, mib: int) -> None:
        """Make a disk of a virtual machine ("vdb", "vdc": there from the beginning, empty) larger while it runs; its kernel hears of it."""
        machine.Machine(self.host(name).name).enlarge(disk, mib)

    def until(self, name: str, condition: str, limit_s: float = 60.0) -> None:
        """Wait until shell text succeeds on the host, looking ten times a second from within.

        Raises LabError after `limit_s` seconds. For faults that must strike at a given moment.
        """
        turns = int(limit_s * 10)
        script = f"n=0; until {{ {condition}\n}}; do n=$((n + 1)); [ $n -lt {turns} ] || exit 99; sleep 0.1; done"
        code, output = self.exec(name, script, limit_s * 3 + 10)
        if code != 0:
            raise LabError(
                f"on {name} this did not come true within {limit_s:.0f} s: {condition.strip()!r} {output.strip()[-200:]}"
            )

    def status(self) -> list[dict[str, str]]:
        """One row per host: name, kind, state, port, whether it is ready, how many upgrades its package lists offer."""
        rows = []
        states = hosts.states() if engine.answers() else {}
        for name, host in hosts.known().items():
            row = {
                "name": name,
                "kind": host.kind,
                "state": states.get(name, "gone"),
                "port": str(host.port),
                "ready": "",
                "upgrades": "",
            }
            if row["state"] == "running":
                began = time.monotonic()
                try:
                    hosts.wait(host, limit_s=0)
                    row["ready"] = f"yes ({time.monotonic() - began:.1f} s)"
                    row["upgrades"] = self.must(
                        name, "apt-get -s -o Debug::NoLocking=1 upgrade 2>/dev/null | grep -c ^Inst || true"
                    ).strip()
                except LabError:
                    row["ready"] = "no"
            rows.append(row)
        return rows


def _revived(host: Host) -> Host:
    """A host that runs and does not answer: a test that was broken off may have left it cut off. Mended, else made afresh."""
    try:
        hosts.run(host, "sh", "-c", MEND, limit_s=20)
        hosts.wait(host, REVIVE_LIMIT_S)
        return host
    except LabError as problem:
        say(f"{problem}; making it afresh")
        return hosts.create(host.name)


lab = Lab()
