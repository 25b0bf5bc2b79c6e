"""The programs and some tests as they are in a container, without Docker: in namespaces of their own, with the
capabilities that Docker leaves to root, and as process 1 of a terminal.

    cargo test --all-features --no-run
    python3 tests/elsewhere/container.py [PROFILE] [-- TEST ...]

PROFILE is a seccomp profile in Docker's format; Docker's own is seccomp/default.json in github.com/moby/profiles. It
takes libseccomp's module for Python (Debian: python3-seccomp). TEST are names as `cargo test` takes them, in place of
those that a container is known to make a difference to. Root alone may do all this; where it may not be done, that is
said, and the exit status is 0.
"""

import ctypes
import fcntl
import json
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios

# capabilities(7), by number: what `docker run` leaves to root.
CAPABILITIES = {
    "CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_FOWNER": 3, "CAP_FSETID": 4, "CAP_KILL": 5, "CAP_SETGID": 6,
    "CAP_SETUID": 7, "CAP_SETPCAP": 8, "CAP_NET_BIND_SERVICE": 10, "CAP_NET_RAW": 13, "CAP_SYS_CHROOT": 18,
    "CAP_MKNOD": 27, "CAP_AUDIT_WRITE": 29, "CAP_SETFCAP": 31,
}
TESTS = ["io_uring::", "limits::", "left_behind::", "check_servers::so_is_one", "strace::", "stories::every"]
PROGRAMS = os.path.abspath(os.environ.get("CARGO_TARGET_DIR", "target")) + "/debug/"


