"""The classes of differences. Each has a row in spec/differences.md, which says what differs, why,
and whose it is; a row without a class here, or a class without a row, fails the test.
"""
import re

# How an operation ends; past the first that differs the others say the same.
ENDS = {"create", "start", "exec", "ended", "output", "delete", "left", "after start"}
CLASSES = {}


class Difference:
    def __init__(self, case, runtime, our_result, their_result, item, ours, theirs):
        self.case, self.runtime, self.item = case, runtime, item
        self.our_result, self.their_result = our_result, their_result
        self.ours, self.theirs = ours, theirs

    def part(self, pattern):
        """Whether the configuration has a change with that in its label."""
        return any(re.search(pattern, part) for part in self.case["parts"])

    def refused(self):
        return self.item in ENDS and self.our_result.get("create") == "ok" \
            and self.their_result.get("create") == "refused"

    def accepted(self):
        """They took what the specification wants refused."""
        return self.item in ENDS and self.case["name"].startswith("refused ") \
            and self.our_result.get("create") == "refused" and self.their_result.get("create") == "ok"

    def mount(self):
        """What of each part of a mount's line is ours alone and theirs alone: options, super block, tags."""
        if not self.item.startswith("mount ") or not self.ours or not self.theirs:
            return None
        split = [line.split(" ", 3) + [""] * (3 - line.count(" ")) for line in (self.ours, self.theirs)]
        parts = [[set(part.split(",")) for part in line[1:3]] + [set(line[3].split())] for line in split]
        return [(a - b, b - a) for a, b in zip(*parts)]

    def flags(self):
        """Of a mount without what `tmpfs mode` explains."""
        mount = self.mount()
        return mount and [tuple({f for f in side if not f.startswith(("mode=", "size="))} for side in part)
                          for part in mount]


def difference(*runtimes):
    """Declares a class; the function's name, with spaces for underscores, is the class's."""
    def declare(rule):
        CLASSES[rule.__name__.replace("_", " ")] = (runtimes or ("runc", "crun"), rule)
        return rule
    return declare


def explain(found):
    for name, (runtimes, rule) in CLASSES.items():
        if found.runtime in runtimes and rule(found):
            return name
    return None


def documented(path):
    """What does not agree between the table of the document and this file."""
    rows = set(re.findall(r"^\| `([^`]+)` \|", path.read_text(), re.M)) if path.exists() else set()
    for name in sorted(set(CLASSES) - rows):
        yield f"spec/differences.md has no row '{name}'"
    for name in sorted(rows - set(CLASSES)):
        yield f"'{name}' of spec/differences.md is no class of tests/differential/classes.py"


# --- what is refused, and what a refusal leaves ----------------------------------------------------


@difference("runc", "crun")
def accepted_what_must_be_refused(d):
    return d.accepted()


@difference("runc", "crun")
def newer_than_the_release(d):
    """Members and values that came after them."""
    if d.refused() and d.part('"type": "time"|SECCOMP_FILTER_FLAG|"flags": \\[\\]|ociVersion='):
        return True
    return (re.match(r"(mempolicy|scheduler|ioprio) ", d.item) and d.part("memoryPolicy|scheduler|ioPriority|^exec")
            or d.item in ("names", "parameters kernel/domainname") and d.part("domainname")
            or re.match("limit cpu.(idle|cfs_burst_us|shares)$", d.item) is not None and d.part("idle|burst"))


@difference("crun")
def refusals_leave_things_behind(d):
    return d.item == "left" and d.theirs != "nothing" and "refused" in (
        d.their_result.get("create"), d.their_result.get("start"))


@difference("crun")
def delete_after_a_failed_start(d):
    """`delete` of a container whose start or exec failed is refused, for a process is still there."""
    return d.item in ENDS and (d.their_result.get("start") == "refused" or d.their_result.get("exec") == "255")


@difference("runc", "crun")
def process_absent(d):
    return d.item in ENDS and d.part("process=null")


@difference("runc", "crun")
def poststart_failure(d):
    """runc ran these hooks in create then; crun takes no notice of their failure."""
    return d.item in ENDS and d.part("poststart.*false")


