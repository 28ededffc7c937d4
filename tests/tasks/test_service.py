import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import ProcedureError
from tasks.operations import service
from tasks.operations.scripts import fill


def names(version: str, answer: str) -> bool:
    return (
        subprocess.run(["grep", "-Eq", "-e", service.version_pattern(version)], input=answer, text=True, check=False).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("version", "answer", "found"),
    [
        ("1.1.0", '{"version": "1.1.0"}', True),
        ("1.1.0", "v1.1.0", True),
        ("1.1.0", "this is 1.1.0.", True),
        ("1.1.0", "1.1.0", True),
        ("1.1.0", "11.1.0", False),
        ("1.1.0", "1.1.0-rc1", False),
        ("1.1.0", "1.1.01", False),
        ("1.1.0", "1x1.0", False),
        ("1.1.0", "1.1.0.1", False),
        ("1+1", '"1+1"', True),
        ("1+1", '"11"', False),
        ("2026.11~b", "build 2026.11~b ok", True),
    ],
)
def test_a_version_is_found_as_a_word_of_its_own(version, answer, found):
    assert names(version, answer) is found


@pytest.mark.parametrize("name", ["", "a b", "orders; reboot", "../x", "-x", "orders.service\n", "$(id)"])
def test_what_is_no_unit_is_refused(name):
    with pytest.raises(ProcedureError, match="no name of a service unit"):
        service.unit_name(name)


def test_unit_names():
    assert service.unit_name("nginx") == service.unit_name("nginx.service") == "nginx.service"
    assert service.unit_name("postgresql@15-main") == "postgresql@15-main.service"


def test_known_services_have_a_test_and_others_none():
    for known in ("nginx", "ssh.service", "apache2", "postgresql", "postgresql@15-main", "tomcat10", "haproxy"):
        assert service.config_test(known)
    assert service.config_test("orders") == ""


@settings(deadline=None, max_examples=50)  # each example starts a shell
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_what_is_filled_in_stays_one_word(value):
    done = subprocess.run(["sh", "-c", fill("printf '%s|' a@value@b", value=value)], capture_output=True, check=True)
    assert done.stdout.decode() == f"a{value}b|"


class Flapping(BaseHTTPRequestHandler):
    answers: list[tuple[int, str]] = []  # one after the other; the last one for ever
    asked = 0

    def do_GET(self):
        code, body = self.answers[min(type(self).asked, len(self.answers) - 1)]
        type(self).asked += 1
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def served():
    def serve(*answers):
        handler = type("Handler", (Flapping,), {"answers": list(answers), "asked": 0})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/health", handler

    servers = []
    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def wait(*args, **kwargs) -> subprocess.CompletedProcess:
    script = service.wait_steady(*args, **kwargs)
    return subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, timeout=60, check=False)


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@needs_curl
def test_good_answers_must_come_in_a_row(served):
    address, handler = served((503, ""), (200, "1.1.0"), (503, ""), (200, "1.1.0"), (200, "1.0.0"), (200, "1.1.0"))
    done = wait(address, names="1.1.0", answers=2, within_s=30)
    assert done.returncode == 0, done.stderr
    assert handler.asked == 7  # the row began only after the last bad answer


@needs_curl
def test_an_old_version_that_answers_well_is_not_good_enough(served):
    address, handler = served((200, '{"status": "ok", "version": "1.0.0"}'))
    done = wait(address, names="1.1.0", answers=2, within_s=2)
    assert done.returncode == 1
    assert "2 good answers naming 1.1.0" in done.stderr and "1.0.0" in done.stderr
    assert handler.asked <= 4


@needs_curl
def test_nobody_listening_ends_at_the_limit():
    done = wait("http://127.0.0.1:9/", within_s=1)
    assert done.returncode == 1 and "did not give" in done.stderr
