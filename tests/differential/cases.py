"""The configurations that are compared: each single change of the base configuration that the
specification has a word about, and combinations of them that a seed chooses.

A case is a dictionary: `name`, `config` (a document, or a string where it is no document), and for
an exec also `process`. @WORK@ in it is the directory of the run (with `host/` in it), @ID@ the
container's id.
"""
import copy
import json
import pathlib
import random

BASE = json.loads((pathlib.Path(__file__).parent.parent / "data/base.json").read_text())
ALL_CAPS = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
            "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SYS_CHROOT", "CAP_MKNOD",
            "CAP_AUDIT_WRITE", "CAP_SETFCAP"]
NAMESPACES = ["pid", "network", "ipc", "uts", "mount"]


class Edit:
    """A change of a configuration, with a label that says what it is."""

    def __init__(self, label, *pairs, apply=None):
        self.label, self.pairs, self.apply = label, pairs, apply

    def __call__(self, config):
        if self.apply:
            return self.apply(config)
        for path, value in self.pairs:
            put(config, path, value)
        return None


def put(config, path, value):
    """Sets config.a.b.c; `a[]` appends to the list a; None removes."""
    value = copy.deepcopy(value)
    *above, last = path.split(".")
    for name in above:
        config = config.setdefault(name, {})
    if last.endswith("[]"):
        config.setdefault(last[:-2], []).append(value)
    elif value is None:
        config.pop(last, None)
    else:
        config[last] = value


def change(path, value):
    return Edit(f"{path}={json.dumps(value)}"[:400], (path, value))


def changes(*pairs):
    return Edit(" ".join(f"{path}={json.dumps(value)}" for path, value in pairs)[:400], *pairs)


def edit_of(label, function):
    return Edit(label, apply=function)


def without_namespace(*names):
    def edit(config):
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] not in names]
        if "uts" in names:
            config.pop("hostname", None)
            config.pop("domainname", None)
        if "mount" in names:
            config["linux"].pop("maskedPaths", None)
            config["linux"].pop("readonlyPaths", None)
    return edit_of(f"without namespaces {' '.join(names)}", edit)


def mount(destination, type, *options, source=None):
    entry = {"destination": destination, "type": type, "source": source or type}
    if options:
        entry["options"] = list(options)
    return Edit(f"{type} at {destination}: {','.join(options)}", ("mounts[]", entry))


def mount_option(destination, option):
    def edit(config):
        for entry in config["mounts"]:
            if entry["destination"] == destination:
                entry.setdefault("options", []).append(option)
    return edit_of(f"{destination} also {option}", edit)


def device(**members):
    return change("linux.devices[]", members)


def rule(**members):
    return change("linux.resources.devices[]", members)


def user_namespace(*, size=65536, host=100000):
    mapping = [{"containerID": 0, "hostID": host, "size": size}]
    return Edit(f"user namespace of {size} at {host}", ("linux.namespaces[]", {"type": "user"}),
                ("linux.uidMappings", mapping), ("linux.gidMappings", mapping), ("linux.resources", None))


def seccomp(action="SCMP_ACT_ALLOW", *rules, **members):
    return change("linux.seccomp", {"defaultAction": action, "syscalls": list(rules), **members})


def call(action, *names, args=None, **members):
    entry = {"names": list(names), "action": action, **members}
    if args:
        entry["args"] = args
    return entry


def capabilities(**sets):
    return change("process.capabilities", sets)


def limit(name, soft, hard):
    return change("process.rlimits[]", {"type": "RLIMIT_" + name, "soft": soft, "hard": hard})


def resource(path, value):
    return change("linux.resources." + path, value)