@difference("runc", "crun")
def startContainer_failure(d):
    return d.item in ENDS and d.part("startContainer.*no/such")


@difference("runc", "crun")
def missing_program_is_told_by_start(d):
    return d.item in ENDS and d.part("refused process: process.args") and d.their_result.get("create") == "ok"


@difference("runc")
def poststop_failure(d):
    return d.item in ("delete", "left") and d.part("poststop.*false")


# --- mounts ---------------------------------------------------------------------------------------


@difference("runc", "crun")
def defaults_option(d):
    return d.refused() and d.part("tmpfs at /mnt: defaults|also defaults|: bind,defaults")


@difference("crun")
def unknown_mount_options(d):
    """iversion, loud, silent, symfollow are handed to the file system; a bind mount drops them."""
    if d.refused():
        return d.part(": (no)?(silent|loud|iversion|symfollow)$")
    flags = d.flags()
    return bool(flags) and flags[0][0] == {"nosymfollow"} and d.part(": bind,nosymfollow")


@difference("crun")
def recursive_attributes(d):
    if d.refused():
        return d.part("rnoatime|rrelatime|rstrictatime|rnodiratime")
    flags = d.flags()
    return bool(flags) and d.part("r(no)?(suid|dev|exec|symfollow|diratime|atime|relatime)|rr[ow]") \
        and d.item.startswith("mount /data")


@difference("crun")
def options_that_clear(d):
    """`ro,rw` is read-only for crun: what clears a flag does not."""
    if d.part("(ro,rw|nosuid,suid|nodev,dev|noexec,exec|noatime,atime|nodiratime,diratime|sync,async)"):
        flags = d.flags()
        return (bool(flags) and not flags[1][0]) or d.item == "paths /mnt"
    return False


@difference("runc", "crun")
def mode_of_a_tmpfs(d):
    """The mode of the directory below is kept: by us as a mount option, by runc with chmod(2)."""
    mount = d.mount()
    if mount:
        return not mount[0][0] and not mount[0][1] and not mount[2][0] and not mount[2][1] \
            and all(f.startswith(("mode=", "size=")) for side in mount[1] for f in side)
    return d.runtime == "crun" and d.item in ("paths /mnt", "paths /tmp") and d.part("tmpfs")


@difference("crun")
def sysfs_superblock(d):
    """`ro` of a new sysfs is ours, and runc's, for the file system; crun's for the mount alone."""
    flags = d.flags()
    if d.item == "mount /sys":
        return bool(flags) and flags[1] == ({"ro"}, {"rw"}) and not flags[0][0] and not flags[0][1]
    return d.item.startswith("paths /sys") and "EROFS" in d.ours and "EACCES" in d.theirs


@difference("crun")
def propagation_of_a_mount(d):
    flags = d.flags()
    return bool(flags) and bool(flags[2][0]) and d.part(": (rbind,|bind,)?(shared|unbindable|slave|private|rshared|runbindable)")


@difference("runc")
def rootfsPropagation(d):
    if d.refused():
        return d.part('rootfsPropagation="unbindable"')
    flags = d.flags()
    return bool(flags) and flags[2][0] == {"shared"} and d.part("rootfsPropagation=\"r?shared")


@difference("runc", "crun")
def idmapped_mounts(d):
    """runc does not know them; crun loses what is mounted below."""
    return d.item.startswith("mount /data") and d.part("idmap")


@difference("runc", "crun")
def remount_without_bind(d):
    """`remount` alone changes the file system too, as mount(2) has it."""
    flags = d.flags()
    return bool(flags) and flags[1] == ({"ro"}, {"rw"}) and d.part('"remount"')


@difference("runc", "crun")
def cgroup_mount(d):
    return re.match("(mount|paths) /sys/fs/cgroup", d.item) is not None and d.part("cgroup at /sys/fs/cgroup")


@difference("runc", "crun")
def masks(d):
    """A masked file is the host's /dev/null for us, and a masked directory has every restriction."""
    target = d.item.split(" ")[1] if d.item.startswith("mount ") else None
    config = d.case["config"]
    return target in config["linux"].get("maskedPaths", []) and bool(d.ours) and bool(d.theirs)


