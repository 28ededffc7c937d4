"""STO-02 Fibre Channel ports and iSCSI sessions are up (R131 存储外设检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, str]]:
    """Port or session, and its state."""
    found = [(name, state) for name, state in (words(line, 2) for line in until_end(output))]
    if not found:
        raise Unreadable("no link was named", "没有列出链路")
    return found


def judge(found: list[tuple[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    up = sum(state in ("Online", "LOGGED_IN") for _, state in found)
    for name, state in found:
        if state in ("Online", "LOGGED_IN"):
            yield ok(f"{name} {state}", f"{name} is {state}", object=name)
        elif state in ("Linkdown", "Offline", "Unknown") and up and name not in known.before:
            # A second port nobody plugged in is common; it is told once as a warning.
            yield warning(f"{name} {state}", f"{name} is {state}", object=name)
        else:
            yield critical(f"{name} {state}", f"{name} is {state}", object=name)


CHECK = HostCheck(
    id="STO-02",
    title=Text(zh="光纤与 iSCSI 链路", en="Links to storage"),
    chapter="storage",
    command=r"""
n=0
for d in /sys/class/fc_host/host* /sys/class/iscsi_session/session*; do
  [ -d "$d" ] || continue
  n=1; state=unreadable
  case $d in *fc_host*) read -r state <"$d/port_state";; *) read -r state <"$d/state";; esac
  echo "${d##*/} $state"
done
[ $n = 1 ] || na "没有光纤通道或 iSCSI" "neither Fibre Channel nor iSCSI here"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="检查光模块、线缆、交换机与存储", en="Check module, cable, switch and storage"),
    source="Linux Documentation/scsi/scsi_fc_transport.rst; scsi_transport_iscsi",
)
