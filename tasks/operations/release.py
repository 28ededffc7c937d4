"""An application in versioned folders: unpack a release beside the running one, migrate, switch, restart, and back (R012, R169).

    <root>/releases/<version>/     one folder for each release
    <root>/current                 symbolic link to the release in use

The functions return steps and run nothing. What a step must remember for its undo lies in `$CHANGE_DIR/saved/release/`:
`*.begun` is written before an act, so that an act that was cut off is known to have been begun.

Two ways of migrating the database:
- with a command that takes the migration back, the old release goes on working while the database is migrated (expand only);
- without one, the service is stopped first, then the dump is taken: bringing the dump back then loses nothing that was written
  before the new release started.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reports.records import Step, Text
from tasks.operations import database, service
from tasks.operations.scripts import fill

MARGIN_KIB = 51200  # room that must stay free beside the unpacked release


@dataclass(frozen=True)
class ReleaseChange:
    """What changes on one host. remove: older releases that are put away at the end.

    down: the plan says that the application was not well before, and this release repairs it. Its state is then recorded instead of
    required before, and is not required after a back-out either.
    """

    target: str
    root: str
    old: str
    new: str
    archive: str  # its name under $CHANGE_DIR/media
    sha256: str
    service: str
    health: str
    migrate: str = ""
    migrate_back: str = ""
    database: str = ""
    cluster: str = ""  # PostgreSQL server that holds the database, "15/main"
    run_as: str = "root"
    down: bool = False
    remove: tuple[str, ...] = field(default_factory=tuple)

    @property
    def stands_still(self) -> bool:
        """The service is stopped while the database is migrated, because only the dump brings it back."""
        return bool(self.migrate) and not self.migrate_back

    def script(self, text: str, **more: str | int) -> str:
        head = fill(_HEAD, root=self.root, old=self.old, new=self.new)
        return fill(
            "@head_script@" + text,
            head_script=head,
            service=service.unit_name(self.service),
            archive=self.archive,
            sha256=self.sha256,
            run_as=self.run_as,
            migrate=self.migrate,
            migrate_back=self.migrate_back,
            margin=MARGIN_KIB,
            **more,
        )


_HEAD = """\
root=@root@; old=@old@; new=@new@
saved=$CHANGE_DIR/saved/release
fail() { echo "$1" >&2; exit 1; }
is_current() { [ -L "$root/current" ] && [ "$(readlink -f -- "$root/current")" = "$(readlink -f -- "$root/releases")/$1" ]; }
mark() { mkdir -p "$saved"; : >"$saved/$1"; sync "$saved/$1" "$saved"; }
"""


def check_before_step(number: int, change: ReleaseChange) -> Step:
    """A step that reads: the host is as the survey said, the archive is the vendor's, and there is room."""
    return Step(
        number=number,
        key="check-before",
        target=change.target,
        title=Text(zh=f"变更前检查 {change.root}", en=f"Check {change.root} before the change"),
        probe=change.script('if [ -s "$saved/old-target" ]; then echo DONE; else echo ABSENT; fi\n'),
        command=change.script(
            """\
for tool in curl tar sha256sum runuser systemctl flock; do
  command -v "$tool" >/dev/null || fail "this host has no $tool; install it first"
done
[ -L "$root/current" ] || fail "$root/current is not a symbolic link to a release; releases must lie in $root/releases"
[ -d "$root/releases/$old" ] && [ ! -L "$root/releases/$old" ] || fail "$root/releases/$old is not a folder"
is_current "$old" || fail "$root/current leads to $(readlink "$root/current"), not to $old as when the plan was made; plan again"
id -u @run_as@ >/dev/null || fail "this host has no account "@run_as@
archive=$CHANGE_DIR/media/@archive@
[ -f "$archive" ] || fail "the archive was not delivered to $archive"
echo @sha256@"  $archive" | sha256sum --quiet -c - || fail "the archive $archive is not the one that was approved"
unpacked=$(tar -tvf "$archive" | awk '{ bytes += $3; n += 1 } END { printf "%d %d\\n", bytes / 1024 + n * 4, n }')
need=$(( ${unpacked% *} + @margin@ ))
free=$(df -Pk "$root/releases/" | awk 'NR == 2 { print $4 }')
[ "$free" -ge "$need" ] || fail "$root/releases has $free KiB free, the release needs $need KiB; make room first"
inodes=$(df -Pi "$root/releases/" | awk 'NR == 2 { print $4 }')
case $inodes in *[!0-9]*|''|0) ;; *) [ "$inodes" -ge "${unpacked#* }" ] || fail "$root/releases has no inodes left" ;; esac
umask 077
mkdir -p "$saved"
@well_script@readlink "$root/current" >"$saved/old-target.part"
sync "$saved/old-target.part" "$saved"
mv "$saved/old-target.part" "$saved/old-target"
""",
            well_script=_state_before(change),
        ),
        proof=change.script("""\
[ -s "$saved/old-target" ] || fail "it is not recorded where $root/current led to"
echo "$root/current led to $(cat "$saved/old-target")"
"""),
        undo=change.script('rm -f "$saved/old-target" "$saved/health.before" "$saved/down.before"\n'),
        expected=Text(
            zh=f"当前版本为 {change.old},应用异常并已如实记录,安装包校验和正确,空间足够",
            en=f"{change.old} is in use, that it is down is recorded, the archive is the approved one, there is room",
        )
        if change.down
        else Text(
            zh=f"当前版本为 {change.old},服务健康,安装包校验和正确,空间足够",
            en=f"{change.old} is in use and healthy, the archive is the approved one, there is room",
        ),
        changes=False,
        time_limit_s=300,
    )


