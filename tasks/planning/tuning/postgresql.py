"""Settings of PostgreSQL: what the server says of them, whether its own program takes the values, and what becomes of them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from shlex import quote

from reports.records import SettingChange, Survey, Text
from tasks.operations.postgresql import literal, talking
from tasks.operations.postgresql_tuning import tune as set_them
from tasks.planning.tuning.kinds import System, Tuned, fits, refused
from tasks.requests import SettingWish
from tasks.sections import Answer, Part

# What our own sessions set for themselves, so that pg_settings would show that.
OURS = ("search_path", "standard_conforming_strings", "client_min_messages", "lock_timeout", "statement_timeout", "client_encoding", "application_name")
SHARE = 0.75  # of the memory, at most, for shared_buffers


def _port(wish: SettingWish, survey: Survey) -> int:
    running = [cluster.port for cluster in survey.clusters if cluster.engine == "postgresql" and cluster.running]
    if wish.at:
        if not re.fullmatch(r"\d{1,5}", wish.at):
            raise refused(f"“{wish.at}” is no port of a PostgreSQL server; write its number, for example 5432",
                          f"“{wish.at}”不是 PostgreSQL 的端口；请填写端口号，例如 5432")
        return int(wish.at)
    if len(running) > 1:
        raise refused(f"{survey.target} runs several PostgreSQL servers; say by its port which one is meant ({', '.join(map(str, running))})",
                      f"{survey.target} 上运行多个 PostgreSQL 服务器；请以端口指明（{'、'.join(map(str, running))}）")
    if not running and any(cluster.engine == "postgresql" for cluster in survey.clusters):
        raise refused(f"PostgreSQL does not run on {survey.target}; start it first", f"{survey.target} 上的 PostgreSQL 未运行；请先启动")
    return running[0] if running else 5432


def _by_port(wishes: Sequence[SettingWish], survey: Survey) -> dict[int, list[SettingWish]]:
    found: dict[int, list[SettingWish]] = {}
    for wish in wishes:
        found.setdefault(_port(wish, survey), []).append(wish)
    return found


def facts(wishes: Sequence[SettingWish], survey: Survey) -> list[Part]:
    return [_part(port, of_port) for port, of_port in _by_port(wishes, survey).items()]


def _part(port: int, wishes: Sequence[SettingWish]) -> Part:
    names = ", ".join(literal(wish.name.lower()) for wish in wishes)
    tried = "".join(f"try {quote(wish.name)} {quote(wish.value)}\n" for wish in wishes)
    return Part(f"postgresql-{port}", f"""PORT={port}
{talking('postgres')}ask 'select 1' >/dev/null || exit 3
data=$(ask "show data_directory"); config=$(ask "show config_file"); pid=$(head -n 1 "$data/postmaster.pid")
program=$(readlink "/proc/$pid/exe")
echo "unit $(sed -n 's|.*/\\([^/]*[.]service\\)$|\\1|p' "/proc/$pid/cgroup" | head -n 1)"
echo "standby $(ask "select pg_is_in_recovery()")"
ask "select 'setting ' || row_to_json(s) from (select name, setting, reset_val, unit, context, vartype, min_val, max_val, enumvals, source,
  sourcefile, sourceline, pending_restart, current_setting(name) as shown from pg_settings where lower(name) in ({names})) s"
ask "select 'role ' || json_build_object('name', lower(split_part(c, '=', 1)), 'who', coalesce(d.datname, '') || ' ' || coalesce(r.rolname, ''))
  from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) c
  where lower(split_part(c, '=', 1)) in ({names})"
