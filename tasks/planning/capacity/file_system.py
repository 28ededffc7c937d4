"""A file system that needs more room: how much, whether its device or its volume has it, and how it is grown. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reports.records import NOTHING, Text
from tasks.operations import file_system
from tasks.operations.scripts import fill
from tasks.planning.capacity.expansion import Act, Expansion, Headroom, figures, size
from tasks.requests import FileSystemGrowth

MIB = 1 << 20

# Exit status 0 with kind= empty: nothing is mounted there. bytes: the file system's own idea of its size.
_FACTS = r"""mount=@mount@; SAVED=/nonexistent
kind=$(findmnt -n -o FSTYPE -M "$mount" 2>/dev/null | tail -n 1) || :
echo "kind=$kind"
[ -n "$kind" ] || exit 0
@look_script@
echo "options=$(findmnt -n -o OPTIONS -M "$mount" | tail -n 1)"
echo "device=$(device)"
df -P -k "$mount" | awk 'NR == 2 { print "size_kib=" $2; print "used_kib=" $3; print "free_kib=" $4 }'
case $kind in xfs|ext4|btrfs) ;; *) exit 0 ;; esac
for tool in @tools_script@; do command -v "$tool" >/dev/null || echo "missing-$tool=yes"; done
echo "device_bytes=$(device_bytes 2>/dev/null)"
echo "bytes=$(fs_bytes 2>/dev/null)"
echo "own_pct=$(own_pct 2>/dev/null)"
# lvs knows a volume by its mapper's name, not as /dev/dm-0
mapped=/sys/class/block/$(basename "$(device)")/dm/name
if [ -r "$mapped" ] && command -v lvs >/dev/null && told=$(lvs --noheadings --nosuffix --units b --separator : \
    -o vg_name,lv_name,segtype,lv_size,vg_free,vg_extent_size "/dev/mapper/$(cat "$mapped")" 2>/dev/null); then echo "volume=$(echo $told)"; fi