def _state_before(change: ReleaseChange) -> str:
    """The service must be well; in the repair of one that is down it is only recorded how it is, for the back-out."""
    well = fill(
        """\
@active_script@@healthy_script@@active_script@printf '%s\\n' "$answer" >"$saved/health.before"
sync "$saved/health.before"
""",
        active_script=service.is_active(change.service),
        # Planned as down: one that dies and is started anew answers well for some seconds, and proves nothing.
        healthy_script=service.wait_steady(change.health, answers=8 if change.down else 2, within_s=12 if change.down else 20),
    )
    if not change.down:
        return well
    return fill(
        """\
rm -f "$saved/health.before" "$saved/down.before"
if (
@well_script@); then echo "it is well again"
else
  state=$(systemctl is-active @service@ || :)
  echo "recorded as down before the change: "@service@" is $state"
  printf '%s\\n' "$state" >"$saved/down.before"
  sync "$saved/down.before"
fi
""",
        well_script=well,
        service=service.unit_name(change.service),
    )


def _as_it_ran(change: ReleaseChange, script: str) -> str:
    """`script` brings the service to run again; one that was down before is left as it was: it does not run, or is only tried."""
    if not change.down:
        return script
    return fill(
        """\
if [ ! -e "$saved/down.before" ]; then
@run_script@elif grep -qx -e active -e reloading -e activating "$saved/down.before"; then  # it ran, or was tried, and was not well
  systemctl reset-failed @service@ 2>/dev/null || :
  systemctl restart @service@ || echo "it does not start, and was down before"
else
@stop_script@  systemctl reset-failed @service@ 2>/dev/null || :
fi
""",
        run_script=script,
        stop_script=service.stop(change.service),
        service=service.unit_name(change.service),
    )


