#!/usr/bin/env bats
# linux.seccomp.

load helpers

filter()
{
	update_config ".linux.seccomp = $1"
}

@test "an action with an errno" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO", errnoRet: 61}]}'
	set_args /bin/probe syscall 162
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" ENODATA
}

@test "errnoRet absent is EPERM, 0 is success" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO"},
		{names: ["alarm"], action: "SCMP_ACT_ERRNO", errnoRet: 0}]}'
	set_args /bin/probe syscall 162
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" EPERM
	in_container /bin/probe syscall 37 5
	equals "$output" ok
}

@test "a default that denies, with an allow list" {
	filter '{defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, syscalls: [{names: ["execve", "exit_group", "write",
		"writev", "read", "brk", "arch_prctl", "mmap", "munmap", "mprotect", "newfstatat", "fstat", "set_tid_address",
		"set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "uname", "close", "ioctl",
		"rt_sigaction", "rt_sigprocmask", "futex", "getpid", "exit", "open", "openat", "fcntl", "dup2", "prctl",
		"capget", "capset", "setgroups", "setresuid", "setresgid", "setuid", "setgid", "chdir", "getcwd", "access",
		"sigaltstack", "gettid", "tgkill", "nanosleep", "epoll_create1", "epoll_ctl", "epoll_pwait", "close_range",
		"statx", "lstat", "stat", "getdents64", "lseek", "pread64", "statfs", "fstatfs", "sched_yield", "madvise",
		"clone", "clone3", "pipe2", "getppid", "keyctl", "execveat", "faccessat", "faccessat2", "openat2", "poll"],
		action: "SCMP_ACT_ALLOW"}]}'
	in_container /bin/probe out works
	equals "$output" works
	set_args /bin/probe syscall 162
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" ENOSYS
}

@test "conditions on arguments: each operator" {
	# alarm(seconds): 37; argument 0.
	while read -r op value two denied allowed; do
		filter "{defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"alarm\"], action: \"SCMP_ACT_ERRNO\",
			errnoRet: 61, args: [{index: 0, op: \"$op\", value: $value, valueTwo: $two}]}]}"
		set_args /bin/sh -c "probe syscall 37 $denied; probe syscall 37 $allowed; true"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$output" = $'ENODATA\nok' ] || fail_test "$op"
	done <<-END
		SCMP_CMP_EQ 1000 0 1000 1001
		SCMP_CMP_NE 1000 0 1001 1000
		SCMP_CMP_LT 1000 0 999 1000
		SCMP_CMP_LE 1000 0 1000 1001
		SCMP_CMP_GE 1000 0 1000 999
		SCMP_CMP_GT 1000 0 1001 1000
		SCMP_CMP_MASKED_EQ 3840 512 535 1041
	END
}

@test "two conditions on one entry are both needed" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getpriority"], action: "SCMP_ACT_ERRNO", errnoRet: 61,
		args: [{index: 0, op: "SCMP_CMP_EQ", value: 0}, {index: 1, op: "SCMP_CMP_EQ", value: 0}]}]}'
	set_args /bin/sh -c "probe syscall 140 0 0; probe syscall 140 0 1; probe syscall 140 1 0; true"
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" $'ENODATA\nok\nok'
}

@test "two conditions on the same argument: either is enough" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["alarm"], action: "SCMP_ACT_ERRNO", errnoRet: 61,
		args: [{index: 0, op: "SCMP_CMP_EQ", value: 1000}, {index: 0, op: "SCMP_CMP_EQ", value: 2000}]}]}'
	set_args /bin/sh -c "probe syscall 37 1000; probe syscall 37 2000; probe syscall 37 3000; true"
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" $'ENODATA\nENODATA\nok'
}

@test "64-bit values" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getpriority"], action: "SCMP_ACT_ERRNO", errnoRet: 61,
		args: [{index: 2, op: "SCMP_CMP_EQ", value: "BIG"}]}]}'
	set_args /bin/sh -c "probe syscall 140 0 0 9223372036854775807; probe syscall 140 0 0 9223372036854775806; true"
	big_number BIG 9223372036854775807
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" $'ENODATA\nok'
}

@test "kill actions end the program" {
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP; do
		filter "{defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"sync\"], action: \"$action\"}]}"
		set_args /bin/sh -c 'probe syscall 162; echo "status $?"'
		try bulkhead run --bundle "$BUNDLE" "$ID"
		contains "$output" "status 159"
	done
}

@test "SCMP_ACT_LOG lets pass" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_LOG"}]}'
	in_container /bin/probe syscall 162
	equals "$output" ok
}

