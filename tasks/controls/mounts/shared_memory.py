"""H-FS-04b How /dev/shm is mounted (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import HostControl
from tasks.controls.mounts import OF_MOUNTS, mounted
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend

OPTIONS = ("nodev", "nosuid", "noexec")
# What maps code from there would fail with its next start.
REFUSE = r"""findmnt -n -t tmpfs -o TARGET /dev/shm >/dev/null || { echo "/dev/shm is no tmpfs here" >&2; exit 1; }
if grep -qsE ' ..x. .* /dev/shm/' /proc/[0-9]*/maps; then echo "programs run code from /dev/shm; find out which first" >&2; exit 1; fi
"""
SAVE = """findmnt -n -o OPTIONS /dev/shm >"$SAVED/options"
"""
# mount(8) takes what stands now for what it is not told: so each option is named, on or off.
PUT_BACK = r"""back=remount
for one in dev suid exec; do
  case ",$(cat "$SAVED/options")," in *,no$one,*) back=$back,no$one ;; *) back=$back,$one ;; esac
done
mount -o "$back" /dev/shm"""
IN_FORCE = r"""for one in nodev nosuid noexec; do
  case ",$(findmnt -n -o OPTIONS /dev/shm)," in *,$one,*) ;; *) echo "/dev/shm is not mounted $one" >&2; exit 1 ;; esac
done
"""
IS_BACK = """[ "$(findmnt -n -o OPTIONS /dev/shm)" = "$(cat "$SAVED/options")" ]
"""


def mend(row: Row, found: dict[str, dict[str, set[str]]], known: Known) -> Mend | Text:
    if found["fstab"].get(row.object) is not None:
        return Text(zh="fstab 中已有 /dev/shm 一行，须人工修改", en="fstab has a line for /dev/shm already: change it by hand")
    if found["container"]:
        return Text(zh="由容器的宿主机决定，须在那里修改", en="the container's host decides: change it there")
    if found["mounted"].get(row.object) is None:
        return Text(zh="没有挂载 /dev/shm，须先查明原因", en="/dev/shm is not mounted; find out why first")
    line = setting("tmpfs /dev/shm", f"tmpfs /dev/shm tmpfs defaults,{','.join(OPTIONS)} 0 0")
    return FileLines(
        "/etc/fstab", (line,), refuse=REFUSE, save=SAVE, put_in_force=f"mount -o remount,{','.join(OPTIONS)} /dev/shm", put_back=PUT_BACK,
        in_force=IN_FORCE, is_back=IS_BACK, on_copy=False, touches=("/dev/shm",)).mend()


CONTROL = HostControl(
    id="H-FS-04b",
    **OF_MOUNTS,
    title=Text(zh="/dev/shm 的挂载选项", en="How /dev/shm is mounted"),
    severity="medium",
    judge=mounted("/dev/shm", *OPTIONS),
    mend=mend,
    remedy=Text(zh="fstab 中 /dev/shm 加入 nodev,nosuid,noexec,findmnt --verify 后重新挂载",
                en="nodev,nosuid,noexec for /dev/shm in fstab; findmnt --verify, then remount"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="mount_option_dev_shm_noexec", cis="1.1.2.2.4",
    risk="medium",
    breaks=Text(zh="从共享内存执行代码的旧程序会失败", en="old programs that run code from shared memory fail"),
)