def unpack_step(number: int, change: ReleaseChange) -> Step:
    """The release is unpacked beside the running one; its folder appears whole or not at all.

    Refused: members with absolute paths or "..", symbolic links that leave the release, hard links, devices.
    A single top folder in the archive is taken off, unless the release in use has a folder of that name.
    Owner and mode are those of the release in use; set-id bits are taken away.
    """
    return Step(
        number=number,
        key="unpack-release",
        target=change.target,
        title=Text(zh=f"解包版本 {change.new}", en=f"Unpack release {change.new}"),
        probe=change.script("""\
folder=$root/releases/$new
if [ -e "$folder" ] || [ -L "$folder" ]; then
  if [ -s "$saved/manifest" ] && ( cd "$folder" && sha256sum --status -c "$saved/manifest" ); then echo DONE
  else echo FOREIGN; echo "$folder is there, but is not what this change unpacked"; fi
elif [ -e "$folder.part" ] || [ -e "$saved/unpack.begun" ]; then echo PARTIAL
else echo ABSENT; fi
"""),
        command=change.script("""\
archive=$CHANGE_DIR/media/@archive@
part=$root/releases/$new.part
umask 022
echo @sha256@"  $archive" | sha256sum --quiet -c - || fail "the archive $archive is not the one that was approved"
mark unpack.begun
rm -rf -- "$part"
tar --quoting-style=escape -tf "$archive" >"$saved/members"
if bad=$(grep -m 1 -E -e '^/' -e '(^|/)[.][.](/|$)' "$saved/members"); then
  fail "the archive has the member $bad, which leaves its folder"
fi
tar --quoting-style=escape -tvf "$archive" >"$saved/members.long"
if bad=$(grep -m 1 -v '^[-dl]' "$saved/members.long"); then
  fail "the archive has a member that is no file, folder or symbolic link: $bad"
fi
rm -f "$saved/members" "$saved/members.long"
mkdir -- "$part"
tar --no-same-owner --no-same-permissions -xf "$archive" -C "$part"
base=$part
top=$(ls -A "$part")
if [ -d "$part/$top" ] && [ ! -L "$part/$top" ] && [ -n "$top" ] && [ ! -e "$root/releases/$old/$top" ]; then base=$part/$top; fi
[ -n "$(ls -A "$base")" ] || fail "the archive is empty"
leaving=$(find "$base" -type l -exec sh -c 'base=$(readlink -f -- "$1"); shift
  for link; do
    case $(readlink -m -- "$link") in "$base"|"$base"/*) ;; *) echo "$link -> $(readlink -- "$link")" ;; esac
  done' sh "$base" {} +)
[ -z "$leaving" ] || fail "the archive has symbolic links that leave the release: $leaving"
chown -hR --reference="$root/releases/$old" -- "$base"
chmod --reference="$root/releases/$old" -- "$base"
find "$base" ! -type l -perm /6000 -exec chmod ug-s -- {} +
( cd "$base" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum ) >"$saved/manifest.new"
sync -f "$base"
sync "$saved/manifest.new"
mv "$saved/manifest.new" "$saved/manifest"
mv -T -- "$base" "$root/releases/$new"
rm -rf -- "$part"
sync -f "$root/releases"
"""),
        proof=change.script("""\
[ -d "$root/releases/$new" ] && [ ! -L "$root/releases/$new" ] || fail "$root/releases/$new is not there"
cd "$root/releases/$new"
sha256sum --quiet -c "$saved/manifest" || fail "$root/releases/$new is not as it was unpacked"
echo "$(wc -l <"$saved/manifest") files unpacked to $root/releases/$new"
"""),
        undo=change.script("""\
if [ -e "$saved/unpack.begun" ]; then
  is_current "$new" && fail "$root/current still leads to $new; it cannot be removed"
  rm -rf -- "$root/releases/$new.part"
  if [ -e "$root/releases/$new" ]; then
    mv -T -- "$root/releases/$new" "$root/releases/$new.part"
    rm -rf -- "$root/releases/$new.part"
  fi
  rm -f "$saved/manifest" "$saved/manifest.new" "$saved/members" "$saved/members.long"
  sync -f "$root/releases"
  rm -f "$saved/unpack.begun"
fi
"""),
        undo_proof=change.script("""\
[ ! -e "$saved/unpack.begun" ] && [ ! -e "$saved/manifest" ] || fail "$root/releases/$new was not removed whole"
"""),
        expected=Text(
            zh=f"{change.root}/releases/{change.new} 完整,与安装包一致",
            en=f"{change.root}/releases/{change.new} is whole and as in the archive",
        ),
        changes=False,
        time_limit_s=1800,
    )


def dump_step(number: int, change: ReleaseChange, *, clusters) -> Step:
    """The database that the migration changes is dumped and the dump proven; see `tasks.operations.database.dump_step`."""
    step = database.dump_step(number, change.target, [change.database], clusters=clusters)
    return step.model_copy(update={"interrupts": True}) if change.stands_still else step


