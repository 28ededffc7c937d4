"""Settings of MariaDB: what the server says of them, and what becomes of them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from reports.records import SettingChange, Survey, Text
from tasks.operations.mariadb_setting import tune as set_them
from tasks.operations.postgresql import literal
from tasks.planning.tuning.kinds import System, Tuned, bytes_of, fits, refused
from tasks.requests import SettingWish
from tasks.sections import Answer, Part

FOLDERS = ("/etc/mysql/mariadb.conf.d", "/etc/my.cnf.d")
SHARE = 0.8  # of the memory, at most, for the buffer pool
FIGURES = ("INT", "BIGINT", "DOUBLE")
YES, NO = ("on", "1", "true", "yes"), ("off", "0", "false", "no")


def facts(wishes: Sequence[SettingWish], survey: Survey) -> list[Part]:
    names = ", ".join(literal(wish.name.upper().replace("-", "_")) for wish in wishes)
    return [Part("mariadb", f"""command -v mariadb >/dev/null || {{ echo "there is no MariaDB on this host"; exit 3; }}
tell() {{ mariadb -N -B -r --connect-timeout=10 -e "$1" </dev/null; }}
pid=$(tell "select variable_value from information_schema.global_variables where variable_name = 'pid_file'"); pid=$(cat "$pid")
echo "unit $(sed -n 's|.*/\\([^/]*[.]service\\)$|\\1|p' "/proc/$pid/cgroup" | head -n 1)"
echo "version $(tell "select version()")"
for folder in {' '.join(FOLDERS)}; do if [ -d $folder ]; then echo "folder $folder"; fi; done
tell "select concat('setting ', json_object('name', lower(variable_name), 'now', global_value, 'origin', global_value_origin, 'path', global_value_path,
  'scope', variable_scope, 'type', variable_type, 'low', numeric_min_value, 'high', numeric_max_value, 'step', numeric_block_size,
  'choices', enum_value_list, 'fixed', read_only)) from information_schema.system_variables where variable_name in ({names})"
