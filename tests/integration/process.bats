#!/usr/bin/env bats
# The process object: identity, capabilities, limits, working directory, environment, scheduling.

load helpers

@test "uid, gid and additional groups" {
	update_config '.process.user = {uid: 1000, gid: 2000, additionalGids: [3000, 3001]}'
	in_container /bin/probe ids
	equals "$output" "uid=1000 euid=1000 suid=1000 gid=2000 egid=2000 sgid=2000 groups=3000,3001"
}

@test "the caller's supplementary groups do not reach the container" {
	requires_tool setpriv
	set_args /bin/probe ids
	succeeds setpriv --groups 4,27,100 "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	contains "$output" "groups="
	equals "${output##*groups=}" ""
}

@test "an annotation keeps the caller's supplementary groups" {
	requires_tool setpriv
	update_config '.annotations["run.oci.keep_original_groups"] = "1"'
	set_args /bin/probe ids
	succeeds setpriv --groups 4,27,100 "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	equals "${output##*groups=}" 4,27,100
}

@test "the largest ids; and what is none" {
	update_config '.process.user = {uid: 4294967294, gid: 4294967294}'
	in_container /bin/probe ids
	contains "$output" "uid=4294967294"
	for bad in 4294967295 4294967296 -1 18446744073709551616 1.5 '"0"' '"0x0"' true; do
		sed "s/\"uid\": *4294967294/\"uid\": $bad/" "$CONFIG" >"$WORK/config.bad"
		cp "$CONFIG" "$WORK/config.good"
		cp "$WORK/config.bad" "$CONFIG"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		cp "$WORK/config.good" "$CONFIG"
		[ "$status" = 1 ] || fail_test "uid $bad was accepted"
		contains "$error" process.user.uid
		assert_nothing_left
	done
}

@test "user absent is root" {
	update_config 'del(.process.user)'
	in_container /bin/probe ids
	contains "$output" "uid=0 euid=0 suid=0 gid=0"
}

@test "the five capability sets are exactly the config's" {
	update_config '.process.noNewPrivileges = false | .process.capabilities = {
		bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SYS_PTRACE"],
		permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
		effective: ["CAP_CHOWN", "CAP_KILL"],
		inheritable: ["CAP_KILL", "CAP_NET_BIND_SERVICE"], ambient: ["CAP_KILL"]} | .process.user = {uid: 5, gid: 5}'
	in_container /bin/probe caps
	# A user that is not root keeps over execve what is ambient.
	equals "$output" "bounding=0000000000080421
effective=0000000000000020
permitted=0000000000000020
inheritable=0000000000000420
ambient=0000000000000020"
}

@test "root's capabilities after execve are permitted and bounding" {
	in_container /bin/probe caps
	equals "$output" "bounding=0000000020000420
effective=0000000020000420
permitted=0000000020000420
inheritable=0000000000000000
ambient=0000000000000000"
}

@test "an ordinary user has no capabilities unless ambient" {
	update_config '.process.user = {uid: 1000, gid: 1000}'
	in_container /bin/probe caps
	contains "$output" "effective=0000000000000000"
	contains "$output" "permitted=0000000000000000"
	contains "$output" "ambient=0000000000000000"
}

@test "empty capability sets" {
	update_config '.process.capabilities = {bounding: [], effective: [], permitted: [], inheritable: [], ambient: []}'
	in_container /bin/probe caps
	contains "$output" "bounding=0000000000000000"
	contains "$output" "permitted=0000000000000000"
}

@test "without a capabilities object there are none, for exec too unless it asks" {
	update_config 'del(.process.capabilities)'
	in_container /bin/probe caps
	equals "$(echo "$output" | sed 's/.*=//' | sort -u)" 0000000000000000
	run_sleeper
	exec_in /bin/probe caps
	equals "$(echo "$output" | sed 's/.*=//' | sort -u)" 0000000000000000
	succeeds bulkhead exec --cap CAP_KILL "$ID" /bin/probe caps
	contains "$output" "effective=0000000000000020"
}

