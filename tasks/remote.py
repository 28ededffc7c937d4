"""The only module that opens SSH connections.

A script goes to the host on standard input and is run by `sh` as root (or as the login user), so that neither the login
shell nor the command line's length matters. The host's key is compared with the pinned one before anything else is said.
"""

from __future__ import annotations

import base64
import io
import itertools
import re
import select
import shlex
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

import paramiko

from blocks.host_access import HostAccess
from blocks.network_device import NetworkDevice
from tasks.errors import CommandFailed, HostKeyRefused, HostUnreachable, LoginRefused, NoSession, OutOfTime, UnreadableOutput
from tasks.redaction import redact

KEEPALIVE_S = 10
SILENCE_LIMIT_S = 30  # sent, and not acknowledged for so long: the connection is dead
LOOK_UP_S = 1.0
CHUNK = 1 << 17
ERROR_LIMIT = 1 << 20
FORWARDED = 4  # connections carried through one host at a time
ANSWER_LIMIT = 64 << 20  # bytes of an answer that is held in memory

# OpenSSH's post-quantum exchange costs several times the CPU of this one, and Paramiko does not have it anyway.
KEY_EXCHANGE = ("curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "diffie-hellman-group16-sha512",
                "diffie-hellman-group14-sha256")


@dataclass(frozen=True)
class Answer:
    """What a script on a host said. `out` and `err` are text; bytes that are no UTF-8 are shown as escapes."""

    exit_code: int
    out: str
    err: str

    def need(self, what: str, host: str, zh: str = "") -> str:
        """The output, if the script succeeded. what, zh: what it was for, in English and Chinese.

        Raises:
            CommandFailed: with the last line it said.
        """
        if self.exit_code != 0:
            last = (self.err.strip() or self.out.strip() or "no message").splitlines()[-1]
            raise CommandFailed(f"{host}: {what} ended with status {self.exit_code}: {redact(last)}",
                                f"{host}：{zh or '命令'}失败（退出状态 {self.exit_code}）：{redact(last)}")
        return self.out


