"""Accounts of the hosts that mean harm: what they name, own, or listen at does not become root's, and the service moves and comes home all the same."""

from __future__ import annotations

import pytest

from tasks import desk as the_desk
from tests.live import moving
from tests.live.drive import Desk
from tests.live.test_migration_faults import LAST, NONE_LOST, SQL, Moving, goes_on, hosts, office, ready, writing

pytestmark = pytest.mark.long
__all__ = ["hosts", "office", "ready"]
PORT = 321  # of the way to the old host's files, on the new one
NAMES = ["x|;1etouch /root/by-sed;#", "two words", "../above", "host=elsewhere", "$(touch /root/by-shell)", "-l"]


def said(lab, base: str, orders: str) -> None:
    """Say this as superuser of the old host's database."""
    lab.must("web1", f"cat >/tmp/said.sql <<'END'\n{orders}\nEND\nsu postgres -c 'psql -X -q -v ON_ERROR_STOP=1 -d {base} -f /tmp/said.sql'")


def test_names_and_links_do_nothing_and_the_service_moves_and_comes_home(lab, hosts, office):
    """The owner of a database says by its settings, casts and names what we would run as superuser; the account postgres lays links for root.

    The survey and the plan meet all that, too: every database of the old host is read.
    """
    orders = """alter database orders set search_path = evil, public, pg_catalog; create schema evil;
create function evil.format(text, text, text, text) returns text language sql as $$select 'drop table orders'$$;
create table theirs (a int, t int); insert into theirs values (1);
create table "two
lines" (t text); insert into "two
lines" values ('x');
create function evil.said(theirs) returns text language plpgsql as 'begin create table public.ran_as_superuser (); return 1; end';
create cast (theirs as text) with function evil.said(theirs) as assignment;"""
    away = """alter database orders reset search_path; drop cast (theirs as text); drop schema evil cascade; drop table theirs, "two
lines";"""
    create, drop = ("\n".join(f'{verb} database "{name}";' for name in NAMES) for verb in ("create", "drop"))
    said(lab, "postgres", create)
    said(lab, "orders", orders)
    Desk.open(lab, office, {}, web1={"databases": []}, web2=moving.NEW_HOST)
    the_desk.forget_what_is_kept()
    ready = Moving(lab)
    number = ready.number
    data = "/var/lib/postgresql/15/main"
    links = f"for one in {data}/postgresql.auto.conf.new {data}/standfast_hba.conf.new; do ln -sfn /root/by-link $one; done"
    with writing(lab) as writer:
        ready.up_to("door-open")
        opened = lab.must("web1", f"cat /var/lib/standfast/changes/{number}/saved/rsync.secret").partition(":")[2]
        key = lab.must("web1", "grep CHG /home/ops/.ssh/authorized_keys")
        assert "permitlisten" in key and key.rstrip().endswith(f" standfast-{number}-web2")
        ready.up_to("tunnel")
        fetch = ("cd /tmp; RSYNC_PASSWORD=$(cat /var/lib/standfast/changes/{}/saved/peer.files) "
                 f"rsync {{}} --port={PORT} standfast@127.0.0.1::all{{}} /tmp/fetched 2>&1")
        assert lab.exec("web2", fetch.format(number, "-a", "/etc/shadow"))[0] != 0 and lab.exec("web2", "[ -s /tmp/fetched ]")[0] != 0
        assert "refuse" in lab.exec("web2", fetch.format(number, "-aL", "/srv/orders"))[1]
        lab.must("web2", fetch.format(number, "-a", "/etc/orders") + "; ls /tmp/fetched; rm -rf /tmp/fetched")
        ready.up_to("make-ready")
        told = lab.must("web2", f"cat {data}/postgresql.auto.conf")
        assert "channel_binding=require" in told and opened.strip() not in told, "the account postgres cannot ask for files"
        lab.must("web1", f"su postgres -c '{links}'")
        ready.up_to("fence")
        # whoever waits at the stopped server's port is not believed, and learns nothing that opens anything
        lab.must("web2", f"su postgres -c '{links}; ln -sfn /root/by-link {data}/standby.signal.x'")
        ready.up_to(LAST)
        assert goes_on(writer) and moving.lost(lab, "web2", writer) == NONE_LOST
        whole = lab.must("web2", f"cat /var/lib/standfast/changes/{number}/saved/digest.here")
        for name in NAMES:
            assert f'schema "{name}"\t' in whole, "every database was compared"
        for name in ("web1", "web2"):
            assert not lab.must(name, "ls /root | grep '^by-' || :") and lab.exec(name, "ls /*above* /run/*above* 2>/dev/null")[0] != 0
        ran = SQL.replace("-d postgres", "-d orders").format("select count(*) from pg_class where relname = 'ran_as_superuser'")
        assert lab.must("web2", ran).strip() == "0"
        ready.home(writer)
    for name in ("web1", "web2"):
        assert not lab.must(name, "ls /root | grep '^by-' || :")
    said(lab, "orders", away)
    said(lab, "postgres", drop)


def test_a_database_with_a_name_of_two_lines_stops_it_before_anybody_notices(lab, ready: Moving):
    with writing(lab) as writer:
        ready.up_to("caught-up")
        lab.must("web1", "printf 'create database \"two\\nlines\";' | su postgres -c psql")
        ready.refuses("make-ready", "carry out", "signs that cannot be printed")
        lab.must("web1", "printf 'drop database \"two\\nlines\";' | su postgres -c psql")
        ready.carry_out("make-ready")
        lab.must("web1", "printf 'create database \"two\\nlines\";' | su postgres -c psql")
        ready.refuses("fence", "carry out", "signs that cannot be printed")
        assert goes_on(writer) and not writer.refused
        lab.must("web1", "printf 'drop database \"two\\nlines\";' | su postgres -c psql")
        ready.home(writer)


def test_whoever_listens_in_the_place_of_the_tunnel_is_not_believed(lab, ready: Moving):
    ready.up_to("door-open")
    taken = "for port in $(seq 320 324); do systemd-run --quiet --collect --uid=nobody perl -MIO::Socket::INET -e " \
            "'my $kept = IO::Socket::INET->new(LocalAddr => \"127.0.0.1\", LocalPort => shift, Listen => 1) or die; sleep 600' $port; done"
    lab.must("web2", taken)
    lab.until("web2", "ss -Hltn | grep -q 127.0.0.1:324")
    ready.refuses("tunnel", "carry out", "somebody else listens at its ports")
    lab.must("web2", "pkill -u nobody perl")
    ready.carry_out("tunnel")
    ready.undo("tunnel", "door-open")