@difference("runc", "crun")
def modes_of_mount_points(d):
    return d.item.startswith("rootfs ") and d.ours is not None and d.theirs is not None \
        and d.ours.split("-> ")[0] == d.theirs.split("-> ")[0] and d.ours.split()[-1] == d.theirs.split()[-1]


@difference("crun")
def devices_in_a_user_namespace(d):
    if d.item in ENDS and d.part("/dev/mine|/dev/un|/srv/null|/dev/disk|/dev/fuse"):
        return d.part("user namespace")
    return d.part("user namespace") and (re.match("(mount|dev) /dev/", d.item) is not None
                                         or d.item == "paths /proc/keys")


@difference("runc")
def no_mounts_at_all(d):
    return d.refused() and d.part("mounts=\\[\\]")


# --- devices --------------------------------------------------------------------------------------


@difference("runc")
def the_link_to_kcore(d):
    return d.item == "dev /dev/core"


@difference("crun")
def owner_of_dev_null(d):
    return d.item == "dev /dev/null" and d.theirs.split()[0] == d.ours.split()[0]


@difference("crun")
def tun_is_allowed(d):
    """Ours, as runc's, are 10:200 and not 5:1; in a user namespace crun sets no rules."""
    if d.item != "limit devices.list":
        return False
    ours, theirs = (merged(x) for x in (d.ours, d.theirs))
    return theirs == {"a *:* rwm"} and d.part("user namespace") or ours ^ theirs <= {"c 10:200 rwm", "c 5:1 rwm"}


@difference("runc")
def device_rules_merged(d):
    return d.item == "limit devices.list" and merged(d.ours) == merged(d.theirs)


def merged(text):
    """The rules without what the general ones to make nodes say too."""
    rules = set()
    for rule in text.split("; "):
        kind, number, access = rule.split(" ")
        if number != "*:*" and kind != "a":
            access = "".join(sorted(set(access) | {"m"}, key="rwm".index))
        rules.add(f"{kind} {number} {access}")
    return rules


@difference("runc")
def a_rule_without_access(d):
    return d.refused() and d.part('resources.devices.*"type": "a"}')


@difference("runc")
def null_with_another_mode(d):
    return d.refused() and d.part('"path": "/dev/null"')


# --- cgroups --------------------------------------------------------------------------------------


@difference("runc", "crun")
def hugetlb_reservations(d):
    return re.match("limit hugetlb.*rsvd", d.item) is not None


@difference("runc", "crun")
def pids_limit_0(d):
    if d.item in ENDS:
        # Hooks in the container are processes of it.
        return d.part('pids={"limit": 0') and d.part("createContainer|startContainer")
    return d.item == "limit pids.max" and d.ours == "0" and d.theirs == "max"


@difference("crun")
def values_that_mean_no_limit(d):
    return d.refused() and d.part('"quota": -1|"pids={"limit": -1|pids={"limit": -1}')


@difference("crun")
def blkio_weight(d):
    return d.refused() and d.part('blockIO={"weight": 300}')


# --- the process ----------------------------------------------------------------------------------


@difference("runc")
def the_largest_ids(d):
    return d.refused() and d.part("4294967294")


@difference("crun")
def HOME(d):
    """crun leaves an empty HOME, and gives an unknown user none."""
    return d.item == "env HOME"


@difference("runc", "crun")
def keyring(d):
    """crun names it otherwise, and has none of its own for exec; runc restricts it in a user namespace."""
    return d.item == "keyring" and (d.runtime == "crun" or d.part("user namespace"))


@difference("runc")
def personality(d):
    return d.item == "machine" and d.part("personality")


@difference("runc")
def exec_pumps_its_streams(d):
    return d.part("^exec") and d.item.startswith("fds ")


@difference("crun")
def exec_makes_no_session(d):
    return d.part("^exec") and d.item in ("session pgid", "session sid", "known-status NSpgid", "known-status NSsid")


@difference("runc", "crun")
def exec_members_ignored(d):
    """oomScoreAdj, umask; runc sets the soft limit of descriptors to the hard one."""
    return d.part("^exec") and d.item in ("oom", "umask", "known-status Umask", "rlimits NOFILE")


@difference("runc", "crun")
def state_ociVersion(d):
    return d.item == "state ociVersion"