class Remote:
    """One connection to one host; many scripts may run over it, one after the other or from several threads.

    Raises on opening:
        HostKeyRefused: the key is not the pinned one. HostUnreachable: nobody answers. LoginRefused: key or account refused.
    """

    def __init__(self, host: HostAccess) -> None:
        self.host = host
        self._transport = _open(host)

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        _hang_up(self._transport)

    @property
    def alive(self) -> bool:
        return self._transport.is_active()

    def run(self, script: str, *, timeout_s: float = 60, as_root: bool = True) -> Answer:
        """Run a script and wait for it.

        Raises:
            HostUnreachable: the connection broke; the script may or may not have run.
            OutOfTime: no end within `timeout_s`. LoginRefused: sudo said no.
        """
        out = Bounded(self.host.name)
        answer = self.stream(script, out, timeout_s=timeout_s, as_root=as_root)
        return Answer(answer.exit_code, out.getvalue().decode(errors="backslashreplace"), answer.err)

    def stream(self, script: str, sink: BinaryIO, *, timeout_s: float, as_root: bool = True,
               stdin: Callable[[], Iterator[bytes]] | None = None) -> Answer:
        """Run a script; its standard output goes to `sink` as it comes (bytes), `stdin` is given to it if there is some."""
        deadline = time.monotonic() + timeout_s
        name = self.host.name
        try:
            channel = self._transport.open_session(timeout=min(timeout_s, self.host.connect_timeout_s))
            channel.settimeout(1.0)
            command, preamble = _command(self.host, script, as_root, has_input=stdin is not None)
            channel.exec_command(command)
            feeder = threading.Thread(target=_feed, args=(channel, preamble, stdin), daemon=True)
            feeder.start()
            err = bytearray()
            heard = time.monotonic()
            while True:
                if time.monotonic() > deadline:
                    channel.close()
                    raise OutOfTime(f"{name}: no end after {timeout_s:.0f} s; see what the host is busy with",
                                    f"{name}：{timeout_s:.0f} 秒后仍未结束；请查看主机在忙什么")
                if channel.recv_stderr_ready():
                    more = channel.recv_stderr(CHUNK)
                    if len(err) < ERROR_LIMIT:
                        err += more
                    continue
                try:
                    chunk = channel.recv(CHUNK)
                except TimeoutError:
                    if not self._transport.is_active():
                        raise HostUnreachable(f"{name}: the connection broke; it will be tried again", f"{name}：连接中断，将重试") from None
                    if time.monotonic() - heard > SILENCE_LIMIT_S / 2:
                        if not _answers(self._transport, SILENCE_LIMIT_S / 2):
                            _hang_up(self._transport)
                            raise HostUnreachable(f"{name}: no sign of life for {SILENCE_LIMIT_S} s; it will be tried again",
                                                  f"{name}：{SILENCE_LIMIT_S} 秒没有任何应答，将重试") from None
                        heard = time.monotonic()
                    continue
                heard = time.monotonic()
                if not chunk:
                    break
                sink.write(chunk)
            while len(err) < ERROR_LIMIT and time.monotonic() < deadline:
                try:
                    more = channel.recv_stderr(CHUNK)
                except TimeoutError:
                    break
                if not more:
                    break
                err += more
            if not channel.status_event.wait(min(10, self.host.connect_timeout_s)) or channel.exit_status == -1:
                raise HostUnreachable(f"{name}: the connection broke; it will be tried again", f"{name}：连接中断，将重试")
            text = err.decode(errors="backslashreplace")
            if channel.exit_status != 0 and "sudo:" in text and ("password is required" in text or "not allowed" in text
                                                                  or "not in the sudoers" in text or "incorrect password" in text):
                raise LoginRefused(f"{name}: user {self.host.user} may not become root; give it sudo rights "
                                   f"(NOPASSWD, or set the sudo password in the host's block)",
                                   f"{name}：用户 {self.host.user} 不能取得 root 权限；请授予 sudo 权限（NOPASSWD，或在主机登记中填写 sudo 密码）")
            return Answer(channel.exit_status, "", text)
        except (paramiko.SSHException, OSError, EOFError) as problem:
            if isinstance(problem, TimeoutError):
                raise HostUnreachable(f"{name}: no answer on the open connection; it will be tried again",
                                      f"{name}：连接没有应答，将重试") from problem
            raise HostUnreachable(f"{name}: the connection broke ({problem}); it will be tried again", f"{name}：连接中断（{problem}），将重试") from problem
        finally:
            if "channel" in locals():
                channel.close()

    def put(self, content: bytes | Iterator[bytes], path: str, *, mode: int = 0o600, timeout_s: float = 600) -> None:
        """Write a file as root: to a name beside it first, then renamed, so that it is there whole or not at all."""
        pieces = (lambda: iter([content])) if isinstance(content, bytes) else (lambda: iter(content))
        target = shlex.quote(path)
        script = f"set -eu; umask 077; mkdir -p {shlex.quote(path.rpartition('/')[0] or '/')}; cat > {target}.part; " \
                 f"chmod {mode:o} {target}.part; sync {target}.part; mv -f {target}.part {target}"
        self.stream(script, io.BytesIO(), timeout_s=timeout_s, stdin=pieces).need(f"writing {path}", self.host.name,
                                                                                            f"写入 {path}")


    @contextmanager
    def forwarded(self, address: str, port: int) -> Iterator[int]:
        """A port on this machine's loopback that leads through the host to an address it can reach, while the block runs.

        Whoever knocks gets a channel of this connection; at most `FORWARDED` at a time, the others wait. Nothing listens afterwards.
        """
        listener = socket.create_server(("127.0.0.1", 0), backlog=FORWARDED)
        listener.settimeout(0.5)
        over = threading.Event()
        places = threading.BoundedSemaphore(FORWARDED)
        doorman = threading.Thread(target=self._forward, args=(listener, (address, port), over, places), daemon=True)
        doorman.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            doorman.join(5)  # a thread that waits in accept would keep the port open
            listener.close()

    def _forward(self, listener: socket.socket, there: tuple[str, int], over: threading.Event, places: threading.BoundedSemaphore) -> None:
        while not over.is_set():
            if not places.acquire(timeout=0.5):
                continue
            try:
                near, origin = listener.accept()
            except TimeoutError:
                places.release()
                continue
            except OSError:  # closed: the block is over
                return
            threading.Thread(target=self._carry, args=(near, origin, there, over, places), daemon=True).start()

    def _carry(self, near: socket.socket, origin: tuple[str, int], there: tuple[str, int], over: threading.Event,
               places: threading.BoundedSemaphore) -> None:
        """Bytes both ways until one side ends; a host that does not let us through ends it at once.

        A thread for each way, and no select on the channel: the pipe that paramiko makes for it can break while the channel closes, and takes the
        whole connection with it.
        """
        try:
            with near, closing(self._transport.open_channel("direct-tcpip", there, origin, timeout=self.host.connect_timeout_s)) as far:
                far.settimeout(SILENCE_LIMIT_S)
                upward = threading.Thread(target=self._carry_up, args=(near, far, over), daemon=True)
                upward.start()
                try:
                    while not over.is_set() and self._transport.is_active():
                        try:
                            piece = far.recv(CHUNK)
                        except TimeoutError:  # both are silent, which they may be
                            continue
                        if not piece:
                            return
                        near.sendall(piece)
                finally:
                    with suppress(OSError):
                        near.shutdown(socket.SHUT_RDWR)
                    upward.join(5)
        except (paramiko.SSHException, OSError, EOFError):
            pass  # who knocked sees its connection closed, and says so
        finally:
            places.release()

    def _carry_up(self, near: socket.socket, far: paramiko.Channel, over: threading.Event) -> None:
        try:
            while not over.is_set() and self._transport.is_active():
                if select.select([near], [], [], 0.5)[0]:
                    piece = near.recv(CHUNK)
                    if not piece:
                        return
                    far.sendall(piece)
        except (paramiko.SSHException, OSError, EOFError, ValueError):
            pass
        finally:
            far.close()