exit 0
"""


@dataclass(frozen=True)
class Volume:
    """A logical volume; sizes in bytes."""

    name: str
    plain: bool
    size: int
    group_free: int
    extent: int


@dataclass(frozen=True)
class Facts:
    """kind: empty where nothing is mounted. bytes, device_bytes: of the file system and of what it lies on; 0: not read. Sizes otherwise in KiB.

    own_pct: of what is added, the file system keeps at most so much for itself.
    """

    kind: str
    options: str = ""
    device: str = ""
    size_kib: int = 0
    used_kib: int = 0
    free_kib: int = 0
    bytes: int = 0
    device_bytes: int = 0
    missing: tuple[str, ...] = ()
    volume: Volume | None = None
    own_pct: int = file_system.OWN_SHARE_PCT


def facts_script(part: FileSystemGrowth) -> str:
    tools = " ".join(dict.fromkeys(tool for kind in file_system.KINDS for tool in file_system.TOOLS[kind]))
    return fill(_FACTS, mount=part.mount, look_script=file_system.LOOK, tools_script=tools)


def parse(output: str) -> Facts:
    """Raises UnreadableOutput."""
    told = figures(output, "kind")
    if not told["kind"]:
        return Facts("")
    told = figures(output, "kind", "options", "device", "size_kib", "used_kib", "free_kib")
    volume = None
    if found := re.fullmatch(r"([^:]+):([^:]+):([^:]+):(\d+):(\d+):(\d+)", told.get("volume", "")):
        volume = Volume(f"{found[1]}/{found[2]}", found[3] in ("linear", "striped"), int(found[4]), int(found[5]), int(found[6]))
    return Facts(told["kind"], told["options"], told["device"], *(int(told[name]) for name in ("size_kib", "used_kib", "free_kib")),
                 int(told.get("bytes") or 0), int(told.get("device_bytes") or 0),
                 tuple(name.removeprefix("missing-") for name in told if name.startswith("missing-")), volume,
                 int(told.get("own_pct") or file_system.OWN_SHARE_PCT))


def goal_kib(part: FileSystemGrowth, used_kib: int, size_kib: int) -> int:
    """What must be free of a file system of this size: the most of what the request asks for."""
    return max(part.free_mib * 1024, size_kib * part.free_pct // 100, round(part.lasts_days * part.grows_mib_per_day * 1024))


def _size_for(part: FileSystemGrowth, facts: Facts) -> int:
    """Bytes of a file system in which what is wanted is free, with what it keeps for itself."""
    free = max(part.free_mib * 1024, round(part.lasts_days * part.grows_mib_per_day * 1024))
    wanted_kib = max(facts.used_kib + free, facts.used_kib * 100 // max(1, 100 - part.free_pct))
    more_kib = max(0, wanted_kib - facts.used_kib - facts.free_kib)
    return facts.bytes + more_kib * 1024 * 100 // (100 - facts.own_pct) + file_system.SLACK_BYTES


def expand(part: FileSystemGrowth, facts: Facts) -> Expansion:
    """Nothing to do where what is wanted is free; else the volume (where one has to be) and then the file system grow."""
    mount, now_goal = part.mount, goal_kib(part, facts.used_kib, facts.size_kib)
    need = _need(part, facts)
    if not facts.kind:
        return Expansion(need, blockers=(Text(zh=f"{mount} 没有挂载文件系统；请核对路径。", en=f"Nothing is mounted at {mount}; correct the path."),))
    if facts.free_kib >= now_goal:
        return Expansion(need)
    if blockers := _blockers(part, facts):
        return Expansion(need, blockers=tuple(blockers))
    acts: list[Act] = []
    target = facts.device_bytes
    if _free_after(facts, target) < goal_kib(part, facts.used_kib, target // 1024):
        volume, wanted = facts.volume, _size_for(part, facts)
        most = volume.size + volume.group_free if volume and volume.plain else facts.device_bytes
        target = -(-wanted // volume.extent) * volume.extent if volume else wanted
        if target > most:
            return Expansion(need, blockers=(_too_small(part, facts, wanted, most),))
        acts.append(Act("extend-volume", file_system.extend_volume(mount, facts.kind, volume.name, target)))
    goal = min(goal_kib(part, facts.used_kib, target // 1024), _free_after(facts, target))
    mend = file_system.grow(mount, facts.kind, goal, unmount=part.unmount, stop=part.stop)
    acts.append(Act("grow-file-system", mend, no_return=not mend.undo))
    return Expansion(
        need, tuple(acts),
        (Headroom(Text(zh=f"{mount} 剩余空间不少于 {goal >> 10} MiB（df）", en=f"{mount} has at least {goal >> 10} MiB free, by df"),
                  file_system.headroom(mount, goal), file_system.headroom_reads(mount, goal), on_copy=False),),
        noticed=Text(zh=f"内核不能在线扩大时，{mount} 会短暂卸载，其间停止 {'、'.join(part.stop) or '（无）'}",
                     en=f"if the kernel cannot grow it while in use, {mount} is unmounted for a moment, with {', '.join(part.stop) or 'nothing'} stopped")
        if mend.interrupts else NOTHING,
        no_way_back=NOTHING if mend.undo else mend.breaks)


def _free_after(facts: Facts, device_bytes: int) -> int:
    """KiB free once the file system is as large as this, at the least."""
    return facts.free_kib + max(0, device_bytes - facts.bytes) // 1024 * (100 - facts.own_pct) // 100


def _need(part: FileSystemGrowth, facts: Facts) -> Text:
    if not facts.kind:
        return NOTHING
    now, goal = size(facts.free_kib / 1024), size(goal_kib(part, facts.used_kib, facts.size_kib) / 1024)
    zh = f"{part.mount}（{facts.kind}）共 {size(facts.size_kib / 1024)}，剩余 {now}；目标剩余不少于 {goal}"
    en = f"{part.mount} ({facts.kind}) has {size(facts.size_kib / 1024)}, {now} free; at least {goal} free are wanted"
    if part.grows_mib_per_day and part.lasts_days:
        zh += f"，按每天增长 {part.grows_mib_per_day:.1f} MiB 可用 {part.lasts_days} 天"
        en += f", to last {part.lasts_days} days at {part.grows_mib_per_day:.1f} MiB a day"
    return Text(zh=zh, en=en)


def _blockers(part: FileSystemGrowth, facts: Facts) -> list[Text]:
    mount, found = part.mount, []
    if facts.kind not in file_system.KINDS:
        return [Text(zh=f"{mount} 是 {facts.kind} 文件系统，本流程只扩容 ext4、XFS 和 btrfs。",
                     en=f"{mount} is {facts.kind}; this procedure grows ext4, XFS and btrfs.")]
    if "ro" in facts.options.split(","):
        found.append(Text(zh=f"{mount} 以只读方式挂载，请先查明原因。", en=f"{mount} is mounted read-only; find out why first."))
    if tools := [tool for tool in file_system.TOOLS[facts.kind] if tool in facts.missing]:
        found.append(Text(zh=f"主机上没有 {'、'.join(tools)}，请先安装。", en=f"{', '.join(tools)} is not installed on the host; install it first."))
    elif not facts.bytes or not facts.device_bytes:
        found.append(Text(zh=f"读不出 {mount} 或其设备 {facts.device} 的大小（由多个设备组成，或设备不可见）。",
                          en=f"The size of {mount} or of its device {facts.device} cannot be read (several devices, or one that is not seen)."))
    return found


def _too_small(part: FileSystemGrowth, facts: Facts, wanted: int, most: int) -> Text:
    free = size(_free_after(facts, most) / 1024)
    where = f"{facts.volume.name}" if facts.volume else facts.device
    return Text(zh=f"{where} 最多可到 {size(most / MIB)}，{part.mount} 届时剩余约 {free}，达不到目标（需要约 {size(wanted / MIB)}）；"
                   "请先扩大磁盘（分区用 growpart，并让内核重新读取其大小）或卷组，再编制方案。",
                en=f"{where} can have {size(most / MIB)} at most, {part.mount} about {free} free then, which misses the goal (about {size(wanted / MIB)} are "
                   "needed); enlarge the disk (a partition by growpart, and have the kernel read its size anew) or the volume group, then plan again.")
