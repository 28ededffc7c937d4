"""`python -m deployments.lab up|down|status|reset HOST`."""

from __future__ import annotations

import argparse
import sys
import time

from deployments.lab.control import FULL, lab
from deployments.lab.place import LabError, say


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deployments.lab", description="Debian 12 hosts in containers to show and test Standfast on."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser(
        "up", help="bring up web1 and web2 (and what is asked for besides), the mail sink and the vendor's releases"
    )
    up.add_argument("--only", nargs="+", metavar="HOST", help="these hosts and no others")
    up.add_argument(
        "--with", nargs="+", default=[], metavar="HOST", dest="besides", help="hosts besides web1 and web2, for example tomcat1, or vm1: a virtual machine"
    )
    up.add_argument("--nodes", type=int, default=0, metavar="N", help="also N light hosts node1 … nodeN")
    down = commands.add_parser("down", help="remove this lab's containers, end its mail sink")
    down.add_argument("--images", action="store_true", help="also remove the images of lab hosts")
    commands.add_parser("status", help="show the hosts")
    reset = commands.add_parser("reset", help="make hosts afresh from their image")
    reset.add_argument("hosts", nargs="+", metavar="HOST")
    given = parser.parse_args()
    began = time.monotonic()
    try:
        if given.command == "up":
            if not 0 <= given.nodes <= 99:
                raise LabError(f"--nodes {given.nodes}: ask for 0 to 99 light hosts")
            made = lab.up([*(given.only or FULL), *given.besides], given.nodes)
            say(f"{len(made)} hosts are up ({time.monotonic() - began:.1f} s); inventory: {lab.inventory}")
        elif given.command == "down":
            lab.down(given.images)
        elif given.command == "reset":
            for name in given.hosts:
                lab.reset(name)
                say(f"host {name} is as new ({time.monotonic() - began:.1f} s)")
        else:
            rows = lab.status()
            for row in rows:
                print(
                    f"{row['name']:<10} {row['kind']:<7} {row['state']:<9} 127.0.0.1:{row['port']:<6} "
                    f"ready: {row['ready'] or '-':<12} upgrades offered: {row['upgrades'] or '-'}"
                )
            if not rows:
                say("no host is up; `make lab` brings them up")
    except LabError as problem:
        print(f"lab: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