@test "an unknown capability is a warning, not an error" {
	update_config '.process.capabilities |= map_values(. + ["CAP_NOSUCH_THING"])'
	in_container /bin/probe caps
	contains "$output" "bounding=0000000020000420"
}

@test "a capability that cannot be granted is a warning" {
	differs_at vm "root of the guest has every capability"
	mask=$(awk '/^CapPrm:/ { print $2 }' /proc/self/status)
	[ $(((0x$mask >> 24) & 1)) = 0 ] || skip "every capability can be granted here"
	update_config '.process.capabilities |= map_values(. + ["CAP_SYS_RESOURCE"])'
	in_container /bin/probe caps
	contains "$output" "effective=0000000020000420"
}

@test "ambient without inheritable is a warning" {
	update_config '.process.capabilities.ambient = ["CAP_KILL"]'
	in_container /bin/true
}

@test "securebits are none" {
	in_container /bin/probe securebits
	equals "$output" 0
}

@test "noNewPrivileges true and false" {
	in_container /bin/probe nnp
	equals "$output" 1
	update_config '.process.noNewPrivileges = false'
	in_container /bin/probe nnp
	equals "$output" 0
}

@test "a set-user-id program does not raise a no_new_privs container" {
	chmod 4755 "$ROOTFS/bin/probe"
	update_config '.process.user = {uid: 1000, gid: 1000}'
	in_container /bin/probe ids
	contains "$output" "uid=1000 euid=1000"
	# The control: without noNewPrivileges it does.
	update_config '.process.noNewPrivileges = false'
	in_container /bin/probe ids
	contains "$output" "uid=1000 euid=0"
}

@test "rlimits: soft and hard of each that can be lowered" {
	update_config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200},
		{type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_NPROC", soft: 1000, hard: 2000},
		{type: "RLIMIT_STACK", soft: 4194304, hard: 8388608}, {type: "RLIMIT_FSIZE", soft: 1048576, hard: "BIG"},
		{type: "RLIMIT_CPU", soft: 100, hard: 200}, {type: "RLIMIT_SIGPENDING", soft: 50, hard: 60},
		{type: "RLIMIT_MSGQUEUE", soft: 1000, hard: 2000}, {type: "RLIMIT_LOCKS", soft: 5, hard: 6},
		{type: "RLIMIT_MEMLOCK", soft: 4096, hard: 8192}, {type: "RLIMIT_RSS", soft: 7, hard: 8},
		{type: "RLIMIT_RTTIME", soft: 9, hard: 10}]'
	set_args /bin/probe rlimits
	big_number BIG 18446744073709551615
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	for line in "NOFILE 100 200" "CORE 0 0" "NPROC 1000 2000" "STACK 4194304 8388608" \
		"FSIZE 1048576 18446744073709551615" "CPU 100 200" "SIGPENDING 50 60" "MSGQUEUE 1000 2000" \
		"LOCKS 5 6" "MEMLOCK 4096 8192" "RSS 7 8" "RTTIME 9 10"; do
		contains "$output" "$line"
	done
}

@test "rlimits: address space and data" {
	[ -z "${SANITIZED:-}" ] || skip "a sanitized runtime needs all addresses"
	update_config '.process.rlimits = [{type: "RLIMIT_AS", soft: 1073741824, hard: 2147483648},
		{type: "RLIMIT_DATA", soft: 1073741824, hard: 2147483648}]'
	in_container /bin/probe rlimits
	contains "$output" "AS 1073741824 2147483648"
	contains "$output" "DATA 1073741824 2147483648"
}