try() {{  # what the server's own program makes of the value; nothing is started
  if said=$(cd "$data" && runuser -u postgres -- "$program" -D "$data" -c config_file="$config" -c "$1=$2" -C "$1" 2>&1); then
    echo "takes $1 $(printf '%s' "$said" | tail -n 1)"
  else echo "refuses $1 $(printf '%s\\n' "$said" | head -n 1 | cut -c1-200)"; fi
}}
{tried}""", 60)


def tune(wishes: Sequence[SettingWish], answers: Mapping[str, Answer], survey: Survey) -> list[Tuned]:
    return [one for port, of_port in _by_port(wishes, survey).items() if (one := _tuned(port, of_port, answers.get(f"postgresql-{port}"), survey))]


def _tuned(port: int, wishes: Sequence[SettingWish], answer: Answer | None, survey: Survey) -> Tuned | None:
    if answer is None or answer.exit_code:
        why = (answer.lines[-1] if answer and answer.lines else "")[:200]
        raise refused(f"PostgreSQL on port {port} of {survey.target} does not answer ({why}); nothing is planned",
                      f"{survey.target} 上端口 {port} 的 PostgreSQL 没有应答（{why}）；不编制方案")
    lines = [line.partition(" ") for line in answer.lines]
    if ("standby", " ", "t") in lines:
        raise refused(f"PostgreSQL on port {port} of {survey.target} is a standby, whose settings follow its primary's; tune that one",
                      f"{survey.target} 上端口 {port} 的 PostgreSQL 是备库，其参数须与主库一致；请调整主库")
    there = {row["name"].lower(): row for word, _, text in lines if word == "setting" for row in [json.loads(text)]}
    takes = {text.partition(" ")[0]: text.partition(" ")[2] for word, _, text in lines if word == "takes"}
    elsewhere = {row["name"]: row["who"] for word, _, text in lines if word == "role" for row in [json.loads(text)]}
    unit = next((text for word, _, text in lines if word == "unit"), "")
    wished = [wish for wish in wishes if _wanted(wish, there.get(wish.name.lower()), takes.get(wish.name), elsewhere.get(wish.name.lower()), survey)]
    if not wished:
        return None
    rows = [there[wish.name.lower()] for wish in wished]
    restart = any(row["context"] == "postmaster" for row in rows)
    if restart and not unit:
        raise refused(f"PostgreSQL on port {port} of {survey.target} runs under no unit of systemd, so it cannot be restarted here; tune it by hand",
                      f"{survey.target} 上端口 {port} 的 PostgreSQL 不由 systemd 管理，无法自动重启；请人工处理")
    values = {row["name"]: (wish.value, takes[wish.name]) for wish, row in zip(wished, rows, strict=True)}
    told = {row["name"]: f"{row['name']} = {literal(row['shown'])}  # {_source(row).en}" for row in rows}
    return Tuned(set_them(values, told, port=port, unit=unit, restart=restart), tuple(
        SettingChange(target=survey.target, system="postgresql", name=row["name"], before=row["shown"], source=_source(row), after=wish.value,
                      takes="restart" if row["context"] == "postmaster" else "reload") for wish, row in zip(wished, rows, strict=True)))


def _wanted(wish: SettingWish, row: Mapping | None, plain: str | None, elsewhere: str | None, survey: Survey) -> bool:
    """Whether anything is to be done for this wish. Raises BlockersFound where nothing can be."""
    name, value = wish.name, wish.value
    if row is None:
        raise refused(f"PostgreSQL has no setting {name}; see pg_settings for their names", f"PostgreSQL 没有参数 {name}；参数名见 pg_settings")
    if row["name"] in OURS or row["context"] == "internal":
        raise refused(f"{name} cannot be set for the whole server here; choose another setting", f"{name} 不能在此为整个服务器设置；请另选参数")
    if row["source"] in ("command line", "environment variable", "override"):
        raise refused(f"{name} is set where the server is started ({row['source']}), which overrides every file; change it there",
                      f"{name} 在服务器启动时指定（{row['source']}），会覆盖所有配置文件；请在该处修改")
    if elsewhere:
        database, _, role = elsewhere.partition(" ")
        raise refused(f"{name} is also set for {f'role {role}' if role else f'database {database}'}, which overrides the server's value; change it there",
                      f"{name} 另对{f'角色 {role}' if role else f'数据库 {database}'}单独设置，会覆盖服务器的值；请在该处修改")
    if row["pending_restart"]:
        raise refused(f"{name} was changed by somebody and waits for a restart; restart PostgreSQL or take that back first",
                      f"{name} 已被他人修改、等待重启生效；请先重启 PostgreSQL 或撤销该修改")
    if plain is None:
        en, zh = _range(row)
        raise refused(f"PostgreSQL does not take {name} = {value} ({en})", f"PostgreSQL 不接受 {name} = {value}（{zh}）")
    if row["name"] == "shared_buffers":
        fits(wish, int(plain) * 8192 if row["unit"] == "8kB" else int(plain), survey, SHARE)
    return plain != row["setting"]


def _range(row: Mapping) -> tuple[str, str]:
    if row["enumvals"]:
        return f"one of {', '.join(row['enumvals'])}", f"可取 {'、'.join(row['enumvals'])}"
    if row["min_val"] is None:
        return f"a value of kind {row['vartype']}", f"类型为 {row['vartype']}"
    unit = f" of {row['unit']}" if row["unit"] else ""
    return f"{row['min_val']} to {row['max_val']}{unit}", f"允许 {row['min_val']} 至 {row['max_val']}" + (f"，单位 {row['unit']}" if row["unit"] else "")


def _source(row: Mapping) -> Text:
    if row["sourcefile"]:
        return Text(zh=f"{row['sourcefile']} 第 {row['sourceline']} 行", en=f"{row['sourcefile']}, line {row['sourceline']}")
    return Text(zh="默认值，未写入文件", en="built-in default, in no file")


SYSTEM = System("postgresql", 30, facts, tune)
