"""File systems made larger, and what they lie on. Returns a Mend and runs nothing.

ext4, XFS and btrfs grow while they are in use; what came of it is read from df and from the file system itself, never from an exit status: a
kernel that refuses says so only there. XFS cannot be made smaller again, btrfs can while in use, ext4 only while it is not mounted.
Source: xfs_growfs(8), resize2fs(8), btrfs-filesystem(8), lvextend(8).
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.records import Text
from tasks.operations.mend import Mend
from tasks.operations.scripts import fill

KINDS = ("ext4", "xfs", "btrfs")
TOOLS = {"ext4": ("resize2fs", "dumpe2fs", "e2fsck"), "xfs": ("xfs_growfs", "xfs_info"), "btrfs": ("btrfs",)}
SLACK_BYTES = 8 << 20  # a last piece too small for the file system to use
OWN_SHARE_PCT = 3      # of what is added, XFS and btrfs keep at most so much for themselves; ext4 says itself what it keeps for root and for inodes
RESIZE_LIMIT_S = 4 * 3600  # an offline check or a relocation of a large one

# $mount, $kind. Where it is not mounted (ext4, cut off in the middle), what was saved tells the device.
LOOK = r"""mounted() { findmnt -n -M "$mount" >/dev/null; }
device() {
  if mounted; then readlink -f "$(findmnt -n -v -o SOURCE -M "$mount" | tail -n 1)"; else cat "$SAVED/device"; fi
}
device_bytes() { echo $(( $(cat "/sys/class/block/$(basename "$(device)")/size") * 512 )); }
fs_bytes() {
  case $kind in
    xfs) set -- $(xfs_info "$mount" | sed -n 's/^data .*bsize=\([0-9]*\) *blocks=\([0-9]*\),.*/\1 \2/p') ;;
    ext4) set -- $(dumpe2fs -h "$(device)" 2>/dev/null | sed -n 's/^Block \(count\|size\): *//p') ;;
    btrfs) set -- $(btrfs filesystem show --raw "$mount" | sed -n 's/^[[:space:]]*devid .* size \([0-9]*\) .*/\1/p') 1 ;;
  esac
  [ $# = 2 ] || { echo "the size of $mount cannot be read" >&2; return 1; }
  echo $(($1 * $2))
}
own_pct() {
  case $kind in
    ext4) dumpe2fs -h "$(device)" 2>/dev/null | awk -F ': *' '
      $1 == "Block count" { all = $2 }   $1 == "Reserved block count" { kept = $2 }   $1 == "Blocks per group" { group = $2 }
      $1 == "Block size" { block = $2 }  $1 == "Inodes per group" { inodes = $2 }     $1 == "Inode size" { inode = $2 }
      END { print int(100 * kept / all + 100 * inodes * inode / (group * block) + 2) }' ;;
    *) echo 3 ;;
  esac
}
free_kib() { df -P -k "$mount" | awk 'NR == 2 { print $4 }'; }
"""
_HOLDS = r"""[ "$(findmnt -n -o FSTYPE -M "$mount" | tail -n 1)" = "$kind" ] || { echo "$mount is no $kind file system any more" >&2; exit 1; }
case ,$(findmnt -n -o OPTIONS -M "$mount" | tail -n 1), in *,ro,*) echo "$mount is mounted read-only; see why first" >&2; exit 1 ;; esac
for tool in @tools_script@; do command -v "$tool" >/dev/null || { echo "$tool is not installed on this host" >&2; exit 1; }; done
room=$(( $(device_bytes) - $(fs_bytes) ))
free=$(( $(free_kib) + room / 1024 * (100 - $(own_pct)) / 100 ))
echo "$mount: $(free_kib) KiB free, $((room / 1024)) KiB of its device are not used yet, $goal_kib KiB free are wanted"
if [ "$free" -lt "$goal_kib" ]; then
  echo "the target is too small: with all of its device $mount would have about $free KiB free, not $goal_kib" >&2; exit 1