def stop_step(number: int, change: ReleaseChange) -> Step:
    """The service is stopped so that nothing is written while only the dump brings the database back."""
    return Step(
        number=number,
        key="stop-service",
        target=change.target,
        title=Text(zh=f"停止服务 {change.service}", en=f"Stop {change.service}"),
        probe=change.script("""\
if [ -e "$saved/restart.begun" ]; then echo DONE; echo "stopped, and started again by a later step"
elif [ -e "$saved/stop.begun" ]; then
  case $(systemctl is-active @service@ || :) in inactive|failed) echo DONE ;; *) echo PARTIAL ;; esac
else echo ABSENT; fi
"""),
        command=change.script("mark stop.begun\n@stop_script@", stop_script=service.stop(change.service)),
        proof=change.script(
            'if [ -e "$saved/restart.begun" ]; then exit 0; fi\n@stopped_script@',
            stopped_script=service.is_stopped(change.service),
        ),
        undo=change.script(
            """\
if [ -e "$saved/stop.begun" ]; then
  is_current "$old" || fail "$root/current does not lead to $old; the service is not started"
  systemctl is-active -q @service@ || { @start_script@}
  rm -f "$saved/stop.begun"
fi
""",
            start_script=_as_it_ran(change, service.start(change.service)),
        ),
        undo_proof=_healthy_as_before(change),
        expected=Text(zh="服务已停止,用户此时无法使用", en="The service is stopped; users cannot work"),
        interrupts=True,
        time_limit_s=600,
    )


_DOWN_BEFORE = """\
if [ -e "$saved/down.before" ]; then echo "the application was down before the change: its health is not asked"; exit 0; fi
"""


def _healthy_as_before(change: ReleaseChange) -> str:
    """The service runs and answers steadily; it names the old version if it did before the change. Never touched, or down before: not asked."""
    return change.script(
        """\
[ -s "$saved/old-target" ] || { echo "nothing had been begun"; exit 0; }
is_current "$old" || fail "$root/current does not lead to $old"
@down_script@@active_script@if grep -Eq -e @pattern@ "$saved/health.before"; then
@old_script@else
@any_script@fi
""",
        down_script=_DOWN_BEFORE if change.down else "",
        active_script=service.is_active(change.service),
        pattern=service.version_pattern(change.old),
        old_script=service.wait_steady(change.health, names=change.old, service=change.service),
        any_script=service.wait_steady(change.health, service=change.service),
    )


_RUN_MIGRATION = """\
run_migration() { # command; as its account, in the new release, without our environment; who is cut off is waited for
  exec 8>"$saved/migrate.lock"
  flock -w 900 8 || fail "an earlier attempt at the migration still runs"
  cd "$root/releases/$new"
  home=$(getent passwd @run_as@ | cut -d : -f 6)
  timeout -k 10 @limit@ runuser -u @run_as@ -- env -i HOME="$home" USER=@run_as@ LOGNAME=@run_as@ LANG=C.UTF-8 \\
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -c "$1" </dev/null
  cd /
}
"""