@test "rlimits: unknown type, twice the same, soft above hard, missing member" {
	for bad in '[{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]' '[{type: "NOFILE", soft: 1, hard: 1}]' \
		'[{type: "RLIMIT_NOFILE", soft: 100, hard: 100}, {type: "RLIMIT_NOFILE", soft: 50, hard: 50}]' \
		'[{type: "RLIMIT_NOFILE", soft: 2, hard: 1}]' '[{type: "RLIMIT_NOFILE", hard: 1}]' \
		'[{type: "RLIMIT_NOFILE", soft: 1}]' '[{soft: 1, hard: 1}]'; do
		update_config ".process.rlimits = $bad"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "$bad was accepted"
		contains "$error" rlimits
		assert_nothing_left
	done
}

@test "rlimits: one that cannot be raised is an error" {
	differs_at vm "root of the guest has every capability"
	mask=$(awk '/^CapEff:/ { print $2 }' /proc/self/status)
	[ $(((0x$mask >> 24) & 1)) = 0 ] || skip "may raise limits here"
	update_config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1000000, hard: 1000000}]'
	refused RLIMIT_NOFILE
}

@test "rlimits: unset ones are the caller's" {
	update_config '.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 0}]'
	set_args /bin/probe rlimits
	got=$(ulimit -Sn 321 && ulimit -Hs 123456 && bulkhead run --bundle "$BUNDLE" "$ID" </dev/null)
	contains "$got" "NOFILE 321 "
	contains "$got" "126418944"
	contains "$got" "CORE 0 0"
}

@test "umask set; unset is the caller's" {
	update_config '.process.user.umask = 63'
	in_container /bin/probe umask
	equals "$output" 0077
	update_config 'del(.process.user.umask)'
	set_args /bin/probe umask
	got=$(umask 027; bulkhead run --bundle "$BUNDLE" "$ID" </dev/null)
	equals "$got" 0027
}

@test "the caller's umask does not change the modes of what the runtime makes" {
	update_config '.linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 3, fileMode: 438}]'
	set_args /bin/probe stat /dev/null /dev/x /dev/fd
	got=$(umask 077; bulkhead run --bundle "$BUNDLE" "$ID" </dev/null)
	contains "$got" "/dev/null char 0666"
	contains "$got" "/dev/x char 0666"
}

@test "oomScoreAdj set; unset is left alone" {
	update_config '.process.oomScoreAdj = 543'
	in_container /bin/probe oom
	equals "$output" 543
	update_config 'del(.process.oomScoreAdj)'
	set_args /bin/probe oom
	got=$(echo 77 >/proc/self/oom_score_adj; bulkhead run --bundle "$BUNDLE" "$ID" </dev/null)
	equals "$got" "$(echo 77 >/proc/self/oom_score_adj; cat /proc/self/oom_score_adj)"
}

@test "oomScoreAdj out of range is refused" {
	for bad in 1001 -1001 99999999999; do
		update_config ".process.oomScoreAdj = $bad"
		refused oomScoreAdj
	done
}

@test "cwd: used, made when missing, relative and absent refused" {
	update_config '.process.cwd = "/tmp"'
	in_container /bin/probe cwd
	equals "$output" /tmp
	update_config '.process.cwd = "/made/for/me"'
	in_container /bin/probe cwd
	equals "$output" /made/for/me
	[ -d "$ROOTFS/made/for/me" ]
	update_config '.process.cwd = "tmp"'
	refused process.cwd
	update_config 'del(.process.cwd)'
	refused process.cwd
	update_config '.process.cwd = ""'
	refused process.cwd
}

@test "cwd that only the user may enter" {
	mkdir -m 700 "$ROOTFS/home-of-user"
	chown 1000:1000 "$ROOTFS/home-of-user"
	update_config '.process.cwd = "/home-of-user" | .process.user = {uid: 1000, gid: 1000}'
	in_container /bin/probe cwd
	equals "$output" /home-of-user
}

@test "cwd through a link of the image stays inside" {
	ln -s /etc "$ROOTFS/link"
	update_config '.process.cwd = "/link"'
	in_container /bin/probe cwd
	equals "$output" /etc
}

