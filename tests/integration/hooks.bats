#!/usr/bin/env bats
# The six kinds of hooks: where and when they run, what they are given, what their failure means.

load helpers

# hook KIND SCRIPT: adds a shell hook; the state is on its stdin.
hook()
{
	update_config '.hooks[$k] += [{path: "/bin/sh", args: ["sh", "-c", $s]}]' --arg k "$1" --arg s "$2"
}

@test "all kinds run, in order, at their time" {
	hook prestart "cat >/dev/null; echo prestart >> $WORK/order"
	hook createRuntime "cat >/dev/null; echo createRuntime >> $WORK/order"
	hook createContainer "cat >/dev/null; echo createContainer >> $WORK/order"
	hook startContainer "cat >/dev/null; echo startContainer >> /tmp/order"
	hook poststart "cat >/dev/null; echo poststart >> $WORK/order"
	hook poststop "cat >/dev/null; echo poststop >> $WORK/order"
	set_args /bin/sh -c 'cat /tmp/order; sleep 1000'
	create
	equals "$(cat "$WORK/order")" $'prestart\ncreateRuntime\ncreateContainer'
	[ ! -e "$ROOTFS/tmp/order" ]
	start
	equals "$(tail -n 1 "$WORK/order")" poststart
	equals "$(cat "$ROOTFS/tmp/order")" startContainer
	succeeds bulkhead delete --force "$ID"
	equals "$(tail -n 1 "$WORK/order")" poststop
}

@test "several hooks of a kind run one after another, in order" {
	for i in 1 2 3; do
		hook createRuntime "cat >/dev/null; echo start$i >> $WORK/order; sleep 0.05; echo end$i >> $WORK/order"
	done
	create
	equals "$(tr '\n' ' ' <"$WORK/order")" "start1 end1 start2 end2 start3 end3 "
}

@test "each hook gets the state on stdin, with the status and pid of its time" {
	for kind in prestart createRuntime poststart poststop; do
		hook $kind "cat > $WORK/$kind.json"
	done
	hook createContainer "cat > $WORK/createContainer.json"
	hook startContainer "cat > /tmp/startContainer.json"
	update_config '.annotations = {"a.b": "c"}'
	set_args /bin/sleep 1000
	create
	pid=$(state_field .pid)
	start
	succeeds bulkhead delete --force "$ID"
	mv "$ROOTFS/tmp/startContainer.json" "$WORK/startContainer.json"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		jq -e --arg id "$ID" --arg b "$BUNDLE" '.id == $id and .bundle == $b and (.ociVersion | length > 0)
			and .annotations == {"a.b": "c"}' "$WORK/$kind.json" || fail_test "$kind"
	done
	for pair in prestart:creating createRuntime:creating createContainer:creating startContainer:created \
		poststart:running poststop:stopped; do
		equals "${pair%:*} $(jq -r .status "$WORK/${pair%:*}.json")" "${pair%:*} ${pair#*:}"
	done
	for kind in prestart createRuntime poststart; do
		equals "$kind $(jq .pid "$WORK/$kind.json")" "$kind $pid"
	done
	equals "$(jq .pid "$WORK/startContainer.json")" 1
}

@test "createContainer hooks get the pid of their own pid namespace" {
	differs_at vm "createContainer hooks are programs of the host and run there"
	hook createContainer "cat > $WORK/createContainer.json"
	create
	equals "$(jq .pid "$WORK/createContainer.json")" 1
}

@test "the namespaces hooks run in" {
	for kind in createRuntime createContainer poststart; do
		hook $kind "cat >/dev/null; readlink /proc/self/ns/mnt /proc/self/ns/net > $WORK/$kind.ns"
	done
	hook startContainer "cat >/dev/null; readlink /proc/self/ns/mnt > /tmp/sc.ns; readlink /proc/self/ns/net >> /tmp/sc.ns"
	run_sleeper
	pid=$(state_field .pid)
	host=$(readlink /proc/self/ns/mnt /proc/self/ns/net)
	equals "$(cat "$WORK/createRuntime.ns")" "$host"
	equals "$(cat "$WORK/poststart.ns")" "$host"
	equals "$(cat "$WORK/createContainer.ns")" "$(readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/net")"
	equals "$(cat "$ROOTFS/tmp/sc.ns")" "$(init_namespace mnt; init_namespace net)"
}