def migrate_step(number: int, change: ReleaseChange, *, time_limit_s: int = 3600) -> Step:
    """The database is migrated in the new release's folder by its own command (expand only: the old release must go on working).

    An attempt that was cut off is run again; where the service stands still the dump is brought back first, otherwise the
    command must bear being run again. Proof: it ended well, and every table that was there before can be read as before.
    """
    schema_file = f"{change.cluster.replace('/', '-')}/{change.database}.schema"
    dumped = fill('cat "$CHANGE_DIR/saved/dump/"@place@', place=schema_file)
    schema = database.schema_digest_script(change.database, change.cluster)
    migration = fill(_RUN_MIGRATION, run_as=change.run_as, limit=time_limit_s - 60)
    restore = f"( {database.restore_script(change.database, change.cluster)})\n"
    if change.stands_still:
        still = service.is_stopped(change.service)
        undo = change.script(
            """\
if [ -e "$saved/migrate.begun" ]; then
  @stop_script@@restore_script@  mark migrate.restored
  rm -f "$saved/migrate.done" "$saved/schema.after" "$saved/migrate.begun"
fi
""",
            stop_script=service.stop(change.service),
            restore_script=restore,
        )
        undo_proof = change.script(
            """\
[ ! -e "$saved/migrate.begun" ] || fail "the database was not restored"
if [ ! -e "$saved/migrate.restored" ]; then echo "the migration had not been begun"; exit 0; fi
if [ ! -e "$CHANGE_DIR/saved/dump" ]; then echo "it was restored before"; exit 0; fi
@equal_script@""",
            equal_script=database.equal_to_dump_script(change.database, change.cluster),
        )
    else:
        still = ""
        undo = change.script(
            """\
@migration_script@if [ -e "$saved/migrate.begun" ]; then
  rm -f "$saved/migrate.done"
  run_migration @migrate_back@
  rm -f "$saved/migrate.begun" "$saved/schema.after"
fi
""",
            migration_script=migration,
        )
        undo_proof = change.script(
            """\
if [ ! -s "$CHANGE_DIR/saved/dump/PROVEN" ]; then echo "the migration had not been begun"; exit 0; fi
before=$(@dumped_script@)
if [ -e "$saved/migrate.begun" ]; then
  [ -s "$saved/schema.after" ] && [ "$(cat "$saved/schema.after")" != "$before" ] || fail "the migration was not taken back"
fi
@kept_script@""",
            dumped_script=dumped,
            kept_script=database.equal_to_dump_script(change.database, change.cluster, exactly=False),
        )
    return Step(
        number=number,
        key="migrate-database",
        target=change.target,
        title=Text(zh=f"迁移数据库 {change.database}", en=f"Migrate database {change.database}"),
        probe=change.script(
            """\
if [ -e "$saved/migrate.done" ]; then
  if [ "$(@schema_script@)" = "$(cat "$saved/schema.after")" ]; then echo DONE
  else echo FOREIGN; echo "the schema was changed after the migration"; fi
elif [ -e "$saved/migrate.begun" ]; then echo PARTIAL
else echo ABSENT; fi
""",
            schema_script=schema,
        ),
        holds_before=change.script(
            """\
[ "$(@schema_script@)" = "$(@dumped_script@)" ] || fail "the schema was changed after the dump was taken; plan again"
@still_script@""",
            schema_script=schema,
            dumped_script=dumped,
            still_script=still,
        ),
        command=change.script(
            """\
@migration_script@if [ -e "$saved/migrate.begun" ]; then
  echo "an earlier attempt was cut off"
@again_script@fi
mark migrate.begun
rm -f "$saved/migrate.restored"
run_migration @migrate@
( @schema_script@) >"$saved/schema.after"
sync "$saved/schema.after"
mark migrate.done
""",
            migration_script=migration,
            schema_script=schema,
            again_script=restore if change.stands_still else "",
        ),
        proof=change.script(
            """\
[ -e "$saved/migrate.done" ] || fail "the migration did not end well"
@kept_script@""",
            kept_script=database.tables_kept_script(change.database, change.cluster, counted=change.stands_still),
        ),
        undo=undo,
        undo_proof=undo_proof,
        expected=Text(
            zh="迁移命令成功;原有各表仍可读取" + (",行数不少于迁移前" if change.stands_still else ""),
            en="The migration ended well; every table of before can be read"
            + (" and has no fewer rows" if change.stands_still else ""),
        ),
        reversible="restore" if change.stands_still else "auto",
        interrupts=change.stands_still,
        time_limit_s=time_limit_s,
    )


_LINK = """\
link() { # text of the link; the link is there at every moment
  ln -sfn -- "$1" "$root/current.new"
  chown -h --reference="$root/current" -- "$root/current.new"
  mv -T -- "$root/current.new" "$root/current"
  sync -f "$root"
}
back_link() {
  rm -f -- "$root/current.new"
  if is_current "$new"; then link "$(cat "$saved/old-target")"; fi
}
"""