PROMPT = re.compile(r"[<\[]?[^\s<>\[\]#]{1,80}[>\]#]")     # <core-sw1>, core-sw1#
MORE = re.compile(rb" *-{2,} ?[Mm][Oo][Rr][Ee] ?-{2,}")
MORE_BYTES = 120  # where it stands at the end of what came; looking for it everywhere would take long
ERASED = re.compile(r"\x1b\[\d+D *\x1b\[\d+D|\x08+ *\x08*|\r *\r(?!\n)")  # how that line is wiped away again
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x09\x0b-\x1f]")  # the line break is kept
SCREEN_LIMIT = 1 << 20  # bytes of one answer of a device


class Console:
    """The command line of a network device: one shell, one command after the other, each answer up to the next prompt.

    Raises on opening what `Remote` raises, and UnreadableOutput where no prompt comes.
    """

    def __init__(self, device: NetworkDevice) -> None:
        self.device = device
        self._transport = _open(device)
        try:
            self._channel = self._transport.open_session(timeout=device.timeout_s)
            self._channel.get_pty(width=511, height=1000)
            self._channel.invoke_shell()
            self._channel.settimeout(0.2)
            # A greeting may hold anything; the prompt is what stands at its end and comes again after an empty line.
            self.prompt = self._heard(lambda text: PROMPT.fullmatch(text.rpartition("\n")[2].strip()), device.timeout_s * 2).rpartition("\n")[2].strip()
        except (paramiko.SSHException, OSError, EOFError) as problem:
            _hang_up(self._transport)
            raise self._broken(problem) from problem
        except BaseException:
            _hang_up(self._transport)
            raise

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *_: object) -> None:
        _hang_up(self._transport)

    def ask(self, command: str, *, timeout_s: float) -> str:
        """What a command prints, without its echo and the prompt behind it. Raises OutOfTime, UnreadableOutput, HostUnreachable."""
        try:
            self._channel.sendall(f"{command}\n".encode())
            text = self._heard(lambda text: "\n" in text and text.rpartition("\n")[2].strip() == self.prompt, timeout_s)
        except (paramiko.SSHException, OSError, EOFError) as problem:
            raise self._broken(problem) from problem
        lines = text.split("\n")[:-1]
        return "\n".join(lines[1:] if lines and command in lines[0] else lines)

    def _heard(self, whole: Callable[[str], object], timeout_s: float) -> str:
        """What comes until it is whole, and nothing more follows."""
        name, heard, deadline = self.device.name, bytearray(), time.monotonic() + timeout_s
        while True:
            try:
                piece = self._channel.recv(CHUNK)
                if not piece:
                    raise EOFError("the device closed the session")
                heard += piece
                if len(heard) > SCREEN_LIMIT:
                    raise UnreadableOutput(f"{name}: an answer of more than {SCREEN_LIMIT >> 10} KiB", f"{name}：应答超过 {SCREEN_LIMIT >> 10} KiB")
                if MORE.search(heard[-40:]):
                    heard[-MORE_BYTES:] = MORE.sub(b"", heard[-MORE_BYTES:])
                    self._channel.sendall(b" ")
            except TimeoutError:
                text = _screen(heard)
                if whole(text):
                    return text
            if time.monotonic() > deadline:  # also of one that never falls silent
                last = redact(_screen(heard[-2000:]).strip().rpartition("\n")[2], self.device.secrets())[-80:]
                raise OutOfTime(f"{name}: no prompt within {timeout_s:g} s; last came {last!r}",
                                f"{name}：{timeout_s:g} 秒内没有出现提示符；最后收到 {last!r}")

    def _broken(self, problem: BaseException) -> HostUnreachable:
        return HostUnreachable(f"{self.device.name}: the session broke ({problem or 'closed'}); see who else is logged in there",
                               f"{self.device.name}：会话中断（{problem or '已关闭'}）；请查看设备上的登录数是否已满")