@test "createRuntime hooks can reach the container's namespaces by the pid" {
	hook createRuntime "pid=\$(jq .pid); readlink /proc/\$pid/ns/net > $WORK/net; [ \$(readlink /proc/\$pid/ns/net) != \$(readlink /proc/self/ns/net) ]"
	run_sleeper
	equals "$(cat "$WORK/net")" "$(readlink "/proc/$(state_field .pid)/ns/net")"
}

@test "createRuntime hooks see the cgroup made" {
	requires_controller pids
	hook createRuntime "cat >/dev/null; ls -d $(cgroup_dir pids) > $WORK/cgroup"
	create
	equals "$(cat "$WORK/cgroup")" "$(cgroup_dir pids)"
}

@test "createContainer: the mounts are made, the host's root is still there" {
	differs_at vm "createContainer hooks are programs of the host and run there"
	hook createContainer "cat >/dev/null; grep -c ' $ROOTFS/dev ' /proc/self/mountinfo > $WORK/seen; test -e $WORK/bundle"
	in_container /bin/true
	[ "$(cat "$WORK/seen")" -ge 1 ]
}

@test "startContainer resolves in the container, as its user, with its environment" {
	printf '#!/bin/sh\ncat >/dev/null\nid -u > /tmp/hook-id\nenv > /tmp/hook-env\n' >"$ROOTFS/bin/only-inside"
	chmod 755 "$ROOTFS/bin/only-inside"
	update_config '.hooks.startContainer = [{path: "/bin/only-inside"}] | .process.user = {uid: 1000, gid: 1000}'
	in_container /bin/true
	equals "$(cat "$ROOTFS/tmp/hook-id")" 1000
	contains "$(cat "$ROOTFS/tmp/hook-env")" "TERM=xterm"
}

@test "poststart runs when the program has really been executed" {
	hook poststart "pid=\$(jq .pid); tr '\\0' ' ' < /proc/\$pid/cmdline > $WORK/cmdline"
	run_sleeper
	line=$(cat "$WORK/cmdline")
	equals "${line#"bulkhead-monitor: $ID "}" "/bin/sleep 1000 "
}

@test "args: absent means the path; given are argv with argv[0]" {
	printf '#!/bin/sh\ncat >/dev/null\necho "$0 $# $*" >> %s/args\n' "$WORK" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	update_config '.hooks.createRuntime = [{path: $p}, {path: $p, args: ["zero", "one", "two three"]}]' --arg p "$WORK/hook"
	create
	equals "$(cat "$WORK/args")" "$WORK/hook 0 
$WORK/hook 2 one two three"
}

@test "env: only what is given" {
	update_config '.hooks.createRuntime = [{path: "/usr/bin/env", args: ["env"], env: ["ONE=1", "TWO=2 x"]}]'
	hook createContainer true
	update_config '.hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", $s], env: ["ONLY=this"]}]' \
		--arg s "cat >/dev/null; env > $WORK/env"
	SECRET=leak create
	contains "$(cat "$WORK/env")" "ONLY=this"
	lacks "$(cat "$WORK/env")" SECRET
	lacks "$(cat "$WORK/env")" TERM
}

@test "the container's environment does not reach hooks on the host" {
	update_config '.process.env += ["EVIL=1", "LD_PRELOAD=/evil.so"]'
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind "cat >/dev/null; env > $WORK/$kind.env"
	done
	in_container /bin/true
	for kind in prestart createRuntime createContainer poststart poststop; do
		lacks "$(cat "$WORK/$kind.env")" EVIL
		lacks "$(cat "$WORK/$kind.env")" LD_PRELOAD
	done
}

@test "a failing hook of create stops it, names itself, and nothing stays" {
	for kind in prestart createRuntime createContainer; do
		update_config '.hooks = {}'
		hook $kind "cat >/dev/null; true"
		hook $kind "cat >/dev/null; echo words of the hook >&2; exit 3"
		hook $kind "cat >/dev/null; touch $WORK/never"
		hook poststop "cat >/dev/null; touch $WORK/poststop-$kind"
		fails 1 "$kind" bulkhead create --bundle "$BUNDLE" "$ID"
		contains "$error" 1
		contains "$error" "words of the hook"
		[ ! -e "$WORK/never" ]
		[ -e "$WORK/poststop-$kind" ] || fail_test "poststop must run after a failed create"
		assert_nothing_left
	done
}

@test "a failing startContainer hook fails start, and the program never runs" {
	hook startContainer "cat >/dev/null; exit 3"
	set_args /bin/touch /tmp/ran
	create
	fails 1 startContainer bulkhead start "$ID"
	[ ! -e "$ROOTFS/tmp/ran" ]
	wait_for gone_or_stopped
}