@test "SCMP_ACT_TRACE without a tracer is ENOSYS" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_TRACE", errnoRet: 5}]}'
	set_args /bin/probe syscall 162
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" ENOSYS
}

@test "names unknown to this machine are ignored" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["no_such_call", "sync"], action: "SCMP_ACT_ERRNO"}]}'
	set_args /bin/probe syscall 162
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" EPERM
}

@test "architectures and flags" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32",
		"SCMP_ARCH_AARCH64"], flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
		syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO"}]}'
	set_args /bin/probe syscall 162
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" EPERM
}

@test "unknown default action, action, operator, architecture, flag" {
	for bad in '{defaultAction: "NOSUCH"}' '{syscalls: []}' \
		'{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "NOSUCH"}]}' \
		'{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"]}]}' \
		'{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO", args: [{index: 0, op: "NOSUCH", value: 1}]}]}' \
		'{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO", args: [{index: 6, op: "SCMP_CMP_EQ", value: 1}]}]}' \
		'{defaultAction: "SCMP_ACT_ALLOW", architectures: ["NOSUCH"]}' '{defaultAction: "SCMP_ACT_ALLOW", flags: ["NOSUCH"]}'; do
		filter "$bad"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "$bad was accepted"
		contains "$error" seccomp
		assert_nothing_left
	done
}

@test "no names in an entry" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [], action: "SCMP_ACT_ERRNO"}]}'
	refused seccomp
}

@test "an errno with an action that has none" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_KILL", errnoRet: 5}]}'
	refused errnoRet
	filter '{defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 5}'
	refused defaultErrnoRet
}

@test "listenerMetadata without listenerPath, NOTIFY without listenerPath" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x"}'
	refused listenerMetadata
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_NOTIFY"}]}'
	refused listenerPath
}

@test "NOTIFY as the default action or on write is refused" {
	filter '{defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "/tmp/x"}'
	refused ""
	filter '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/tmp/x",
		syscalls: [{names: ["write"], action: "SCMP_ACT_NOTIFY"}]}'
	refused ""
}

@test "NOTIFY: the listener gets the descriptor and the state, and decides" {
	differs_at vm "a listener is a descriptor of the guest's kernel and cannot leave it"
	requires_kernel 5 7
	"$CACHE/console" seccomp "$WORK/notify.sock" >"$WORK/notified" 2>&1 3>&- &
	helper_process $!
	wait_for test -S "$WORK/notify.sock"
	filter '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: "", listenerMetadata: "meta words",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}'
	update_config '.linux.seccomp.listenerPath = $p' --arg p "$WORK/notify.sock"
	set_args /bin/sh -c 'mkdir /tmp/x'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	contains "$error" "No message of desired type"
	head -n 1 "$WORK/notified" | jq -e --arg id "$ID" '.metadata == "meta words" and .fds == ["seccompFd"]
		and (.pid > 0) and .state.id == $id and (.ociVersion | length > 0) and .state.status == "creating"'
}

@test "NOTIFY: a listener that is not there is an error" {
	differs_at vm "a listener is a descriptor of the guest's kernel and cannot leave it"
	filter '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/no/such/socket",
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	refused /no/such/socket
}

@test "the filter holds without no_new_privs too, for an ordinary user" {
	update_config '.process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000}'
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO"}]}'
	set_args /bin/probe syscall 162
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" EPERM
	in_container /bin/probe status Seccomp
	equals "$output" 2
}

@test "Docker's profile: what it denies and what it lets pass" {
	update_config '.linux.seccomp = $s[0].linux.seccomp' --slurpfile s "$TOP/tests/data/engines/docker-plain.json"
	in_container /bin/sh -c 'ls / >/dev/null && echo fine'
	equals "$output" fine
	# add_key, request_key, keyctl: denied.
	set_args /bin/probe syscall 250 0 0
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" EPERM
}

@test "new system calls get ENOSYS from a profile that denies by default" {
	update_config '.linux.seccomp = $s[0].linux.seccomp' --slurpfile s "$TOP/tests/data/engines/docker-plain.json"
	set_args /bin/probe syscall 999
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" ENOSYS
}

@test "two thousand rules" {
	filter '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [range(2000) | {names: ["alarm"], action: "SCMP_ACT_ERRNO",
		args: [{index: 0, op: "SCMP_CMP_EQ", value: (. + 100000)}]}]}'
	# alarm, with the argument of the last rule, and of none.
	set_args /bin/probe syscall 37 101999 0
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" EPERM
	set_args /bin/probe syscall 37 102000 0
	try bulkhead run --bundle "$BUNDLE" "$ID"
	lacks "$output" EPERM
	[ "$status" = 0 ]
}