def inside(profile, init, command):
    """What the container's process 1 does before it is the program, or the init that has the program for its child."""
    os.setsid()
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 1)
    lo = struct.pack("16sH14x", b"lo", 1)  # IFF_UP
    fcntl.ioctl(socket.socket(), 0x8914, lo)  # SIOCSIFFLAGS
    for number in range(64):
        if number not in CAPABILITIES.values():
            ctypes.CDLL(None).prctl(24, number, 0, 0, 0)  # PR_CAPBSET_DROP, which exec brings into effect
    if profile:
        confine(profile)
    if not init:
        os.execvp(command[0], command)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        if os.isatty(0):
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            os.tcsetpgrp(0, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(command[0], command)
    while True:
        pid, status = os.wait()
        if pid == child:
            sys.exit(os.waitstatus_to_exitcode(status) % 256)


def confine(profile):
    """Loads the seccomp profile: what it does not name fails with EPERM."""
    import seccomp

    def applies(rule):
        wanted, unwanted = rule.get("includes", {}), rule.get("excludes", {})
        here = "amd64" if os.uname().machine == "x86_64" else "arm64"
        return (
            all(name in CAPABILITIES for name in wanted.get("caps", []))
            and not any(name in CAPABILITIES for name in unwanted.get("caps", []))
            and here in wanted.get("arches", [here])
            and here not in unwanted.get("arches", [])
        )

    actions = {"SCMP_ACT_ALLOW": lambda _: seccomp.ALLOW, "SCMP_ACT_ERRNO": seccomp.ERRNO}
    with open(profile) as file:
        rules = json.load(file)
    confined = seccomp.SyscallFilter(seccomp.ERRNO(rules.get("defaultErrnoRet", 1)))
    confined.set_attr(seccomp.Attr.CTL_NNP, 0)
    for rule in filter(applies, rules["syscalls"]):
        action = actions[rule["action"]](rule.get("errnoRet", 1))
        args = [argument(seccomp, arg) for arg in rule.get("args") or []]
        for name in rule["names"]:
            try:
                confined.add_rule(action, name, *args)
            except (RuntimeError, OSError):
                pass  # a call that this machine, or this libseccomp, does not know
    confined.load()


def argument(seccomp, arg):
    """One of a rule's conditions on the arguments of a call."""
    name = arg["op"].removeprefix("SCMP_CMP_")
    values = [arg["value"], arg.get("valueTwo", 0)] if name == "MASKED_EQ" else [arg["value"]]
    return seccomp.Arg(arg["index"], getattr(seccomp, name), *values)


class Container:
    """A program in a container, on a terminal of its own."""

    def __init__(self, profile, init, command):
        own = [sys.executable, __file__, "--inside", profile or "", "init" if init else "", *command]
        spaces = ["--pid", "--fork", "--kill-child", "--mount-proc", "--net", "--ipc", "--uts", "--cgroup"]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvp("unshare", ["unshare", *spaces, *own])

    def hear(self, word=None):
        """What is printed up to `word`, or to the end."""
        heard = b""
        while word is None or word not in heard:
            try:
                more = os.read(self.terminal, 4096)
            except OSError:
                more = b""
            if not more and word is None:
                break
            if not more:
                raise SystemExit(f"FAILED: {word} is not in {heard}")
            heard += more
        return heard.decode(errors="replace")

    def second_terminal(self, command):
        """What a command prints that is started beside the program, as `docker exec` does."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as file:
            first = file.read().split()[0]
        enter = ["nsenter", "--target", first, "--pid", "--net", "--mount", *command]
        return subprocess.run(enter, stdout=subprocess.PIPE, text=True).stdout

    def status(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        self.status()


FAILED = []


def say(holds, what):
    print(f"{'ok' if holds else 'FAILED'}: {what}", flush=True)
    if not holds:
        FAILED.append(what)


def may():
    """Why this cannot be done here, if it cannot."""
    if missing := [name for name in ["unshare", "nsenter"] if not shutil.which(name)]:
        return f"there is no {missing[0]} on this machine"
    if subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "--net", "true"], stderr=subprocess.PIPE).returncode:
        return "this user may not make namespaces here"
    return None


def main(arguments):
    at = arguments.index("--") if "--" in arguments else len(arguments)
    profile, tests = (arguments[:at] or [""])[0], arguments[at + 1 :] or TESTS
    if why := may():
        return print(f"left out: {why}")
    if not profile:
        print("left out: Docker's seccomp profile, which was not given")

    client, server = PROGRAMS + "client", [PROGRAMS + "03-select-loop", "--listen"]
    served = "Received from server: Hello, client!"
    docker = Container(profile, True, server)
    docker.hear(b"listening on")
    say(served in docker.second_terminal([client]), "a client in a second terminal is served (docker exec)")
    os.write(docker.terminal, b"\x03")
    docker.hear()
    say(docker.status() != 0, "Ctrl-C ends a server that has an init (docker run --init)")

    docker = Container(profile, False, server)
    docker.hear(b"listening on")
    os.write(docker.terminal, b"\x03")
    docker.hear(b"^C")
    say(served in docker.second_terminal([client]), "without one it does not: the server is process 1, and still serves")
    docker.end()

    for chapter in sorted(name[:-3] for name in os.listdir("chapters") if name[0].isdigit()):
        if os.path.exists(PROGRAMS + chapter):
            docker = Container(profile, True, [PROGRAMS + chapter, "--compare"])
            shown = docker.hear()
            as_it_is = docker.status() == 0
            if "io_uring_setup: Operation not permitted" in shown:
                print(f"left out: {chapter}: the profile forbids io_uring")
                continue
            say(as_it_is, f"{chapter} is as in the book" if as_it_is else f"{chapter}\n{shown}")

    command = ["cargo", "test", "--offline", "--all-features", "--test", "programs", "--", *tests]
    docker = Container(profile, True, command)
    shown = docker.hear()
    passed = docker.status() == 0
    print(shown if not passed else "\n".join(line for line in shown.splitlines() if "left out" in line or "result" in line))
    say(passed, f"the tests {' '.join(tests)}")
    return 1 if FAILED else 0


if sys.argv[1:2] == ["--inside"]:
    inside(sys.argv[2], sys.argv[3], sys.argv[4:])
sys.exit(main(sys.argv[1:]))