def _screen(heard: bytes | bytearray) -> str:
    """What a terminal would show of it."""
    return CONTROL.sub("", ERASED.sub("", heard.decode("utf-8", errors="backslashreplace")).replace("\r\n", "\n"))


class Bounded(io.BytesIO):
    """An answer of a size that can be held."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self._host = host

    def write(self, chunk) -> int:
        if self.tell() + len(chunk) > ANSWER_LIMIT:
            raise UnreadableOutput(f"{self._host}: an answer of more than {ANSWER_LIMIT >> 20} MiB; see what the host prints there",
                                   f"{self._host}：应答超过 {ANSWER_LIMIT >> 20} MiB；请查看主机输出了什么")
        return super().write(chunk)


def _answers(transport: paramiko.Transport, limit_s: float) -> bool:
    """Whether sshd still answers. TCP alone does not tell: something in between may acknowledge for a host that is gone."""
    asking = threading.Thread(target=_ask, args=(transport,), daemon=True)
    asking.start()
    asking.join(limit_s)
    return not asking.is_alive() and transport.is_active()


def _ask(transport: paramiko.Transport) -> None:
    try:
        transport.global_request("keepalive@openssh.com", wait=True)
    except (paramiko.SSHException, OSError, EOFError):
        pass


def _command(host: HostAccess, script: str, as_root: bool, *, has_input: bool) -> tuple[str, bytes]:
    """The command line for sshd and what goes in front of the input.

    The script is read whole before its first line runs, so that no command in it can swallow the rest. Where the script
    wants input of its own, it travels in the command line, base64 so that any login shell passes it on unharmed.
    """
    if has_input:
        inner = f"""sh -c 'eval "$(printf %s {base64.b64encode(script.encode()).decode()} | base64 -d)"'"""
    else:
        inner = """sh -c 'eval "$(cat)"'"""
    preamble = b""
    if as_root and host.become == "sudo" and host.user != "root":
        password = host.sudo_password.get_secret_value() if host.sudo_password else ""
        if password:
            # sudo that asks for no password would leave the line to the script: then it is taken away first.
            bare = inner
            either = f'if sudo -n true 2>/dev/null; then IFS= read -r unused; exec sudo -n {bare}; else exec sudo -S -p "" {bare}; fi'
            inner = f"sh -c {shlex.quote(either)}"
            preamble = f"{password}\n".encode()
        else:
            inner = "sudo -n " + inner
    return inner, preamble + (b"" if has_input else script.encode())


def _feed(channel: paramiko.Channel, preamble: bytes, stdin: Callable[[], Iterator[bytes]] | None) -> None:
    try:
        for piece in (preamble,) if stdin is None else itertools.chain((preamble,), stdin()):
            left = memoryview(piece)
            while len(left):
                try:
                    left = left[channel.send(left):]
                except TimeoutError:  # the host reads slowly; the reading side watches the clock
                    if channel.closed:
                        return
        channel.shutdown_write()
    except (OSError, EOFError, paramiko.SSHException):
        pass  # the reading side says what is wrong


def _hang_up(transport: paramiko.Transport) -> None:
    """Close the connection; its thread, which waits for bytes, is told at once."""
    with suppress(OSError):
        transport.sock.shutdown(socket.SHUT_RDWR)
    transport.close()


def _open(host: HostAccess | NetworkDevice) -> paramiko.Transport:
    is_device = isinstance(host, NetworkDevice)
    timeout_s = host.timeout_s if isinstance(host, NetworkDevice) else host.connect_timeout_s
    where = f"{host.name} ({host.address}:{host.port})"
    pinned = [key for key in (_public_key(line) for line in host.host_key.splitlines() if line.strip())]
    if not pinned:
        raise HostKeyRefused(f"{where}: no host key is pinned; put the host's public key into its block",
                             f"{where}：尚未登记主机公钥；请在主机登记中填写")
    try:
        sock = socket.create_connection((host.address, host.port), timeout=timeout_s)
    except OSError as problem:
        raise HostUnreachable(f"{where} cannot be reached ({problem.strerror or problem}); check address, port and network",
                              f"{where} 无法连接（{problem.strerror or problem}）；请检查地址、端口和网络") from problem
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Without it a peer that vanished is noticed after a quarter of an hour; the keepalives make sure that something is sent.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_LIMIT_S * 1000)
    transport = paramiko.Transport(sock)
    transport.banner_timeout = transport.auth_timeout = transport.handshake_timeout = timeout_s
    try:
        options = transport.get_security_options()
        if not is_device:  # old switches know none of these
            options.kex = [kex for kex in KEY_EXCHANGE if kex in options.kex]
        options.ciphers = sorted(options.ciphers, key=lambda name: name != "aes128-gcm@openssh.com")  # a third less CPU for large streams
        types = {name for name, _ in pinned} | ({"rsa-sha2-512", "rsa-sha2-256"} if any(n == "ssh-rsa" for n, _ in pinned) else set())
        options.key_types = [name for name in options.key_types if name in types]
        transport.start_client(timeout=timeout_s)
        shown = transport.get_remote_server_key()
        if (shown.get_name(), shown.asbytes()) not in pinned:
            raise HostKeyRefused(*_changed(where))
        _log_in(transport, host, where)
        transport.set_keepalive(KEEPALIVE_S)
        # Paramiko's threads look up ten times a second whether they are still wanted, which over hundreds of hosts costs more than their work.
        sock.settimeout(LOOK_UP_S)
        return transport
    except paramiko.AuthenticationException as problem:
        transport.close()
        word, zh = ("password", "密码") if isinstance(host, NetworkDevice) and host.password else ("key", "密钥")
        raise LoginRefused(f"{where}: user {host.user} is not let in with the {word} given; check user and {word}",
                           f"{where}：用户 {host.user} 使用所给{zh}无法登录；请检查用户和{zh}") from problem
    except (paramiko.SSHException, OSError, EOFError) as problem:
        transport.close()
        if "no acceptable host key" in str(problem).lower() or isinstance(problem, paramiko.ssh_exception.IncompatiblePeer):
            raise HostKeyRefused(*_changed(where)) from problem
        raise NoSession(f"{where} does not speak SSH with us ({problem or 'connection closed'}); "
                        "check address, port and the host's sshd",
                        f"{where} 无法建立 SSH 会话（{problem or '连接已关闭'}）；请检查地址、端口和主机的 sshd") from problem
    except BaseException:
        transport.close()
        raise


def _changed(where: str) -> tuple[str, str]:
    return (f"{where} shows another host key than the pinned one; ask its administrator whether the key was changed, "
            "and only then put the new one into the host's block",
            f"{where} 出示的主机公钥与登记的不一致；请先向其管理员核实是否更换过密钥，确认后再更新主机登记")


def _public_key(line: str) -> tuple[str, bytes]:
    """Name and wire form of a public key line; the same for equal keys, whatever their comment."""
    name, _, rest = line.strip().partition(" ")
    try:
        return name, base64.b64decode(rest.split()[0])
    except (ValueError, IndexError):
        raise HostKeyRefused(f"“{line[:40]}...” is no public key; put the host's key into its block, as ssh-keyscan prints it",
                             f"“{line[:40]}...”不是公钥；请按 ssh-keyscan 的输出填写主机公钥") from None


def _log_in(transport: paramiko.Transport, host: HostAccess | NetworkDevice, where: str) -> None:
    if isinstance(host, NetworkDevice) and host.password:
        transport.auth_password(host.user, host.password.get_secret_value())
        return
    if isinstance(host, NetworkDevice):
        transport.auth_publickey(host.user, _private_key(_key_in(host.key_file or "", where), None, where))
        return
    passphrase = host.passphrase.get_secret_value() if host.passphrase else None
    if host.private_key:
        transport.auth_publickey(host.user, _private_key(host.private_key.get_secret_value(), passphrase, where))
    elif host.key_file:
        transport.auth_publickey(host.user, _private_key(_key_in(host.key_file, where), passphrase, where))
    else:
        keys = paramiko.Agent().get_keys()
        if not keys:
            raise LoginRefused(f"{where}: the SSH agent holds no key; add one with ssh-add, or give the block a key",
                               f"{where}：SSH 代理中没有密钥；请用 ssh-add 添加，或在主机登记中填写密钥")
        for key in keys:
            try:
                transport.auth_publickey(host.user, key)
                return
            except paramiko.AuthenticationException:
                continue
        raise paramiko.AuthenticationException("no key of the agent was accepted")


def _key_in(file: str, where: str) -> str:
    try:
        return open(file).read()
    except OSError as problem:
        raise LoginRefused(f"{where}: key file {file} cannot be read ({problem.strerror}); check its path and rights",
                           f"{where}：密钥文件 {file} 无法读取（{problem.strerror}）；请检查路径和权限") from problem


def _private_key(text: str, passphrase: str | None, where: str) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), passphrase)
        except paramiko.PasswordRequiredException as problem:
            raise LoginRefused(f"{where}: the private key has a passphrase; give it in the host's block",
                               f"{where}：私钥设有口令；请在主机登记中填写") from problem
        except (paramiko.SSHException, ValueError):
            continue
    raise LoginRefused(f"{where}: the private key is of no kind that is known (Ed25519, ECDSA, RSA), or its passphrase is wrong",
                       f"{where}：私钥类型无法识别（支持 Ed25519、ECDSA、RSA），或其口令不正确")


@contextmanager
def connected(host: HostAccess) -> Iterator[Remote]:
    """The open connection to a host, kept for the next caller; a broken one is opened anew."""
    key = (host.address, host.port, host.user, host.host_key)
    with _lock:
        remote = _kept.get(key)
    if remote is None or not remote.alive:
        remote = Remote(host)
        with _lock:
            _kept[key] = remote
    try:
        yield remote
    except (HostUnreachable, OutOfTime):
        # A connection that failed once is not trusted again: its peer may be gone without a word.
        with _lock:
            if _kept.get(key) is remote:
                del _kept[key]
        remote.close()
        raise


@contextmanager
def tunnel(host: HostAccess, address: str, port: int) -> Iterator[tuple[str, int]]:
    """Where on loopback a server can be reached that only the host can reach. Raises what `Remote` raises, before the block begins."""
    with connected(host) as remote, remote.forwarded(address, port) as here:
        yield "127.0.0.1", here


def disconnect_all() -> None:
    """Close what is kept open; called when a process is done with its hosts."""
    with _lock:
        for remote in _kept.values():
            remote.close()
        _kept.clear()


_kept: dict[tuple[str, int, str, str], Remote] = {}
_lock = threading.Lock()