tr '\\000' '\\n' <"/proc/$pid/cmdline" | sed 's/^/given /'
tell "select distinct global_value_path from information_schema.system_variables where variable_name in ({names}) and global_value_path is not null" |
while read -r file; do grep -nE '^[[:space:]]*[a-z]' "$file" | sed "s|^|line $file |"; done""", 60)]


def tune(wishes: Sequence[SettingWish], answers: Mapping[str, Answer], survey: Survey) -> list[Tuned]:
    answer = answers.get("mariadb")
    if answer is None or answer.exit_code:
        why = (answer.lines[-1] if answer and answer.lines else "")[:200]
        raise refused(f"MariaDB on {survey.target} does not answer ({why}); nothing is planned", f"{survey.target} 上的 MariaDB 没有应答（{why}）；不编制方案")
    lines = [line.partition(" ") for line in answer.lines]
    there = {row["name"]: row for word, _, text in lines if word == "setting" for row in [json.loads(text)]}
    given = {text.removeprefix("--").partition("=")[0].replace("-", "_").lower() for word, _, text in lines if word == "given" and text.startswith("--")}
    folder = next((text for word, _, text in lines if word == "folder"), "")
    unit = next((text for word, _, text in lines if word == "unit"), "")
    stands = [text for word, _, text in lines if word == "line"]
    if not folder:
        raise refused(f"{survey.target} has neither {' nor '.join(FOLDERS)}; set it by hand", f"{survey.target} 上没有 {' 或 '.join(FOLDERS)}；请人工设置")
    values: dict[str, str] = {}
    rows: list[tuple[SettingWish, Mapping]] = []
    for wish in wishes:
        row = there.get(wish.name.lower().replace("-", "_"))
        value = _value(wish, row, given, survey)
        if value != row["now"]:
            values[row["name"]] = value
            rows.append((wish, row))
    if not rows:
        return []
    restart = any(row["fixed"] == "YES" for _, row in rows)
    if restart and not unit:
        raise refused(f"MariaDB on {survey.target} runs under no unit of systemd, so it cannot be restarted here; tune it by hand",
                      f"{survey.target} 上的 MariaDB 不由 systemd 管理，无法自动重启；请人工处理")
    told = {row["name"]: f"{row['name']} = {row['now']}  # {_source(row, stands).en}" for _, row in rows}
    mend = set_them(folder, values, told, {row["name"] for _, row in rows if row["type"].split()[0] in FIGURES or row["type"] == "BOOLEAN"}, unit=unit,
                    restart=restart)
    return [Tuned(mend, tuple(SettingChange(
        target=survey.target, system="mariadb", name=row["name"], before=row["now"], source=_source(row, stands), after=values[row["name"]],
        takes="restart" if row["fixed"] == "YES" else "at once") for _, row in rows))]


def _value(wish: SettingWish, row: Mapping | None, given: set[str], survey: Survey) -> str:
    """The wish as the server tells it. Raises BlockersFound where it cannot be."""
    name, value = wish.name, wish.value.strip()
    if row is None:
        raise refused(f"MariaDB has no setting {name}; SHOW VARIABLES lists their names", f"MariaDB 没有参数 {name}；参数名见 SHOW VARIABLES")
    if row["now"] is None or "SESSION ONLY" in row["scope"]:
        raise refused(f"{name} is a session's own; it cannot be set for the server", f"{name} 只对单个会话有效，不能为服务器设置")
    if row["name"] in given:
        raise refused(f"{name} is given where the server is started, which overrides every file; change it there",
                      f"{name} 在服务器启动命令中指定，会覆盖所有配置文件；请在该处修改")
    kind = row["type"].split()[0]
    if kind == "BOOLEAN":
        if value.lower() not in (*YES, *NO):
            raise refused(f"{name} takes ON or OFF, not {value}", f"{name} 可取 ON 或 OFF，不能取 {value}")
        return "ON" if value.lower() in YES else "OFF"
    if kind in FIGURES:
        amount = bytes_of(value) if kind != "DOUBLE" else None
        try:
            figure = amount if amount is not None else float(value) if kind == "DOUBLE" else int(value)
        except ValueError:
            raise refused(f"{name} takes a figure, not {value}", f"{name} 须为数值，不能取 {value}") from None
        low, high, step = (float(row[key] or 0) for key in ("low", "high", "step"))
        if not low <= figure <= high:
            raise refused(f"{name} = {value} is out of range ({low:.0f} to {high:.0f})", f"{name} = {value} 超出范围（{low:.0f} 至 {high:.0f}）")
        if step > 1 and figure % step:
            raise refused(f"{name} must be a multiple of {step:.0f}", f"{name} 须为 {step:.0f} 的整数倍")
        if row["name"] == "innodb_buffer_pool_size":
            fits(wish, int(figure), survey, SHARE)
        return f"{figure:.6f}" if kind == "DOUBLE" else str(figure)
    if row["choices"]:
        found = next((choice for choice in row["choices"].split(",") if choice.lower() == value.lower()), None)
        if found is None and kind in ("ENUM", "FLAGSET"):
            raise refused(f"{name} takes one of {row['choices']}, not {value}", f"{name} 可取 {row['choices']}，不能取 {value}")
        return found or value
    return value


def _source(row: Mapping, stands: Sequence[str]) -> Text:
    if row["path"]:
        number = ""
        for text in stands:
            file, _, rest = text.partition(" ")
            where, _, line = rest.partition(":")
            if file == row["path"] and line.strip().partition("=")[0].strip().replace("-", "_") == row["name"]:
                number = where
        return Text(zh=row["path"] + (f" 第 {number} 行" if number else ""), en=row["path"] + (f", line {number}" if number else ""))
    if row["origin"] == "SQL":
        return Text(zh="运行中以 SET GLOBAL 设置，未写入文件", en="set in the running server, in no file")
    return Text(zh="默认值，未写入文件", en="built-in default, in no file")


SYSTEM = System("mariadb", 20, facts, tune, on_copy=False)