fi
"""
_SAVE = r"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/kept" ]; then
  device >"$SAVED/device"; fs_bytes >"$SAVED/bytes"; df -P -k "$mount" >"$SAVED/df"
  findmnt -n -o OPTIONS -M "$mount" | tail -n 1 >"$SAVED/options"; : >"$SAVED/stopped"
  sync "$SAVED/device" "$SAVED/bytes" "$SAVED/options" "$SAVED/stopped"
  touch "$SAVED/kept"
fi
"""
_GROW = {
    "xfs": 'xfs_growfs -d "$mount"\n',
    "btrfs": 'btrfs filesystem resize max "$mount"\n',
    "ext4": 'resize2fs "$(device)" || echo "it does not grow while it is mounted"\n',
}
# Whatever happened, it ends mounted, with the services running that ran before.
_OFFLINE = r"""units=@units@
back_in_use() {
  if ! mounted; then mount -t "$kind" -o "$(cat "$SAVED/options")" "$(cat "$SAVED/device")" "$mount"; fi
  while read -r unit; do systemctl start "$unit"; done <"$SAVED/stopped"
}
offline() {
  for unit in $units; do
    if systemctl is-active -q "$unit"; then
      grep -qxF -e "$unit" "$SAVED/stopped" || { echo "$unit" >>"$SAVED/stopped"; sync "$SAVED/stopped"; }
      systemctl stop "$unit"
    fi
  done
  if mounted; then umount "$mount"; fi
  e2fsck -f -p "$(cat "$SAVED/device")" || [ $? = 1 ]  # 1: it mended something
  resize2fs "$(cat "$SAVED/device")" "$@"
}
"""
_IS_GROWN = r"""grown() { [ $(( $(device_bytes) - $(fs_bytes) )) -lt @slack@ ]; }
"""
_PROOF = r"""mounted || { echo "$mount is not mounted" >&2; exit 1; }
if ! grown; then echo "$mount is as large as before: $(fs_bytes) of $(device_bytes) bytes" >&2; exit 1; fi
df -P -k "$mount" | tail -n 1
if [ -e "$SAVED/df" ]; then
  before=$(awk 'NR == 2 { print $2 }' "$SAVED/df"); now=$(df -P -k "$mount" | awk 'NR == 2 { print $2 }')
  if [ "$now" -le "$before" ]; then echo "df still says $now KiB" >&2; exit 1; fi
fi
"""
_UNDO_BTRFS = r"""[ -e "$SAVED/kept" ] || { echo "nothing was changed"; exit 0; }
if [ "$(fs_bytes)" != "$(cat "$SAVED/bytes")" ]; then btrfs filesystem resize "$(cat "$SAVED/bytes")" "$mount"; fi
"""
_UNDO_EXT4 = r"""[ -e "$SAVED/kept" ] || { echo "nothing was changed"; exit 0; }
if [ "$(fs_bytes)" != "$(cat "$SAVED/bytes")" ]; then offline "$(( $(cat "$SAVED/bytes") / 1024 ))K"; fi
back_in_use
"""
_UNDO_PROOF = r"""[ -e "$SAVED/kept" ] || exit 0
mounted || { echo "$mount is not mounted" >&2; exit 1; }
[ "$(fs_bytes)" = "$(cat "$SAVED/bytes")" ] || { echo "$mount has $(fs_bytes) bytes, not $(cat "$SAVED/bytes") as before" >&2; exit 1; }
"""


def grow(mount: str, kind: str, goal_kib: int, *, unmount: bool = False, stop: Sequence[str] = ()) -> Mend:
    """Makes the file system as large as its device. Undo: as large as it was (btrfs; ext4 where it may be unmounted); XFS has none.

    goal_kib: what must be free afterwards; where the device cannot give that, nothing is begun. unmount, stop: an ext4 that cannot be grown
    while in use may be unmounted for it, after these services were stopped.
    """
    offline = kind == "ext4" and unmount
    head = fill("mount=@mount@; kind=@kind@; goal_kib=@goal@\n", mount=mount, kind=kind, goal=goal_kib) + LOOK
    grown = fill(_IS_GROWN, slack=SLACK_BYTES)
    stopping = fill(_OFFLINE, units=" ".join(stop)) if offline else ""
    command = _GROW[kind] + ("if ! grown; then offline; fi\nback_in_use\n" if offline else "")
    back = {"btrfs": _UNDO_BTRFS, "ext4": stopping + _UNDO_EXT4 if offline else ""}.get(kind, "")
    way_back = {"btrfs": Text(zh="回退时在线缩小", en="taken back by making it smaller while in use"),
                "ext4": Text(zh="回退时须再次卸载", en="to take it back it is unmounted again")}.get(kind) if back else None
    return Mend(
        title=Text(zh=f"将 {mount}（{kind}）扩大到所在设备的全部空间", en=f"Grow {mount} ({kind}) to all of its device"),
        expected=Text(zh=f"{mount} 由 df 查看已扩大，剩余空间不少于 {goal_kib >> 10} MiB",
                      en=f"df shows {mount} larger, with at least {goal_kib >> 10} MiB free"),
        probe=head + grown + """if mounted && grown; then if [ -s "$SAVED/stopped" ]; then echo PARTIAL; else echo DONE; fi
elif [ -e "$SAVED/kept" ]; then echo PARTIAL; else echo ABSENT; fi
""",
        holds_before=head + fill(_HOLDS, tools_script=" ".join(TOOLS[kind])),
        command=head + grown + stopping + _SAVE + command, proof=head + grown + _PROOF,
        undo=head + back if back else "", undo_proof=head + _UNDO_PROOF if back else "",
        touches=(mount, *stop), interrupts=offline, on_copy=False, risk="medium" if offline or not back else "low", time_limit_s=RESIZE_LIMIT_S,
        breaks=way_back or Text(zh=f"{kind} 文件系统扩大后不能再缩小，没有退路", en=f"{kind} cannot be made smaller again: there is no way back"))