@test "the environment is the config's and HOME, nothing of the caller's" {
	export SECRET_OF_CALLER=leak
	update_config '.process.env = ["PATH=/bin", "A=1", "EMPTY=", "A=2"]'
	in_container /bin/probe env
	equals "$(echo "$output" | sort)" "A=2
EMPTY=
HOME=/root
PATH=/bin"
}

@test "HOME comes from the image's passwd, is / for an unknown user, and the config's wins" {
	update_config '.process.user = {uid: 1000, gid: 1000}'
	in_container /bin/probe env
	contains "$output" HOME=/home/user
	update_config '.process.user = {uid: 4321, gid: 1000}'
	in_container /bin/probe env
	contains "$output"$'\n' $'HOME=/\n'
	update_config '.process.env += ["HOME=/mine"]'
	in_container /bin/probe env
	contains "$output" HOME=/mine
	update_config '.process.env = ["HOME=", "PATH=/bin"] | .process.user = {uid: 0, gid: 0}'
	in_container /bin/probe env
	contains "$output" HOME=/root
}

@test "env without = or with an empty name is refused" {
	for bad in NOVALUE =x ""; do
		update_config '.process.env = ["PATH=/bin", $b]' --arg b "$bad"
		refused "process.env"
	done
}

@test "ten thousand variables" {
	update_config '.process.env += [range(10000) | "V\(.)=x"]'
	in_container /bin/sh -c 'env | grep -c ^V'
	equals "$output" 10000
}