# Accepted by the specification. The first word is the subject: a combination takes each once.
FINE = {
    "user": [change("process.user", {"uid": 1000, "gid": 2000}),
             change("process.user", {"uid": 1000, "gid": 2000, "additionalGids": [3000, 5]}),
             change("process.user", {"uid": 0, "gid": 0, "additionalGids": [0, 27]}),
             change("process.user", {"uid": 4294967294, "gid": 4294967294})],
    "umask": [change("process.user.umask", 0), change("process.user.umask", 63), change("process.user.umask", 18)],
    "capabilities": [capabilities(), capabilities(bounding=[], effective=[], permitted=[]),
                     capabilities(bounding=ALL_CAPS, effective=ALL_CAPS, permitted=ALL_CAPS),
                     capabilities(bounding=ALL_CAPS, effective=ALL_CAPS, permitted=ALL_CAPS, inheritable=ALL_CAPS,
                                  ambient=ALL_CAPS),
                     capabilities(bounding=ALL_CAPS), change("process.capabilities", None),
                     capabilities(bounding=["CAP_KILL", "CAP_NOT_YET"], effective=["CAP_KILL"],
                                  permitted=["CAP_KILL"]),
                     capabilities(bounding=["CAP_KILL"], effective=["CAP_KILL"], permitted=["CAP_KILL"],
                                  ambient=["CAP_KILL"])],
    "noNewPrivileges": [change("process.noNewPrivileges", False), change("process.noNewPrivileges", None)],
    "oomScoreAdj": [change("process.oomScoreAdj", 100), change("process.oomScoreAdj", 1000)],
    "rlimits": [limit("NOFILE", 64, 128), limit("CORE", 0, 0), limit("STACK", 4 << 20, 8 << 20),
                limit("NPROC", 500, 600), limit("FSIZE", 1 << 30, (1 << 64) - 1), limit("RTTIME", 5, 10),
                limit("MSGQUEUE", 100, 200), limit("NICE", 0, 0)],
    "cwd": [change("process.cwd", "/tmp"), change("process.cwd", "/made/here"), change("process.cwd", "/link")],
    "env": [change("process.env", []), change("process.env", None), change("process.env", ["A=1", "A=2", "E="]),
            change("process.env", ["HOME=/x"]), change("process.env", ["HOME="]),
            change("process.env", ["X=a=b", "Y= "])],
    "hostname": [change("hostname", "a.b.c"), change("hostname", None), change("hostname", "h" * 64)],
    "domainname": [change("domainname", "example.org")],
    "personality": [change("linux.personality", {"domain": "LINUX32"}),
                    change("linux.personality", {"domain": "LINUX"})],
    "scheduler": [change("process.scheduler", {"policy": "SCHED_BATCH", "nice": 4}),
                  change("process.scheduler", {"policy": "SCHED_IDLE"}),
                  change("process.scheduler", {"policy": "SCHED_OTHER", "nice": 7,
                                               "flags": ["SCHED_FLAG_RESET_ON_FORK"]})],
    "ioPriority": [change("process.ioPriority", {"class": "IOPRIO_CLASS_BE", "priority": 6}),
                   change("process.ioPriority", {"class": "IOPRIO_CLASS_IDLE", "priority": 0})],
    "namespaces": [without_namespace(n) for n in ("pid", "network", "ipc", "uts")]
                  + [change("linux.namespaces[]", {"type": "cgroup"}), change("linux.namespaces[]", {"type": "time"}),
                     changes(("linux.namespaces[]", {"type": "time"}),
                             ("linux.timeOffsets", {"monotonic": {"secs": 90000}, "boottime": {"secs": 170000}})),
                     user_namespace(), user_namespace(size=1000, host=50000),
                     without_namespace("pid", "network", "ipc", "uts"),
                     change("linux.namespaces[]", {"type": "cgroup", "path": "/proc/self/ns/cgroup"}),
                     edit_of("the network namespace by path", lambda c: c["linux"].update(namespaces=[
                         {**n, **({"path": "/proc/self/ns/net"} if n["type"] == "network" else {})}
                         for n in c["linux"]["namespaces"]]))],
    "tmpfs": [mount("/mnt", "tmpfs", *options) for options in (
        (), ("defaults",), ("ro",), ("ro", "rw"), ("nosuid", "nodev", "noexec"), ("nosuid", "suid"), ("nodev", "dev"),
        ("noexec", "exec"), ("noatime",), ("noatime", "atime"), ("nodiratime",), ("nodiratime", "diratime"),
        ("relatime",), ("norelatime",), ("strictatime",), ("nostrictatime",), ("sync",), ("sync", "async"),
        ("dirsync",), ("mode=0711",), ("size=1m", "nr_inodes=100"), ("uid=5", "gid=6"), ("mand",), ("nomand",),
        ("silent",), ("loud",), ("iversion",), ("noiversion",), ("lazytime",), ("nolazytime",), ("nosymfollow",),
        ("symfollow",), ("tmpcopyup",), ("tmpcopyup", "ro", "mode=0700"), ("rprivate",), ("shared",), ("slave",),
        ("unbindable",), ("private",), ("rslave",), ("rshared",), ("runbindable",))]
             + [mount("/tmp", "tmpfs"), mount("/etc", "tmpfs", "tmpcopyup")],
    "bind": [mount("/data", "bind", *options, source="@WORK@/host/dir") for options in (
        ("bind",), ("rbind",), ("rbind", "ro"), ("bind", "ro", "nosuid", "nodev", "noexec"), ("rbind", "rprivate"),
        ("rbind", "shared"), ("rbind", "rslave"), ("rbind", "private"), ("rbind", "unbindable"),
        ("bind", "noatime"), ("bind", "nodiratime"), ("bind", "strictatime"), ("bind", "relatime"),
        ("rbind", "rro"), ("rbind", "rro", "rnosuid", "rnodev", "rnoexec"), ("rbind", "rnoatime"),
        ("rbind", "rrelatime"), ("rbind", "rstrictatime"), ("rbind", "rnodiratime"), ("rbind", "rnosymfollow"),
        ("rbind", "ro", "rrw"), ("rbind", "rsuid", "rdev", "rexec"), ("bind", "nosymfollow"), ("bind", "defaults"))]
            + [mount("/file", "bind", "bind", source="@WORK@/host/file"),
               mount("/new/deep/file", "none", "rbind", "ro", source="@WORK@/host/file"),
               mount("/data", "bind", "bind", source="@WORK@/host/link"),
               mount("/data", "none", "bind", source="host-in-bundle"),
               mount("/link/below", "bind", "bind", source="@WORK@/host/dir"),
               mount("../../data", "bind", "bind", source="@WORK@/host/dir")],
    "idmap": [change("mounts[]", {"destination": "/data", "type": "bind", "source": "@WORK@/host/dir",
                                  "options": ["rbind", option],
                                  "uidMappings": [{"containerID": 0, "hostID": 7000, "size": 10}],
                                  "gidMappings": [{"containerID": 0, "hostID": 8000, "size": 10}]})
              for option in ("idmap", "ridmap")],
    "mounts": [mount("relative/place", "tmpfs"), mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"),
               mount("/sys/fs/cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
               mount("/sys/fs/cgroup", "cgroup", "rw"), mount("/a/b/c/d", "tmpfs"), mount_option("/dev", "ro"),
               changes(("mounts[]", {"destination": "/mnt", "type": "tmpfs", "source": "t"}),
                       ("mounts[]", {"destination": "/mnt", "type": "tmpfs", "source": "t",
                                     "options": ["remount", "ro", "noexec"]})),
               changes(("mounts[]", {"destination": "/mnt", "type": "tmpfs", "source": "a"}),
                       ("mounts[]", {"destination": "/mnt/x", "type": "tmpfs", "source": "b"}),
                       ("mounts[]", {"destination": "/mnt", "type": "tmpfs", "source": "c"})),
               mount("/proc/meminfo", "bind", "bind", "ro", source="@WORK@/host/file"), change("mounts", [])],
    "rootfsPropagation": [change("linux.rootfsPropagation", v)
                          for v in ("private", "slave", "shared", "unbindable", "rprivate", "rslave", "rshared")],
    "readonly": [change("root.readonly", True), change("root.readonly", False)],
    "maskedPaths": [change("linux.maskedPaths", ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware",
                                                 "/proc/scsi", "/no/such"]),
                    change("linux.maskedPaths", ["/etc/passwd", "/tmp"]), change("linux.maskedPaths", [])],
    "readonlyPaths": [change("linux.readonlyPaths", ["/proc/sys", "/proc/irq", "/proc/bus", "/no/such"]),
                      change("linux.readonlyPaths", ["/tmp", "/etc/passwd"]), change("linux.readonlyPaths", [])],
    "devices": [device(path="/dev/mine", type="c", major=1, minor=3),
                device(path="/dev/mine", type="c", major=1, minor=3, fileMode=0o600, uid=5, gid=6),
                device(path="/dev/fuse", type="c", major=10, minor=229, fileMode=8630),
                device(path="/dev/disk/a", type="b", major=7, minor=200, fileMode=0o640),
                device(path="/dev/pipe", type="p", fileMode=0o622), device(path="/dev/un", type="u", major=1, minor=5),
                device(path="/srv/null", type="c", major=1, minor=3), device(path="/dev/null", type="c", major=1, minor=3,
                                                                             fileMode=0o600)],
    "rules": [rule(allow=True, type="c", major=1, minor=1, access="r"), rule(allow=True, access="rwm"),
              rule(allow=True, type="a"), rule(allow=True, type="b", major=7, access="rw"),
              rule(allow=False, type="c", major=1, minor=3, access="w")],
    "memory": [resource("memory", m) for m in (
        {"limit": 64 << 20}, {"limit": 64 << 20, "reservation": 32 << 20}, {"limit": -1}, {"swappiness": 20},
        {"disableOOMKiller": True}, {"disableOOMKiller": False}, {"limit": 64 << 20, "swap": 64 << 20},
        {"limit": 64 << 20, "swap": -1}, {"kernel": 64 << 20}, {"useHierarchy": True})],
    "cpu": [resource("cpu", c) for c in (
        {"shares": 512}, {"quota": 50000, "period": 100000}, {"quota": -1}, {"period": 50000}, {"cpus": "0"},
        {"cpus": "0", "mems": "0"}, {"shares": 2}, {"quota": 50000, "period": 100000, "burst": 20000})],
    "pids": [resource("pids", {"limit": n}) for n in (20, 0, -1)],
    "blockIO": [resource("blockIO", b) for b in (
        {"weight": 300}, {"throttleReadBpsDevice": [{"major": 7, "minor": 0, "rate": 1 << 20}]},
        {"throttleWriteIOPSDevice": [{"major": 7, "minor": 0, "rate": 100}]})],
    "hugepages": [resource("hugepageLimits", [{"pageSize": "2MB", "limit": 4 << 20}])],
    "sysctl": [change("linux.sysctl", s) for s in (
        {"net.ipv4.ip_forward": "1"}, {"net/ipv4/ip_default_ttl": "77"}, {"kernel.msgmax": "5000", "kernel.sem": "1 2 3 4"},
        {"fs.mqueue.msg_max": "20"}, {"net.ipv4.conf.lo.forwarding": "1"}, {"kernel.domainname": "by.sysctl"})],
    "seccomp": [
        seccomp(), seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "mkdirat", "mount")),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "mkdirat", errnoRet=38)),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "mkdirat", errnoRet=0)),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_LOG", "keyctl")),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_TRACE", "keyctl", errnoRet=7)),
        seccomp("SCMP_ACT_LOG"), seccomp("SCMP_ACT_LOG", call("SCMP_ACT_ALLOW", "read")),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "no_such_call", "keyctl")),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_KILL_PROCESS", "keyctl")),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_KILL", "keyctl")),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_TRAP", "keyctl")),
        *[seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "unshare", "syslog", args=[
            {"index": 0, "value": 10, "valueTwo": two, "op": "SCMP_CMP_" + op}]))
          for op, two in (("EQ", 0), ("NE", 0), ("LT", 0), ("LE", 0), ("GT", 0), ("GE", 0), ("MASKED_EQ", 2))],
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "syslog", args=[
            {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 10, "op": "SCMP_CMP_EQ"}])),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "mkdirat"), architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
                                                                                    "SCMP_ARCH_X32"]),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "mkdirat"), flags=["SECCOMP_FILTER_FLAG_LOG"]),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "mkdirat"), flags=[]),
        seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "mkdirat"), flags=["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]),
    ],
    "annotations": [change("annotations", {"a.b": "c", "org.opencontainers.image.os": "linux"})],
    "hooks": [change("hooks", {kind: [{"path": "/bin/true"}]}) for kind in (
        "prestart", "createRuntime", "createContainer", "poststart", "poststop")]
             + [change("hooks", {"startContainer": [{"path": "/bin/probe", "args": ["probe", "exit", "0"]}]})],
    "ociVersion": [change("ociVersion", v) for v in ("1.0.0", "1.0.2-dev", "1.3.0", "1.2.1+dev")],
    "args": [change("process.args", ["probe", "all"]), change("process.args", ["/bin/probe", "exit", "7"]),
             change("process.args", ["/bin/probe", "die", "TERM"]), change("process.args", ["/bin/probe", "die", "KILL"])],
    "unknown": [change("noSuchMember", {"x": 1}), change("linux.noSuchMember", [1]), change("process.noSuch", None)],
    "process": [change("process", None), change("process.user", None)],
    "memoryPolicy": [change("linux.memoryPolicy", {"mode": "MPOL_PREFERRED", "nodes": "0"})],
}