_VOLUME = r"""volume=@volume@; wanted=@bytes@
size() { lvs --noheadings --nosuffix --units b -o lv_size "$volume" | tr -d ' '; }
"""


def extend_volume(mount: str, kind: str, volume: str, to_bytes: int) -> Mend:
    """Makes a logical volume (VG/LV) larger; the file system on it is grown by a step of its own.

    Undo: the volume as large as before, as long as the file system does not use the new room; else it stays, since cutting it would destroy data.
    """
    head = fill("mount=@mount@; kind=@kind@\n", mount=mount, kind=kind) + LOOK + fill(_VOLUME, volume=volume, bytes=to_bytes)
    used = """in_use() {  # whether the file system lies in what was added; what cannot be read counts as in use
  bytes=$(fs_bytes) && [ "$bytes" -le "$(cat "$SAVED/size")" ] && return 1
  return 0
}
"""
    return Mend(
        title=Text(zh=f"将逻辑卷 {volume} 扩大到 {to_bytes >> 20} MiB", en=f"Extend logical volume {volume} to {to_bytes >> 20} MiB"),
        expected=Text(zh=f"{volume} 不小于 {to_bytes >> 20} MiB", en=f"{volume} has at least {to_bytes >> 20} MiB"),
        probe=head + """if [ "$(size)" -ge "$wanted" ]; then echo DONE; elif [ -e "$SAVED/size" ]; then echo PARTIAL; else echo ABSENT; fi
""",
        holds_before=head + """free=$(vgs --noheadings --nosuffix --units b -o vg_free "${volume%/*}" | tr -d ' ')
if [ "$(( $(size) + free ))" -lt "$wanted" ]; then echo "${volume%/*} has only $free bytes left" >&2; exit 1; fi
""",
        command=head + """umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/size" ]; then size >"$SAVED/size.new"; sync "$SAVED/size.new"; mv "$SAVED/size.new" "$SAVED/size"; fi
lvextend -y -L "${wanted}b" "$volume"
""",
        proof=head + 'size\n[ "$(size)" -ge "$wanted" ]\n',
        undo=head + used + """[ -e "$SAVED/size" ] || { echo "nothing was changed"; exit 0; }
if [ "$(size)" = "$(cat "$SAVED/size")" ]; then exit 0; fi
if in_use; then echo "the file system uses what was added; the volume stays as it is"; else lvreduce -f -y -L "$(cat "$SAVED/size")b" "$volume"; fi
""",
        undo_proof=head + used + '[ -e "$SAVED/size" ] || exit 0\n[ "$(size)" = "$(cat "$SAVED/size")" ] || in_use\n',
        touches=(mount,), on_copy=False, risk="medium")


def headroom(mount: str, goal_kib: int) -> str:
    """Shell that exits 0 if so much is free; its figures, by df: MiB of the file system, MiB free."""
    return fill("""mount=@mount@
set -- $(df -P -k "$mount" | awk 'NR == 2 { print $2, $4 }')
echo "figures: $(($1 / 1024)) $(($2 / 1024))"
[ "$2" -ge @goal@ ]""", mount=mount, goal=goal_kib)


def headroom_reads(mount: str, goal_kib: int) -> Text:
    return Text(zh=f"{mount} 共 {{1}} MiB，剩余 {{2}} MiB；目标不少于 {goal_kib >> 10} MiB",
                en=f"{mount} has {{1}} MiB, {{2}} MiB of them free; at least {goal_kib >> 10} MiB are wanted")
