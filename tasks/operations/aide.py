"""AIDE and its first database, which later looks are compared with. Returns a Mend and runs nothing."""

from __future__ import annotations

from reports.records import Text
from tasks.operations.mend import Mend

DATABASE = "/var/lib/aide/aide.db"

_HEAD = f"""database={DATABASE}
there() {{ [ -s "$database" ]; }}
"""


def aide_database() -> Mend:
    """Installed, and its database built at the lowest priority. The daily look is Debian's own timer. Undo: the database goes, then the packages."""
    return Mend(
        title=Text(zh="建立 AIDE 文件完整性数据库", en="Build AIDE's database of files"),
        expected=Text(zh="AIDE 数据库已建立，每日比对", en="AIDE has its database, and compares daily"),
        probe=_HEAD + "if there; then echo DONE; else echo ABSENT; fi\n",
        holds_before="command -v aideinit >/dev/null\n",
        command=_HEAD + """mkdir -p "$SAVED"; touch "$SAVED/kept"
rm -f "$database.new"
nice -n 19 ionice -c 3 aideinit -y -f >"$SAVED/out" 2>&1 || { tail -n 5 "$SAVED/out" >&2; exit 1; }
tail -n 3 "$SAVED/out"
""",
        proof=_HEAD + """there || { echo "there is no $database" >&2; exit 1; }
ls -l "$database"
""",
        undo=_HEAD + """[ -e "$SAVED/kept" ] || { echo "nothing was changed"; exit 0; }
rm -f "$database" "$database.new"
""",
        undo_proof=_HEAD + '[ -e "$SAVED/kept" ] || exit 0\n! there\n',
        touches=(DATABASE,), packages=("aide", "aide-common"), on_copy=False, time_limit_s=3600,
        breaks=Text(zh="首次建库读取整个系统盘，大主机上可能超过一小时", en="building it reads the whole system, for more than an hour on large hosts"))