# Refused by the specification, or by everybody's practice.
REFUSED = {
    "document": [edit_of("cut off", lambda c: "{"), edit_of("empty", lambda c: ""),
                 edit_of("something after it", lambda c: json.dumps(c) + " x"), edit_of("an array", lambda c: "[]"),
                 edit_of("a name twice", lambda c: json.dumps(c)[:-1] + ', "hostname": "twice"}'),
                 edit_of("a version alone", lambda c: '{"ociVersion": "1.0.0"}'),
                 edit_of("not UTF-8", lambda c: json.dumps(c).replace("xterm", "\udcff\udcfe"))],
    "ociVersion": [change("ociVersion", v) for v in (None, "invalid", "", "2.0.0", 1, "1.0")],
    "root": [change("root", None), change("root", {}), change("root.path", "no-such-directory"),
             change("root.path", "config.json"), change("root.path", 5)],
    "mounts": [change("mounts[]", {"type": "tmpfs"}), change("mounts", {}), mount("/mnt", "nosuchfs"),
               mount("/mnt", "tmpfs", "nosuchoption=1"), mount("/mnt", "bind", "bind", source="/no/such/source"),
               mount("/proc/self", "tmpfs"), mount("/proc/sys", "tmpfs"),
               mount("/mnt", "bind", "bind", "size=1m", source="@WORK@/host/dir"),
               change("mounts[]", {"destination": "/mnt", "type": "bind", "source": "@WORK@/host/dir",
                                   "options": ["rbind", "idmap"]}),
               change("mounts[]", {"destination": "/mnt", "type": "bind", "source": "@WORK@/host/dir",
                                   "options": ["rbind", "idmap"],
                                   "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]})],
    "process": [change("process.cwd", None), change("process.cwd", ""), change("process.cwd", "tmp"),
                change("process.args", []), change("process.args", None), change("process.args", ["/no/such/program"]),
                change("process.args", ["nosuchprogram"]), change("process.args", ["/etc/passwd"]),
                change("process.args", ["/tmp"]), change("process.user", {"uid": -1, "gid": 0}),
                change("process.user", {"uid": 4294967296, "gid": 0}), change("process.user.umask", -1),
                change("process.env", ["NOEQUALS"]), change("process.env", ["=x"]), change("process.terminal", "yes"),
                change("process.terminal", True), change("process.apparmorProfile", "no-such-profile"),
                change("process.selinuxLabel", "a:b:c:d"), change("process.oomScoreAdj", 1001)],
    "rlimits": [limit("NOSUCH", 1, 1), limit("NOFILE", 10, 5),
                changes(("process.rlimits[]", {"type": "RLIMIT_NOFILE", "soft": 64, "hard": 128}),
                        ("process.rlimits[]", {"type": "RLIMIT_NOFILE", "soft": 32, "hard": 64})),
                change("process.rlimits", [{"type": "NOFILE", "soft": 1, "hard": 1}])],
    "scheduler": [change("process.scheduler", s) for s in (
        {"policy": "SCHED_NOSUCH"}, {"policy": "SCHED_OTHER", "nice": 20}, {"policy": "SCHED_OTHER", "flags": ["NOSUCH"]},
        {"policy": "SCHED_OTHER", "priority": 5}, {})],
    "ioPriority": [change("process.ioPriority", p) for p in (
        {"class": "NOSUCH", "priority": 1}, {"class": "IOPRIO_CLASS_BE", "priority": 8}, {"priority": 1})],
    "hooks": [change("hooks", {"createRuntime": [h]}) for h in (
        {}, {"path": "bin/true"}, {"path": "/no/such/hook"}, {"path": "/bin/false"}, {"path": "/bin/true", "timeout": 0},
        {"path": "/bin/true", "timeout": -1})]
             + [change("hooks", {kind: [{"path": "/bin/false"}]})
                for kind in ("prestart", "createContainer", "poststart", "poststop")]
             + [change("hooks", {"startContainer": [{"path": "/no/such"}]})],
    "namespaces": [change("linux.namespaces[]", n) for n in (
        {"type": "nosuch"}, {"type": "pid"}, {"type": "cgroup", "path": "relative"}, {"type": "cgroup", "path": "/no/such"},
        {"type": "cgroup", "path": "/proc/self/ns/net"}, {})] + [
        changes(("linux.namespaces[]", {"type": "user"}), ("linux.resources", None)),
        change("linux.uidMappings", [{"containerID": 0, "hostID": 0, "size": 1}]),
        edit_of("a user without a mapping", lambda c: (user_namespace(size=10)(c), put(c, "process.user", {
            "uid": 500, "gid": 0}))[1]),
        edit_of("a host name without uts", lambda c: put(c, "linux.namespaces", [
            n for n in c["linux"]["namespaces"] if n["type"] != "uts"]))],
    "timeOffsets": [change("linux.timeOffsets", {"monotonic": {"secs": 1}}),
                    changes(("linux.namespaces[]", {"type": "time"}), ("linux.timeOffsets", {"realtime": {"secs": 1}})),
                    changes(("linux.namespaces[]", {"type": "time"}),
                            ("linux.timeOffsets", {"monotonic": {"nanosecs": 1000000000}}))],
    "devices": [device(path="/dev/x", type="z"), device(path="/dev/x", type="c"), device(path="x", type="p"),
                device(type="p"), device(path="/etc/passwd", type="c", major=1, minor=3),
                device(path="/dev/x", type="c", major=-1, minor=3)],
    "resources": [rule(allow=True, type="q"), rule(allow=True, access="z"), rule(),
                  resource("memory", {"limit": "much"}), resource("memory", {"limit": 64 << 20, "swap": 1 << 20}),
                  resource("memory", {"swappiness": 101}), resource("cpu", {"quota": 50000, "burst": 60000}),
                  resource("cpu", {"cpus": "99"}), resource("cpu", {"cpus": "x"}), resource("pids", {"limit": "x"}),
                  resource("blockIO", {"weightDevice": [{"major": 7, "minor": 0}]}),
                  resource("blockIO", {"weight": 100000}), resource("hugepageLimits", [{"pageSize": "64kB", "limit": 1}]),
                  resource("hugepageLimits", [{"pageSize": "3MB", "limit": 1}]),
                  resource("unified", {"memory.max": "1"}), resource("rdma", {"mlx": {}})],
    "sysctl": [change("linux.sysctl", s) for s in (
        {"kernel.core_pattern": "x"}, {"vm.swappiness": "1"}, {"kernel.hostname": "x"}, {"": "1"},
        {"net.ipv4.ip_default_ttl": "nonsense"}, {"net/../kernel/core_pattern": "x"})],
    "seccomp": [seccomp("SCMP_ACT_NOSUCH"), seccomp("SCMP_ACT_ALLOW", call("NOSUCH", "read")),
                seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO")), seccomp("SCMP_ACT_ALLOW", architectures=["VAX"]),
                seccomp("SCMP_ACT_ALLOW", flags=["NOSUCH"]), seccomp("SCMP_ACT_ALLOW", defaultErrnoRet=5),
                seccomp("SCMP_ACT_ERRNO", call("SCMP_ACT_ALLOW", "read", errnoRet=5)),
                seccomp("SCMP_ACT_ALLOW", listenerMetadata="x"), seccomp("SCMP_ACT_NOTIFY"),
                seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_NOTIFY", "mkdirat")), change("linux.seccomp", {}),
                seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "read", args=[
                    {"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}])),
                seccomp("SCMP_ACT_ALLOW", call("SCMP_ACT_ERRNO", "read", args=[{"index": 0, "value": 1, "op": "NOSUCH"}]))],
    "paths": [change("linux.maskedPaths[]", "relative"), change("linux.readonlyPaths[]", "relative"),
              change("linux.rootfsPropagation", "nosuch"),
              change("linux.personality", {"domain": "NOSUCH"}), change("linux.personality", {}),
              change("linux.mountLabel", "a:b:c"), change("linux.intelRdt", {"closID": "x"}),
              change("linux.memoryPolicy", {"mode": "NOSUCH"}), change("linux.netDevices", {"nosuch0": {}}),
              change("annotations", {"": "x"}), change("annotations", {"a": 1}), change("hostname", "h" * 65),
              change("vm", {}), change("linux", [])],
}

EXECS = [
    {}, {"user": {"uid": 1000, "gid": 1001, "additionalGids": [7]}}, {"cwd": "/tmp"}, {"cwd": "relative"},
    {"cwd": "/no/such"}, {"args": []}, {"args": ["/no/such"]}, {"env": ["A=1"]}, {"noNewPrivileges": True},
    {"capabilities": {"bounding": ALL_CAPS, "effective": ALL_CAPS, "permitted": ALL_CAPS}}, {"oomScoreAdj": 50},
    {"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 40, "hard": 50}]}, {"user": {"uid": 0, "gid": 0, "umask": 63}},
    {"capabilities": {"bounding": ["CAP_KILL"]}}, {"scheduler": {"policy": "SCHED_BATCH", "nice": 3}},
    {"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 5}}, {"args": ["/bin/probe", "exit", "9"]},
    {"args": ["/bin/probe", "die", "TERM"]}, {"apparmorProfile": "nosuch"},
]


def base():
    config = copy.deepcopy(BASE)
    config["process"]["args"] = ["/bin/probe", "all"]
    config["linux"]["cgroupsPath"] = "/@ID@"
    return config


def edited(*edits):
    config = base()
    for edit in edits:
        text = edit(config)
        if isinstance(text, str):
            return text
    return config


def singles():
    yield {"name": "base", "parts": [], "config": base()}
    for table, word in ((FINE, "fine"), (REFUSED, "refused")):
        for subject, edits in table.items():
            for edit in edits:
                label = f"{word} {subject}: {edit.label}"
                yield {"name": label, "parts": [label], "config": edited(edit)}
    for members in EXECS:
        config = base()
        config["process"]["args"] = ["/bin/probe", "sleep", "1000"]
        process = {**copy.deepcopy(BASE["process"]), "args": ["/bin/probe", "all"], **members}
        yield {"name": f"exec {json.dumps(members)}"[:200], "parts": ["exec"], "config": config, "process": process}


def combinations(seed, count):
    """What is fine alone is fine together, but for a process that is not there and odd mounts."""
    chance = random.Random(seed)
    subjects = [s for s in FINE if FINE[s] and s not in ("process", "args", "ociVersion", "unknown")]
    for number in range(count):
        edits, parts = [], []
        # In the table's order, in which what a namespace carries comes before it is taken away.
        for subject in sorted(chance.sample(subjects, chance.randint(2, 5)), key=subjects.index):
            edits.append(chance.choice(FINE[subject]))
            parts.append(f"fine {subject}: {edits[-1].label}")
        yield {"name": f"combination {number} of seed {seed}", "parts": parts, "config": edited(*edits)}


def generate(seed, count):
    """`count` cases, those of single changes first thinned out, where it is not all of them."""
    alone = list(singles())
    if count < len(alone) + 20:
        kept = random.Random(seed).sample(alone, max(count - 20, 1))
        alone = [case for case in alone if case in kept]
    return alone + list(combinations(seed, count - len(alone)))
