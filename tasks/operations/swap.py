"""Swap space in a file, with its line in /etc/fstab, and taken away again. Returns a Mend and runs nothing.

Source: mkswap(8), swapon(8): a swap file has no holes; on btrfs it is not copied on write.
"""

from __future__ import annotations

from reports.records import FileChange, Text
from tasks.operations.mend import Mend
from tasks.operations.scripts import fill

KEPT_FREE_PCT = 10  # of the file system that holds it

_WORDS = r"""path=@path@; mib=@mib@
line="$path none swap sw 0 0"
in_use() { awk -v path="$path" '$1 == path { found = $3 } END { print found + 0 }' /proc/swaps; }
in_fstab() { grep -qxF -e "$line" /etc/fstab; }
"""
_HOLDS = r"""folder=$(dirname "$path")
[ -d "$folder" ] || { echo "there is no folder $folder" >&2; exit 1; }
kind=$(findmnt -n -o FSTYPE -T "$folder" | tail -n 1)
case $kind in ext4|xfs|btrfs|ext3) ;; *) echo "$folder lies on $kind, which cannot hold swap; name a path on ext4, XFS or btrfs" >&2; exit 1 ;; esac
if awk -v path="$path" '$1 == path { found = 1 } END { exit !found }' /etc/fstab; then echo "/etc/fstab names $path already" >&2; exit 1; fi
set -- $(df -P -k "$folder" | awk 'NR == 2 { print $2, $4 }')
left=$(( $2 - mib * 1024 ))
if [ "$left" -lt $(( $1 * @kept_pct@ / 100 )) ]; then
  echo "the target is too small: $folder has $2 KiB free; after $mib MiB of swap less than @kept_pct@ % would be left" >&2; exit 1
fi
"""
_COMMAND = r"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/kept" ]; then
  if [ -e /etc/fstab ]; then cp -a /etc/fstab "$SAVED/fstab"; else : >"$SAVED/none"; fi
  sync; touch "$SAVED/kept"
fi
if [ "$(in_use)" = 0 ]; then
  rm -f "$path"; : >"$path"
  if [ "$(findmnt -n -o FSTYPE -T "$path" | tail -n 1)" = btrfs ]; then chattr +C "$path"; fi
  dd if=/dev/zero of="$path" bs=1M count="$mib" conv=fsync 2>&1
  mkswap "$path"
  swapon "$path"
fi
if ! in_fstab; then
  umask 022
  if [ -e /etc/fstab ]; then cp -a /etc/fstab /etc/fstab.standfast; else : >/etc/fstab.standfast; fi
  if [ -s /etc/fstab.standfast ] && [ -n "$(tail -c 1 /etc/fstab.standfast)" ]; then echo >>/etc/fstab.standfast; fi
  printf '%s\n' "$line" >>/etc/fstab.standfast
  sync /etc/fstab.standfast
  mv /etc/fstab.standfast /etc/fstab
fi
"""
_PROOF = r"""have=$(in_use)
echo "$path: $have KiB of swap"
if [ "$have" -lt $(( mib * 1024 - 64 )) ]; then echo "it is not in use with $mib MiB" >&2; exit 1; fi
in_fstab || { echo "/etc/fstab does not name it" >&2; exit 1; }
"""
_UNDO = r"""[ -e "$SAVED/kept" ] || { echo "nothing was changed"; exit 0; }
if [ "$(in_use)" != 0 ]; then swapoff "$path"; fi
rm -f "$path" /etc/fstab.standfast
if in_fstab; then
  grep -vxF -e "$line" /etc/fstab >"$SAVED/without" || :
  if [ -e "$SAVED/none" ] && [ ! -s "$SAVED/without" ]; then rm -f /etc/fstab
  else
    cp -a /etc/fstab /etc/fstab.standfast
    # somebody may have written other lines meanwhile: these stay
    if [ -e "$SAVED/fstab" ] && cat "$SAVED/fstab" | { cat; [ -z "$(tail -c 1 "$SAVED/fstab")" ] || echo; } | cmp -s - "$SAVED/without"
    then cat "$SAVED/fstab"; else cat "$SAVED/without"; fi >/etc/fstab.standfast
    sync /etc/fstab.standfast
    mv /etc/fstab.standfast /etc/fstab
  fi
fi
"""
_UNDO_PROOF = r"""[ -e "$SAVED/kept" ] || exit 0
[ "$(in_use)" = 0 ] || { echo "$path is still in use" >&2; exit 1; }
[ ! -e "$path" ] || { echo "$path is still there" >&2; exit 1; }
if [ -e /etc/fstab ] && in_fstab; then echo "/etc/fstab still names $path" >&2; exit 1; fi
"""


def add(path: str, mib: int) -> Mend:
    """A swap file of this size, in use at once and after a restart. Undo: out of use, the file gone, /etc/fstab as it was."""
    head = fill(_WORDS, path=path, mib=mib)
    return Mend(
        title=Text(zh=f"增加交换文件 {path}（{mib} MiB）", en=f"Add a swap file {path} of {mib} MiB"),
        expected=Text(zh=f"{path} 已启用，重启后仍然有效", en=f"{path} is in use, also after a restart"),
        probe=head + """if [ "$(in_use)" != 0 ] && in_fstab; then echo DONE
elif [ -e "$SAVED/kept" ]; then echo PARTIAL
elif [ -e "$path" ]; then echo FOREIGN; echo "there is a file $path already; name another path"
else echo ABSENT; fi
""",
        holds_before=head + fill(_HOLDS, kept_pct=KEPT_FREE_PCT), command=head + _COMMAND, proof=head + _PROOF, undo=head + _UNDO,
        undo_proof=head + _UNDO_PROOF, touches=("/etc/fstab", path), on_copy=False, time_limit_s=3600,
        breaks=Text(zh="回退时须将已换出的内容移回内存，内存不足则回退失败", en="to take it back, what was swapped out must find room in memory again"),
        files=(FileChange(path="/etc/fstab", after=(f"{path} none swap sw 0 0",)),))


def headroom(goal_mib: int) -> str:
    """Shell that exits 0 if so much swap is free; its figure: MiB that are."""
    return f"""free=$(awk '/^SwapFree:/ {{ print $2 }}' /proc/meminfo)
echo "figures: $((free / 1024))"
[ "$free" -ge {goal_mib * 1024} ]"""


def headroom_reads(goal_mib: int) -> Text:
    return Text(zh=f"空闲交换空间 {{1}} MiB；目标不少于 {goal_mib} MiB", en=f"{{1}} MiB of swap are free; at least {goal_mib} MiB are wanted")