def switch_step(number: int, change: ReleaseChange) -> Step:
    """`current` leads to the new release, in one act (rename); the running service does not notice yet."""
    return Step(
        number=number,
        key="switch-release",
        target=change.target,
        title=Text(zh=f"切换到版本 {change.new}", en=f"Switch to release {change.new}"),
        probe=change.script("""\
if is_current "$new"; then echo DONE
elif is_current "$old"; then if [ -e "$root/current.new" ] || [ -L "$root/current.new" ]; then echo PARTIAL; else echo ABSENT; fi
else echo FOREIGN; echo "$root/current leads to $(readlink "$root/current" || echo nothing)"; fi
"""),
        holds_before=change.script("""\
[ -s "$saved/old-target" ] || fail "it is not recorded where $root/current leads to"
[ -d "$root/releases/$new" ] || fail "$root/releases/$new is not there"
"""),
        command=change.script(
            """\
@link_script@target=$(cat "$saved/old-target"); target=${target%/}
case $target in */*) link "${target%/*}/$new" ;; *) fail "$root/current has the unexpected target $target" ;; esac
""",
            link_script=_LINK,
        ),
        proof=change.script("""\
is_current "$new" || fail "$root/current does not lead to $new"
echo "$root/current -> $(readlink "$root/current")"
"""),
        undo=change.script("@link_script@back_link\n", link_script=_LINK),
        undo_proof=change.script("""\
is_current "$old" || fail "$root/current does not lead to $old"
[ ! -s "$saved/old-target" ] || [ "$(readlink "$root/current")" = "$(cat "$saved/old-target")" ] ||
  fail "$root/current is not written as before"
"""),
        expected=Text(
            zh=f"{change.root}/current 指向 releases/{change.new}", en=f"{change.root}/current leads to releases/{change.new}"
        ),
        time_limit_s=120,
    )


def restart_step(number: int, change: ReleaseChange) -> Step:
    """The service is started anew and must answer with the new version.

    Undo: the link leads to the old release again and the service is restarted, so that users wait as short as possible;
    where the service stood still, it is only stopped: its database comes first, and the undo of `stop-service` starts it.
    """
    if change.stands_still:
        undo = change.script(
            'if [ -e "$saved/restart.begun" ]; then\n@stop_script@rm -f "$saved/restart.begun"\nfi\n',
            stop_script=service.stop(change.service),
        )
        undo_proof = change.script('[ ! -e "$saved/restart.begun" ] || fail "the service was not stopped"\n')
    else:
        undo = change.script(
            """\
@link_script@back_link
if [ -e "$saved/restart.begun" ]; then
@restart_script@rm -f "$saved/restart.begun"
fi
""",
            link_script=_LINK,
            restart_script=_as_it_ran(change, service.restart(change.service)),
        )
        undo_proof = _healthy_as_before(change)
    return Step(
        number=number,
        key="restart-service",
        target=change.target,
        title=Text(zh=f"重启服务 {change.service}", en=f"Restart {change.service}"),
        probe=change.script(
            """\
# one that died, and was started by systemd since the switch, is no restart of ours: its undo must know of it
@ask_script@if [ ! -e "$saved/restart.begun" ]; then echo ABSENT
elif systemctl is-active -q @service@ && answers; then echo DONE
else echo PARTIAL; fi
""",
            ask_script=service.ask(change.health, names=change.new),
        ),
        holds_before=change.script('is_current "$new" || fail "$root/current does not lead to $new"\n'),
        command=change.script("mark restart.begun\n@restart_script@", restart_script=service.restart(change.service)),
        proof=change.script(
            "@steady_script@@active_script@",
            steady_script=service.wait_steady(change.health, names=change.new, answers=3, within_s=60, service=change.service),
            active_script=service.is_active(change.service),
        ),
        undo=undo,
        undo_proof=undo_proof,
        expected=Text(
            zh=f"服务运行,健康地址返回版本 {change.new}", en=f"The service runs and its health address names {change.new}"
        ),
        interrupts=True,
        time_limit_s=600,
    )


