"""Every backup is proved: restored on a simulated copy of its host that holds none of its data, and compared with what the host was (X17).

The restoring steps are those of an emergency, word for word; so the seconds that they took are what an emergency may count on.
The copy holds real data and, other than in a rehearsal, the backup's own secrets: its network has no way out, files stay in a folder of the
change where no service reads them, and it is removed as soon as it was compared.
"""

from __future__ import annotations

from blocks import lookup
from blocks.host_access import HostAccess
from reports.records import NOTHING, BackedUpServer, Backup, BackupProof, StepOutcome, Survey, TableRows, Text
from tasks import backup_store, desk, lifecycle, running
from tasks.backup_store import Keeper
from tasks.mariadb_dump import sections, unequal
from tasks.operations import backup as read
from tasks.planning.restore import plan_proof
from tasks.remote import connected
from tasks.simulated_copy import make_copy, remove_copy


def prove(number: str, backup: Backup, say) -> BackupProof:
    """Restore and compare; filed whether it passed or not.

    Raises:
        what `make_copy` and `running.attempt` raise: then nothing is known of the backup, and it is proved when the run is taken up again.
    """
    archive, name = desk.archive(), backup.target
    before, after = (archive.load(number, "survey", f"{name} {when}", Survey) for when in ("backup", "backup after"))
    host, sandbox = desk.host(name), lookup.find_sandbox("default")
    media = {file.name: backup_store.medium_of(backup, file) for file in backup.files if file.kind not in ("packages",)}
    plan = plan_proof(backup, media)
    say(f"{name}: the backup is restored in the sandbox")
    # No service is waited for: what needs the data has none before it is restored.
    copy, made = make_copy(host, sandbox, number=number, survey=before.model_copy(update={"services": ()}), say=say, data=False)
    try:
        running.deliver(copy, plan, {medium.name: path for medium in plan.media if (path := backup_store.path_of(medium))})
        outcomes, problem = [], NOTHING
        for step in plan.steps:
            say(f"restore {step.number}: {step.title.en}")
            outcomes.append(running.attempt(copy, number, step, "carry out", 1, lambda line: None, patience_s=60))
            if outcomes[-1].result != "done":
                why = outcomes[-1].problem
                problem = Text(zh=f"恢复验证的第 {step.number} 步（{step.title.zh}）失败：{why.zh}",
                               en=f"step {step.number} of the restore ({step.title.en}) failed: {why.en}")
                break
        found = _Compared() if problem else _compare(copy, backup, before, after)
    finally:
        remove_copy(sandbox, number=number, host=host, say=say)
    return _file(number, backup, made.place, tuple(outcomes), found, problem or found.problem)


class _Compared:
    """What was found equal, and the first thing that was not."""

    def __init__(self) -> None:
        self.tables, self.rows, self.moved, self.problem = 0, 0, [], NOTHING

    def wrong(self, zh: str, en: str) -> None:
        self.problem = self.problem or Text(zh=zh, en=en)


def _compare(copy: HostAccess, backup: Backup, before: Survey, after: Survey) -> _Compared:
    found = _Compared()
    if any(server.engine == "postgresql" for server in backup.servers):
        restored = lifecycle.read_survey(copy.model_copy(update={"databases": [], "acceptance": []}), "restored")
        for server in backup.servers:
            if server.engine == "postgresql":
                compare_rows(found, server, *({(t.database, t.table): t for c in survey.clusters if c.name == server.name for t in c.tables}
                                              for survey in (before, restored, after)))
    for server in backup.servers:
        if server.engine == "mariadb":
            _compare_dumps(found, copy, backup, server)
    return found


Tables = dict[tuple[str, str], TableRows]


def compare_rows(found: _Compared, server: BackedUpServer, before: Tables, restored: Tables, after: Tables) -> None:
    """Tables that were the same before and after the backup must be the same, digest and all; those in use must be there."""
    for key in sorted(before.keys() & after.keys()):
        was, now, then = before[key], restored.get(key), after[key]
        name = f"{server.name} {key[0]}.{key[1]}"
        if now is None:
            found.wrong(f"恢复后缺少表 {name}", f"table {name} is missing after the restore")
        elif (was.rows, was.digest) == (then.rows, then.digest):
            if (now.rows, now.digest) != (was.rows, was.digest):
                found.wrong(f"恢复后的表 {name} 与原表不一致（{now.rows} 行，应为 {was.rows} 行）",
                            f"table {name} is not as it was ({now.rows} rows instead of {was.rows})")
        else:  # which rows it had at the recovery point nobody knows; PostgreSQL itself refuses to end before that point
            found.moved.append(name)
            if now.rows * 2 < min(was.rows, then.rows):
                found.wrong(f"恢复后的表 {name} 只有 {now.rows} 行，备份前后为 {was.rows} 与 {then.rows} 行",
                            f"table {name} has only {now.rows} rows; there were {was.rows} and {then.rows} before and after the backup")
        if now is not None:
            found.tables, found.rows = found.tables + 1, found.rows + max(0, now.rows)


def _compare_dumps(found: _Compared, copy: HostAccess, backup: Backup, server: BackedUpServer) -> None:
    """A dump of what was restored must be the dump, section by section."""
    with Keeper(backup.target, backup.number, "again.sql.gz") as keeper, connected(copy) as remote:
        remote.stream(f"set -eu\n{read.dump()}", keeper, timeout_s=12 * 3600).need("dumping what was restored", copy.name, "导出恢复后的数据")  # type: ignore[arg-type]
        again = keeper.keep("dump", server.name)
        rows = remote.run(f"set -eu\n{read.ROWS}", timeout_s=3600).need("counting rows", copy.name, "统计行数")
    path = backup_store.folder(backup.target, backup.number) / again.name
    tables, _, _ = sections(path)
    path.unlink()
    for name in unequal(server.tables, tables):
        found.wrong(f"恢复后的 MariaDB 与备份不一致：{name}", f"the restored MariaDB is not as the backup: {name}")
    counts = [line.split("\t") for line in rows.splitlines() if "\t" in line]
    found.tables, found.rows = found.tables + len(counts), found.rows + sum(int(count) for _, count in counts)


def _file(number: str, backup: Backup, place: str, outcomes: tuple[StepOutcome, ...], found: _Compared, problem: Text) -> BackupProof:
    archive, name = desk.archive(), backup.target
    sums = backup_store.folder(name, number) / "files.sums"
    count = sum(1 for _ in sums.open("rb")) if sums.is_file() and any(o.key == "unpack-files" and o.result == "done" for o in outcomes) else 0
    proof = BackupProof(number=number, target=name, place=place, proved_at=desk.now(), seconds=round(sum(o.seconds for o in outcomes), 1), outcomes=outcomes,
                        tables=found.tables, rows=found.rows, moved=tuple(found.moved), files=count, passed=not problem, problem=problem)
    tries = sum(key.partition(" ")[0] == name for key, _ in archive.load_all(number, "proof", BackupProof))
    archive.save(number, "proof", f"{name} {tries + 1}", proof)
    archive.note(number, "backup proved" if proof.passed else "backup not proved", target=name, seconds=proof.seconds, tables=proof.tables, rows=proof.rows,
                 files=proof.files, **problem.fields("problem"))
    return proof
