"""HW-07a Errors and drops of network cards, and their speed (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, int, int, int]]:
    """Card, packets, errors and drops, speed in Mb/s (0: not told)."""
    found = []
    for line in until_end(output):
        name, packets, errors, speed = words(line, 4)
        found.append((name, whole(packets, "packets"), whole(errors, "errors"), max(0, whole(speed, "the speed"))))
    if not found:
        raise Unreadable("no network card was read", "没有读到网卡")
    return found


def judge(cards: list[tuple[str, int, int, int]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, packets, errors, speed in cards:
        share = 100 * errors / packets if packets else 0
        yield Row(limits["errors"].grade(share), f"{name} 错误与丢包 {errors}/{packets}({share:.2f} %)",
                  f"{name}: {errors} errors and drops of {packets} packets, {share:.2f} %",
                  object=name, value=round(share, 4), unit="%")
        before = known.before.get(f"{name} speed")
        if speed:
            slower = before is not None and before.value is not None and speed < before.value
            yield Row(Outcome.WARNING if slower else Outcome.OK, f"{name} 速率 {speed} Mb/s" + (",比上次低" if slower else ""),
                      f"{name} runs at {speed} Mb/s" + (", less than last time" if slower else ""), object=f"{name} speed", value=speed, unit="Mb/s")


CHECK = HostCheck(
    id="HW-07a",
    title=Text(zh="网卡错误与速率", en="Network cards"),
    chapter="hardware",
    command=r"""
n=0
for d in /sys/class/net/*; do
  name=${d##*/}
  case $name in lo|veth*|docker*|br-*|cali*|cni*|virbr*|tap*|tun*) continue;; esac
  [ -d "$d/statistics" ] || continue
  set --
  for f in rx_packets tx_packets rx_errors tx_errors rx_dropped tx_dropped; do read -r x <"$d/statistics/$f" && set -- "$@" "$x"; done
  speed=0; read -r speed 2>/dev/null <"$d/speed" || speed=0
  echo "$name $(($1 + $2)) $(($3 + $4 + $5 + $6)) $speed"; n=1
done
[ $n = 1 ] || cannot "没有找到网卡" "no network card was found"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"errors": Limit(1, 5, "% of packets", Text(zh="node-exporter mixin NodeNetworkReceiveErrs;严重为经验值",
                                                       en="node-exporter mixin NodeNetworkReceiveErrs; critical: own judgement"))},
    objects={"speed": "速率"},
    remedy=Text(zh="更换网线,检查交换机端口与双工", en="Replace the cable, check switch port and duplex"),
    source="Linux Documentation/ABI/testing/sysfs-class-net-statistics",
)