def check_after_step(number: int, change: ReleaseChange) -> Step:
    """A step that reads: the new release is in use and answers steadily."""
    return Step(
        number=number,
        key="check-after",
        target=change.target,
        title=Text(zh=f"变更后检查 {change.root}", en=f"Check {change.root} after the change"),
        command="echo 'this step only reads'\n",
        proof=change.script(
            """\
is_current "$new" || fail "$root/current does not lead to $new"
@active_script@@steady_script@@active_script@""",
            active_script=service.is_active(change.service),
            steady_script=service.wait_steady(change.health, names=change.new, answers=5, service=change.service),
        ),
        expected=Text(zh=f"连续 5 次健康检查返回版本 {change.new}", en=f"Five good answers in a row name {change.new}"),
        changes=False,
        time_limit_s=300,
    )


def tidy_step(number: int, change: ReleaseChange) -> Step:
    """Releases older than the last two are put away into the change's folder, from where undo brings them back.

    What an unpacking that was cut off left behind is removed.
    """
    names = " ".join(fill("@n@", n=name) for name in change.remove)
    loop = f"for name in {names}; do\n" if names else "for name in; do\n"
    return Step(
        number=number,
        key="tidy",
        target=change.target,
        title=Text(zh="整理旧版本", en="Put old releases away"),
        command=change.script(
            """\
umask 077
away=$CHANGE_DIR/saved/release/away
mkdir -p "$away"
rm -rf -- "$root/releases/$new.part" "$root/current.new"
@loop_script@  if [ -e "$root/releases/$name" ]; then
    is_current "$name" && fail "$name is in use"
    rm -rf -- "$away/$name.copy" "$away/$name"
    cp -a -- "$root/releases/$name" "$away/$name.copy"
    mv -T -- "$away/$name.copy" "$away/$name"
    sync -f "$away"
    mv -T -- "$root/releases/$name" "$root/releases/.$name.away"
  fi
  rm -rf -- "$root/releases/.$name.away"
done
""",
            loop_script=loop,
        ),
        proof=change.script(
            """\
@loop_script@  [ ! -e "$root/releases/$name" ] && [ ! -e "$root/releases/.$name.away" ] ||
    fail "$root/releases/$name is still there"
done
[ ! -e "$root/releases/$new.part" ] || fail "$root/releases/$new.part is still there"
[ -d "$root/releases/$old" ] || fail "$root/releases/$old, which a back-out needs, is gone"
echo "kept: $(ls "$root/releases" | tr '\\n' ' ')"
""",
            loop_script=loop,
        ),
        undo=change.script(
            """\
away=$CHANGE_DIR/saved/release/away
@loop_script@  if [ -d "$away/$name" ] && [ ! -e "$root/releases/$name" ]; then
    rm -rf -- "$root/releases/.$name.back"
    cp -a -- "$away/$name" "$root/releases/.$name.back"
    sync -f "$root/releases"
    mv -T -- "$root/releases/.$name.back" "$root/releases/$name"
  fi
  if [ -d "$root/releases/$name" ]; then
    rm -rf -- "$away/$name" "$away/$name.copy" "$root/releases/.$name.away" "$root/releases/.$name.back"
  fi
done
""",
            loop_script=loop,
        ),
        undo_proof=change.script(
            """\
away=$CHANGE_DIR/saved/release/away
@loop_script@  [ ! -e "$away/$name" ] && [ -d "$root/releases/$name" ] || fail "$root/releases/$name was not brought back"
done
""",
            loop_script=loop,
        ),
        expected=Text(
            zh="保留当前版本与至少两个旧版本;更旧的移入变更目录",
            en="The release in use and two older ones are kept; older ones lie in the change's folder",
        ),
        time_limit_s=900,
    )


def steps(first: int, change: ReleaseChange, *, clusters=()) -> tuple[Step, ...]:
    """All steps of one host, numbered from `first`.

    Raises ProcedureError if the database to migrate cannot be told to one running server.
    """
    makers = [check_before_step, unpack_step]
    if change.stands_still:
        makers.append(stop_step)
    if change.migrate:
        makers += [lambda number, change: dump_step(number, change, clusters=clusters), migrate_step]
    makers += [switch_step, restart_step, check_after_step, tidy_step]
    return tuple(make(first + place, change) for place, make in enumerate(makers))