@test "args: kept as they are, with spaces, empty words and high bytes" {
	in_container /bin/probe args "a b" "" "ü" '$x' "'q'" '"'
	equals "$output" "[a b]
[]
[ü]
[\$x]
['q']
[\"]"
}

@test "args empty or absent is refused" {
	update_config '.process.args = []'
	refused args
	update_config 'del(.process.args)'
	refused args
}

@test "scheduler policy, nice and flags" {
	update_config '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
	in_container /bin/probe scheduler
	contains "$output" "policy=3"
	contains "$output" "nice=5"
	update_config '.process.scheduler = {policy: "SCHED_OTHER", nice: 3, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	in_container /bin/probe scheduler
	contains "$output" "policy=0 flags=1 nice=3"
	update_config '.process.scheduler = {policy: "SCHED_IDLE"}'
	in_container /bin/probe scheduler
	contains "$output" "policy=5"
}

@test "scheduler: bad policy, flag, nice and priority" {
	for bad in '{policy: "SCHED_NOSUCH"}' '{policy: "SCHED_OTHER", flags: ["NOSUCH"]}' '{policy: "SCHED_OTHER", nice: 20}' \
		'{policy: "SCHED_BATCH", nice: -21}' '{policy: "SCHED_OTHER", priority: 1}' '{nice: 1}' \
		'{policy: "SCHED_FIFO", priority: 1, runtime: 5}'; do
		update_config ".process.scheduler = $bad"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "$bad was accepted"
		contains "$error" scheduler
		assert_nothing_left
	done
}

@test "ioPriority is that of the process group" {
	update_config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	in_container /bin/probe ioprio
	contains "$output" "class=2 priority=6"
	update_config '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE"}'
	in_container /bin/probe ioprio
	contains "$output" "class=3"
}

@test "ioPriority: bad class and priority" {
	for bad in '{class: "NOSUCH", priority: 1}' '{class: "IOPRIO_CLASS_BE", priority: 8}' \
		'{class: "IOPRIO_CLASS_BE", priority: -1}' '{priority: 1}'; do
		update_config ".process.ioPriority = $bad"
		refused ioPriority
	done
}

@test "the runtime's own affinity does not reach the container" {
	differs_at vm "CPUs are numbered by the guest's kernel, from 0 to what the machine has"
	[ "$(nproc)" -ge 2 ] || skip "one processor only"
	requires_tool taskset
	set_args /bin/probe affinity
	got=$(taskset -c 0 "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null)
	[ "$got" != 0 ] || fail_test "affinity $got"
}

@test "personality" {
	update_config '.linux.personality = {domain: "LINUX32"}'
	in_container /bin/probe machine
	contains "$output" 0x8
	update_config '.linux.personality = {domain: "NOSUCH"}'
	refused personality
}

@test "memoryPolicy" {
	differs_at vm "the memory that a policy is for is the machine's, on the host"
	[ -e /sys/devices/system/node/node0 ] || skip "no NUMA"
	update_config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
	in_container /bin/probe mempolicy
	contains "$output" "mode=2 flags=0x8000 nodes=0x1"
}

@test "memoryPolicy: bad mode and flags, nodes where none may be, none where they must be" {
	for bad in '{mode: "NOSUCH"}' '{mode: "MPOL_DEFAULT", nodes: "0"}' '{mode: "MPOL_BIND"}' \
		'{mode: "MPOL_BIND", nodes: "0", flags: ["NOSUCH"]}' '{nodes: "0"}' '{mode: "MPOL_BIND", nodes: "x"}'; do
		update_config ".linux.memoryPolicy = $bad"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "$bad was accepted"
		contains "$error" memoryPolicy
		assert_nothing_left
	done
}

@test "a session keyring of its own" {
	own=$("$CACHE/probe" keyring)
	in_container /bin/probe keyring
	[ "${output%% *}" != "${own%% *}" ] || fail_test "the caller's keyring"
	contains "$output" "_ses.$ID"
}

@test "--no-new-keyring leaves the caller's session keyring" {
	differs_at vm "a keyring belongs to one kernel"
	own=$("$CACHE/probe" keyring)
	set_args /bin/probe keyring
	succeeds bulkhead run --no-new-keyring --bundle "$BUNDLE" "$ID"
	equals "${output%% *}" "${own%% *}"
}

@test "signals are at their defaults, none blocked" {
	set_args /bin/probe signals
	got=$(trap '' USR1 PIPE HUP; bulkhead run --bundle "$BUNDLE" "$ID" </dev/null)
	contains "$got" "blocked:"
	lacks "$(echo "$got" | head -n 1)" "1"
	lacks "$(echo "$got" | tail -n 1)" " 10"
}

@test "the program is dumpable, no death signal, no subreaper" {
	in_container /bin/probe prctl
	contains "$output" "keepcaps=0 death_signal=0 subreaper=0"
}

@test "exactly three descriptors" {
	set_args /bin/probe fds
	exec 9</etc 17</etc 200</etc
	got=$(bulkhead run --bundle "$BUNDLE" "$ID" </dev/null)
	exec 9<&- 17<&- 200<&-
	equals "$(echo "$got" | cut -d' ' -f1 | tr '\n' ' ')" "0 1 2 "
}

@test "AppArmor and SELinux: asked for where the kernel has none is an error, empty is not" {
	update_config '.process.apparmorProfile = "" | .process.selinuxLabel = "" | .linux.mountLabel = ""'
	in_container /bin/true
	if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ]; then
		update_config '.process.apparmorProfile = "some-profile"'
		refused apparmor
	fi
}

@test "AppArmor profile" {
	requires_apparmor
	update_config '.process.apparmorProfile = "unconfined"'
	in_container /bin/cat /proc/self/attr/current
	equals "$output" unconfined
}

@test "stdio is owned by the container's user" {
	update_config '.process.user = {uid: 1000, gid: 1000}'
	# Pipes and terminals become the user's; a file of the host's keeps its owner.
	set_args /bin/sh -c 'echo hello > /proc/self/fd/1'
	got=$(bulkhead run --bundle "$BUNDLE" "$ID" </dev/null | cat)
	equals "$got" hello
	set_args /bin/true
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$(stat -c %u "$WORK/stdout")" 0
}
