"""What the lab cannot do it says in one sentence that names the way out."""

from __future__ import annotations

import os
import threading

import pytest

from deployments.lab import LabError, engine, hosts, lab
from deployments.lab.place import only_one


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STANDFAST_LAB", str(tmp_path / "lab"))


def test_an_engine_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(
        LabError, match=r"^no Docker engine answers at unix://.*nobody\.sock \(DOCKER_HOST\); start it, or unset DOCKER_HOST$"
    ):
        lab.up()


def test_packages_that_only_root_may_install(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match=r"a purpose: install this and that \(on Debian or Ubuntu: apt-get install this that\)"):
        engine.install(["this", "that"], "a purpose")


@pytest.mark.parametrize("name", ["web0", "mail1", "node100", "web1; reboot", ""])
def test_a_host_the_lab_does_not_know(name):
    with pytest.raises(LabError, match="it knows web1, web2, disk1, tomcat1, db1, vm1, node1"):
        lab.up(hosts=[name])


def test_a_host_that_was_not_brought_up():
    with pytest.raises(LabError, match="host web2 is not up; "):
        lab.host("web2")


def test_a_port_that_is_taken_is_passed_over():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert hosts.free_port(port, set()) > port
    assert hosts.free_port(port, {port}) > port


def test_a_long_command_that_fails_or_takes_too_long_says_so_and_keeps_its_output(tmp_path):
    with pytest.raises(LabError, match=r"^work failed \(last words\); its whole output lies in .*work\.log$"):
        engine.watch(["sh", "-c", "echo first; echo last words; exit 3"], "work", 10)
    with pytest.raises(LabError, match=r"^slow work did not end within 0 s; its output lies in "):
        engine.watch(["sleep", "30"], "slow work", 0.3)


def test_two_at_once_wait_for_each_other_but_not_for_ever():
    held, done = threading.Event(), threading.Event()

    def hold():
        with only_one():
            held.set()
            done.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    try:
        with pytest.raises(LabError, match="another process has been working on the lab for 0 s; end it"), only_one(0.2):
            pass
    finally:
        done.set()
        holder.join()
    with only_one(0.2):
        pass
