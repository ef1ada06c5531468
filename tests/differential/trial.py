"""One configuration under one runtime: create, look from outside, start, wait, delete, and what is
left behind. The result is a flat dictionary of strings, in which nothing differs from run to run.
"""
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

CGROUP = pathlib.Path("/sys/fs/cgroup")
PR_SET_CHILD_SUBREAPER = 36
LIMIT_FILES = re.compile(
    r"^(memory\.(limit_in_bytes|soft_limit_in_bytes|memsw\.limit_in_bytes|swappiness|kmem\.tcp\.limit_in_bytes)"
    r"|cpu\.(shares|cfs_quota_us|cfs_period_us|cfs_burst_us|idle|rt_runtime_us)|cpuset\.(cpus|mems)|pids\.max"
    r"|blkio\.(weight|bfq\.weight|throttle\.(read|write)_(bps|iops)_device)|hugetlb\.\w+\.(rsvd\.)?limit_in_bytes"
    r"|net_cls\.classid|devices\.list)$")
WAIT = 20


def become_reaper():
    """The containers' first processes become children of this one, whose status can be told."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def tree(root):
    """Each path below root with its type, mode, owner and, for a link, target."""
    found = {}
    for directory, below, files in os.walk(root):
        for name in below + files:
            path = os.path.join(directory, name)
            st = os.lstat(path)
            told = f"{st.st_mode:o} {st.st_uid}:{st.st_gid}"
            if os.path.islink(path):
                told += " " + os.readlink(path)
            found[os.path.relpath(path, root)] = told
    return found


class Trial:
    def __init__(self, runtime, command, case, work, rootfs):
        self.runtime, self.command, self.case = runtime, command, case
        self.work, self.rootfs = pathlib.Path(work), rootfs
        self.id = f"bhdiff-{os.getpid()}-{runtime}"
        self.state = self.work / "state"
        self.result = {}

    # --- the runtime ----------------------------------------------------------------------

    def call(self, *arguments, out=None):
        """The exit status; what is printed goes to files, for a container keeps its descriptors."""
        with (open(self.work / "stdin", "a+") as stdin, open(self.work / (out or "stdout"), "w") as stdout,
              open(self.work / "stderr", "a") as stderr):
            try:
                return subprocess.run(
                    [*self.command, "--root", str(self.state), *arguments], stdin=stdin, stdout=stdout,
                    stderr=stderr, cwd=self.work / "bundle", timeout=WAIT, env={"PATH": os.environ["PATH"]}).returncode
            except subprocess.TimeoutExpired:
                return "timeout"

    def text(self, text):
        """Without what is this run's own."""
        return text.replace(str(self.work), "WORK").replace(self.id, "ID")

    # --- set up ---------------------------------------------------------------------------

    def prepare(self):
        bundle, host = self.work / "bundle", self.work / "host"
        for directory in (bundle, host / "dir/sub", bundle / "host-in-bundle", self.state):
            directory.mkdir(parents=True)
        (host / "file").write_text("text\n")
        (host / "dir/file").write_text("text\n")
        os.chown(host / "dir/file", 3, 4)
        (host / "link").symlink_to("dir")
        root = bundle / "rootfs"
        subprocess.run(["cp", "-al", str(self.rootfs), str(root)], check=True)
        config = self.case["config"]
        if not isinstance(config, str) and config.get("linux") and "uidMappings" in config["linux"]:
            first = config["linux"]["uidMappings"][0]["hostID"]
            for directory, below, _ in os.walk(root):
                os.lchown(directory, first, first)
        self.before = tree(root)
        subprocess.run(["mount", "-t", "tmpfs", "sub", str(host / "dir/sub")], check=True)
        text = config if isinstance(config, str) else json.dumps(config)
        text = text.replace("@WORK@", str(self.work)).replace("@ID@", self.id)
        (bundle / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))

    # --- looking --------------------------------------------------------------------------

    def look_at_state(self):
        self.call("state", self.id, out="state.json")
        try:
            state = json.loads((self.work / "state.json").read_text())
        except ValueError:
            self.result["state"] = "unreadable"
            return 0
        for name in ("status", "bundle", "annotations", "ociVersion"):
            self.result[f"state {name}"] = self.text(json.dumps(state.get(name) or None))
        self.result["state id"] = self.text(str(state.get("id")))
        return int(state.get("pid") or 0)

    def look_at_cgroups(self, pid):
        for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            hierarchy = names.split("=")[-1] or "unified"
            self.result[f"cgroup of {hierarchy}"] = self.text(path)
            directory = CGROUP / hierarchy / path.lstrip("/")
            if self.id not in path or not directory.is_dir():
                continue
            for name in sorted(os.listdir(directory)):
                if LIMIT_FILES.match(name):
                    try:
                        value = (directory / name).read_text()
                    except OSError as error:
                        value = error.strerror
                    self.result[f"limit {name}"] = "; ".join(sorted(value.split("\n"))).strip("; ")

    def left(self):
        """What there is of the container, of each kind."""
        found = []
        for hierarchy in sorted(os.listdir(CGROUP)):
            for directory, below, _ in os.walk(CGROUP / hierarchy):
                if self.id in directory:
                    found.append("cgroup")
                    pids = pathlib.Path(directory, "cgroup.procs")
                    if pids.exists() and pids.read_text().strip():
                        found.append("process")
        entries = [e for e in os.listdir(self.state) if not e.startswith(".")] if self.state.exists() else []
        if entries:
            found.append("state")
        mounts = pathlib.Path("/proc/self/mountinfo").read_text()
        if any(f" {self.work}" in line and "/host/dir/sub " not in line for line in mounts.splitlines()):
            found.append("mount")
        return " ".join(sorted(set(found))) or "nothing"

    def look_at_rootfs(self):
        after = tree(self.work / "bundle/rootfs")
        for path in sorted(set(after) | set(self.before)):
            if after.get(path) != self.before.get(path):
                self.result[f"rootfs {path}"] = f"{self.before.get(path)} -> {after.get(path)}"

    # --- the operations -------------------------------------------------------------------

    def wait(self, pid):
        """The container's end as a number, as a shell has it."""
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            # Others too: what came in by exec must be gone before the first process can be.
            try:
                ended, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return "no child"
            if ended == pid:
                status = os.waitstatus_to_exitcode(status)
                return str(status if status >= 0 else 128 - status)
            if not ended:
                time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)
        return "timeout"

    def go(self):
        if self.call("create", "--bundle", str(self.work / "bundle"), self.id) != 0:
            self.result["create"] = "refused"
            self.result["left"] = self.left()
            return
        self.result["create"] = "ok"
        pid = self.look_at_state()
        if pid:
            self.look_at_cgroups(pid)
        (self.work / "seen").write_text((self.work / "stdout").read_text())
        self.result["start"] = "ok" if self.call("start", self.id, out="start") == 0 else "refused"
        if "process" in self.case and self.result["start"] == "ok":
            (self.work / "process.json").write_text(json.dumps(self.case["process"]))
            status = self.call("exec", "--process", str(self.work / "process.json"), self.id, out="exec")
            self.result["exec"] = str(status)
            os.kill(pid, signal.SIGKILL)
        elif self.result["start"] != "ok":
            # Whether it has ended by itself is part of the answer.
            time.sleep(0.05)
            self.result["after start"] = self.left().replace("cgroup", "").strip()
            self.call("kill", self.id, "KILL", out="kill")
        if pid:
            self.result["ended"] = self.wait(pid)
        self.delete()
        self.result["left"] = self.left()
        self.look_at_rootfs()
        if self.result["start"] == "ok":
            self.read_probe("exec" if "process" in self.case else "stdout")

    def delete(self):
        """The others' may come too early for them, now and then."""
        for _ in range(1 if self.runtime == "bulkhead" else 5):
            self.result["delete"] = "ok" if self.call("delete", self.id, out="delete") == 0 else "refused"
            if self.result["delete"] == "ok":
                break
            time.sleep(0.05)

    def read_probe(self, name):
        text = (self.work / name).read_text(errors="replace")
        try:
            seen = json.loads(text)
        except ValueError:
            self.result["output"] = self.text(text)[:200]
            return
        for key, value in seen.items():
            for item, told in normal(key, value):
                self.result[self.text(f"{key} {item}".strip())] = self.text(told)

    def clean_up(self):
        self.call("delete", "--force", self.id, out="delete")
        for _ in range(20):
            # Processes first, then the cgroups from the leaves.
            directories = []
            for hierarchy in os.listdir(CGROUP):
                for directory, _, _ in os.walk(CGROUP / hierarchy, topdown=False):
                    if self.id in directory:
                        directories.append(directory)
            if not directories:
                break
            for directory in directories:
                state = pathlib.Path(directory, "freezer.state")
                if state.exists():
                    state.write_text("THAWED")
                for pid in pathlib.Path(directory, "cgroup.procs").read_text().split():
                    try:
                        os.kill(int(pid), signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                try:
                    os.rmdir(directory)
                except OSError:
                    pass
            self.reap()
            time.sleep(0.01)
        self.reap()
        mounts = [line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
        for target in reversed([m for m in mounts if m.startswith(str(self.work))]):
            subprocess.run(["umount", "-l", target], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.work, ignore_errors=True)

    @staticmethod
    def reap():
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass

    def run(self):
        self.prepare()
        try:
            self.go()
            self.result["said"] = self.text((self.work / "stderr").read_text(errors="replace"))[-400:]
        finally:
            self.clean_up()
        return self.result


# --- what the probe prints, as items --------------------------------------------------------------

HOST = {name: os.readlink(f"/proc/self/ns/{name}")
        for name in ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts") if os.path.exists(f"/proc/self/ns/{name}")}


def words(text):
    for word in text.split():
        name, _, value = word.partition("=")
        yield name, value


def mounts(text):
    count = {}
    for line in text.splitlines():
        target, rest = line.split(" ", 1)
        number = count[target] = count.get(target, 0) + 1
        rest = re.sub(r"\b(shared|master|propagate_from):\d+", r"\1", rest)
        yield target + (f" again {number}" if number > 1 else ""), rest


def session(text):
    told = dict(words(text))
    pid = told["pid"]
    for name, value in told.items():
        value = "same" if value == pid and name != "pid" else value
        yield name, value if value in ("0", "1", "same", "none", "-1") else "other"


def clocks(text):
    for name, value in words(text):
        clock = time.CLOCK_MONOTONIC if name == "monotonic" else time.CLOCK_BOOTTIME
        yield name, str(round((int(value) - time.clock_gettime(clock)) / 1000))


def status(text):
    for line in text.splitlines():
        name, _, value = line.partition(":")
        value = value.strip()
        if name in ("NSpid", "NSpgid", "NSsid"):
            value = " ".join(n if n in ("0", "1") else "N" for n in value.split())
        yield name, value


def normal(key, text):
    """The items of one answer of the probe, each with its text."""
    if key in ("ids", "scheduler", "ioprio", "mempolicy", "prctl"):
        yield from words(text)
    elif key == "session":
        yield from session(text)
    elif key == "clock":
        yield from clocks(text)
    elif key == "known-status":
        yield from status(text)
    elif key == "mount":
        yield from mounts(text)
    elif key == "namespaces":
        for name, value in (line.split() for line in text.splitlines()):
            yield name, "host" if value == HOST.get(name) else "new"
    elif key == "env":
        for line in text.splitlines():
            yield line.split("=", 1)[0], line
    elif key == "fds":
        for line in text.splitlines():
            number, _, target = line.partition(" ")
            yield number, re.sub(r"\[\d+\]", "[N]", target)
    elif key == "keyring":
        yield "", re.sub(r"^\d+ \w+;(\d+);(\d+);", r"N keyring;\1;\2;", text)
    elif key == "caps":
        for line in text.splitlines():
            yield tuple(line.split("=", 1))
    elif key in ("dev", "paths", "parameters", "calls", "rlimits", "interfaces"):
        for line in text.splitlines():
            name, _, value = line.partition(" ")
            yield name, value
    else:
        for number, line in enumerate(text.splitlines()):
            yield (f"line {number}" if number else "", line)
