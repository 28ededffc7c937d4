"""HW-04b RAID controllers: virtual drives, disks and cache protection (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, str]]:
    """Thing and its state, as the controller's tool writes them."""
    found = [(name, state) for name, state in (words(line, 2, "\t") for line in until_end(output))]
    if not found:
        raise Unreadable("the controller's tool named nothing", "RAID 卡工具没有列出内容")
    return found


def judge(found: list[tuple[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, state in found:
        if state.lower() in ("optl", "onln", "optimal", "ok", "ghs", "dhs", "ugood", "online", "jbod", "opt", "charged"):
            yield ok(f"{name} 状态 {state}", f"{name} is {state}", object=name)
        elif state.lower() in ("rbld", "rebuilding", "cpybck", "recovering", "learning", "charging", "recharging"):
            yield warning(f"{name} 状态 {state}", f"{name} is {state}", object=name)
        else:
            yield critical(f"{name} 状态 {state}", f"{name} is {state}", object=name)


CHECK = HostCheck(
    id="HW-04b",
    title=Text(zh="RAID 卡", en="RAID controller"),
    chapter="hardware",
    command=r"""
tool=
for t in storcli64 storcli perccli64 perccli /opt/MegaRAID/storcli/storcli64 /opt/MegaRAID/perccli/perccli64; do
  command -v $t >/dev/null && tool=$t && break
done
if [ -n "$tool" ]; then
  # columns: DG/VD TYPE State ..., EID:Slt DID State ..., Model State (battery)
  timeout 15 $tool /call/vall show nolog 2>/dev/null | awk '$1 ~ /^[0-9]+\/[0-9]+$/ { print "virtual drive " $1 "\t" $3 }'
  timeout 15 $tool /call/eall/sall show nolog 2>/dev/null | awk '$1 ~ /^[0-9]+:[0-9]+$/ { print "disk " $1 "\t" $3 }'
  for kind in cv bbu; do
    timeout 10 $tool /call/$kind show nolog 2>/dev/null | awk '$1 ~ /^(CVPM|BBU|CacheVault)/ && NF > 2 { print "battery " $1 "\t" $2 }'
  done
elif command -v ssacli >/dev/null || command -v hpssacli >/dev/null; then
  tool=$(command -v ssacli || command -v hpssacli)
  timeout 20 "$tool" ctrl all show config 2>/dev/null | sed -nE 's/^ *((logicaldrive|physicaldrive) [^ ]+) .*, ([A-Za-z ]+)\)$/\1\t\3/p'
  timeout 10 "$tool" ctrl all show status 2>/dev/null | sed -nE 's/^ *(Controller|Cache|Battery\/Capacitor) Status: (.*)$/\1\t\2/p'
elif ls -d /sys/bus/pci/drivers/*/*:* 2>/dev/null | grep -qE '/(megaraid_sas|hpsa|smartpqi|aacraid)/'; then
  cannot "有 RAID 卡,但没有它的工具(storcli、perccli、ssacli)" "a RAID controller is here, its tool (storcli, perccli, ssacli) is not"
else
  na "没有 RAID 卡" "no RAID controller here"
fi
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="更换故障盘或电池,观察重建", en="Replace disk or battery, watch the rebuild"),
    source="StorCLI reference manual; HPE Smart Storage Administrator CLI",
    time_limit_s=60,
)