@test "a failing poststart hook fails start, and the container is stopped" {
	hook poststart "cat >/dev/null; exit 3"
	set_args /bin/sleep 1000
	create
	fails 1 poststart bulkhead start "$ID"
	wait_for gone_or_stopped
}

@test "a failing poststop hook is a warning; the next one runs" {
	hook poststop "cat >/dev/null; exit 3"
	hook poststop "cat >/dev/null; touch $WORK/second"
	run_sleeper
	succeeds bulkhead delete --force "$ID"
	[ -e "$WORK/second" ]
	assert_nothing_left
}

@test "run fails with a failing hook, and nothing stays" {
	for kind in createRuntime startContainer poststart; do
		update_config '.hooks = {}'
		hook $kind "cat >/dev/null; exit 3"
		set_args /bin/sleep 1000
		fails 1 "$kind" bulkhead run --bundle "$BUNDLE" "$ID"
		succeeds bulkhead delete --force "$ID"
		assert_nothing_left
	done
}

@test "hooks: no path, relative path, bad timeouts" {
	for bad in '{args: ["x"]}' '{path: "bin/sh"}' '{path: ""}' '{path: "/bin/sh", timeout: 0}' '{path: "/bin/sh", timeout: -5}'; do
		update_config ".hooks.createRuntime = [$bad]"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "$bad was accepted"
		contains "$error" "hooks.createRuntime[0]"
		assert_nothing_left
	done
}

@test "a hook that is missing, not executable, killed" {
	update_config '.hooks.createRuntime = [{path: "/no/such/hook"}]'
	refused createRuntime
	echo text >"$WORK/plain"
	update_config '.hooks.createRuntime = [{path: $p}]' --arg p "$WORK/plain"
	refused createRuntime
	update_config 'del(.hooks)'
	hook createRuntime 'kill -SEGV $$'
	refused createRuntime
}

@test "a hook past its timeout is killed with its children" {
	update_config '.hooks.createRuntime = [{path: "/bin/sh", timeout: 1,
		args: ["sh", "-c", "echo $$ > \($w)/pid; sleep 1000 & echo $! > \($w)/child; wait"]}]' --arg w "$WORK"
	refused createRuntime
	[ ! -d "/proc/$(cat "$WORK/pid")" ]
	wait_for test ! -d "/proc/$(cat "$WORK/child")"
}

@test "a hook that leaves a child in the background does not hold create up" {
	hook createRuntime "cat >/dev/null; sleep 1000 & echo \$! > $WORK/child"
	try bulkhead create --bundle "$BUNDLE" "$ID"
	# Not waited for: it is still there.
	kill "$(cat "$WORK/child")"
	[ "$status" = 0 ]
}

@test "a hook that does not read its stdin, with a large state" {
	update_config '.annotations = {big: ("x" * 1000000)}'
	update_config '.hooks.createRuntime = [{path: "/bin/true"}] | .hooks.poststop = [{path: "/bin/true"}]'
	in_container /bin/true
}

@test "a hook that closes its stdin" {
	update_config '.annotations = {big: ("x" * 1000000)}'
	hook createRuntime 'exec <&-; sleep 0.1'
	in_container /bin/true
}

@test "what a hook prints does not become the program's output" {
	hook createRuntime 'cat >/dev/null; echo noise; echo noise >&2'
	in_container /bin/echo clean
	lacks "$output" noise
}

@test "hooks of other kinds are ignored like any unknown member" {
	update_config '.hooks.noSuchKind = [{path: "/bin/false"}]'
	in_container /bin/true
}

@test "hooks see no descriptors of the runtime's" {
	hook createRuntime "cat >/dev/null; ls -l /proc/self/fd | grep -v ' -> /proc/' > $WORK/fds"
	in_container /bin/true
	lacks "$(cat "$WORK/fds")" "$STATE"
	lacks "$(cat "$WORK/fds")" cgroup
}

@test "annotations name files for what hooks print" {
	update_config '.annotations += {"run.oci.hooks.stdout": ($w + "/out"), "run.oci.hooks.stderr": ($w + "/error")}' \
		--arg w "$WORK"
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind "echo $kind; echo no $kind >&2"
	done
	in_container /bin/true
	equals "$(cat "$WORK/out")" $'prestart\ncreateRuntime\ncreateContainer\npoststart\npoststop'
	equals "$(cat "$WORK/error")" $'no prestart\nno createRuntime\nno createContainer\nno poststart\nno poststop'
}
