#!/usr/bin/env bats
# The configurations that Docker, Podman and containerd really send run, and give what they ask for.

load helpers

# engine NAME: makes that configuration the bundle's, with the files its mounts want.
engine()
{
	local file
	mkdir -p "$BUNDLE/engine/shm" "$BUNDLE/engine/data"
	chmod 1777 "$BUNDLE/engine/shm"
	for file in .containerenv hostname hosts resolv.conf; do
		echo "engine $file" >"$BUNDLE/engine/$file"
	done
	cp "$ROOTFS/etc/passwd" "$BUNDLE/engine/passwd"
	cp "$ROOTFS/etc/group" "$BUNDLE/engine/group"
	printf '#!/bin/sh\nshift\nexec "$@"\n' >"$BUNDLE/engine/docker-init"
	chmod 755 "$BUNDLE/engine/docker-init"
	jq --arg path "/$ID" '.linux.cgroupsPath = $path' "$TOP/tests/data/engines/$1.json" >"$CONFIG"
	if [ "$(jq '.linux.uidMappings | length' "$CONFIG")" -gt 0 ]; then
		chown -R "$(jq '.linux.uidMappings[0].hostID' "$CONFIG"):$(jq '.linux.gidMappings[0].hostID' "$CONFIG")" \
			"$ROOTFS" "$BUNDLE/engine"
	fi
	# Devices that this machine has none of, for the privileged ones.
	update_config '.process.args |= map(if . == "300" then "1000" else . end)'
}

runs()
{
	engine "$1"
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "ctr-plain" {
	runs ctr-plain
	equals "$output" hi
}

@test "docker-plain" {
	runs docker-plain
}

@test "docker-plain: the process is what Docker asks for" {
	engine docker-plain
	in_container /bin/sh -c 'probe caps; cat /etc/hostname; hostname; probe mount /sys/fs/cgroup; probe status Seccomp'
	contains "$output" "bounding=00000000a80425fb"
	contains "$output" "engine hostname"
	contains "$output" "tmpfs ro"
	contains "$output" $'\n2'
}

@test "docker-pidhost" {
	runs docker-pidhost
}

@test "docker-seccomp-unconfined" {
	runs docker-seccomp-unconfined
}

@test "docker-detach: runs, is entered with Docker's exec file, deleted" {
	engine docker-detach
	run_detached
	status_is running
	"$CACHE/console" console "$WORK/c.sock" >"$WORK/terminal" 2>/dev/null 3>&- &
	helper_process $!
	wait_for test -S "$WORK/c.sock"
	succeeds bulkhead exec --process "$TOP/tests/data/engines/docker-exec.process.json" \
		--console-socket "$WORK/c.sock" --detach --pid-file "$WORK/pid" "$ID"
	wait_for file_has "$WORK/terminal" /dev/pts/
}

@test "docker-badcmd fails with words Docker turns into 127" {
	engine docker-badcmd
	fails 1 "" bulkhead run --bundle "$BUNDLE" "$ID"
	[[ ${error,,} == *"no such file or directory"* || $error == *"executable file not found"* ]] || fail_test words
	assert_nothing_left
}

@test "docker-tty" {
	engine docker-tty
	try "$CACHE/console" pty "$BULKHEAD" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	equals "$status" 0
	contains "$output" /dev/
}

@test "docker-rich: user, limits, read-only, init, network of the host" {
	runs docker-rich
	contains "$output" "uid=1000"
}

@test "docker-rich: limits and mounts" {
	engine docker-rich
	update_config '.process.args = ["/sbin/docker-init", "--", "sh", "-c", "sleep 1000"]'
	run_detached
	exec_in /bin/probe rlimits NOFILE
	equals "$output" "NOFILE 100 200"
	exec_in /bin/sh -c 'cat /proc/sys/kernel/msgmax; probe mount /t; probe cwd; touch /x'" 2>&1; true"
	contains "$output" 4096
	contains "$output" size=1024k
	contains "$output" /tmp
	contains "$output" "Read-only"
}

@test "docker-priv: every device and capability that this host can give" {
	engine docker-priv
	# A node is only made, never opened.
	runs docker-priv
}

@test "podman-plain" {
	runs podman-plain
}

@test "podman-build" {
	runs podman-build
	equals "$(cat "$ROOTFS/y")" x
}

@test "podman-detach with Podman's exec file" {
	engine podman-detach
	run_detached
	succeeds bulkhead exec --pid-file "$WORK/pid" --process "$TOP/tests/data/engines/podman-exec.process.json" \
		--detach "$ID"
	wait_for test -s "$WORK/pid"
}

@test "podman-badcmd" {
	engine podman-badcmd
	fails 1 "" bulkhead run --bundle "$BUNDLE" "$ID"
	[[ ${error,,} == *"no such file or directory"* || $error == *"executable file not found in"* ]] || fail_test words
	assert_nothing_left
}

@test "podman-pod" {
	engine podman-pod
	try bulkhead run --bundle "$BUNDLE" "$ID"
	# The captured program is sleep without a time: busybox complains and leaves with 1.
	equals "$status" 1
	contains "$error" "sleep"
	assert_nothing_left
}

@test "podman-priv" {
	runs podman-priv
}

@test "podman-rich: user namespace, id, tmpfs with copies" {
	runs podman-rich
	contains "$output" "uid=1000"
}

@test "podman-rich: what is inside" {
	engine podman-rich
	in_container /bin/sh -c 'cat /etc/hostname; probe maps; probe cwd; touch /tmp/y && echo writable; touch /x'" 2>&1; true"
	contains "$output" "engine hostname"
	contains "$output" 100000
	contains "$output" writable
	contains "$output$error" "Read-only"
}

@test "podman-tty" {
	engine podman-tty
	try "$CACHE/console" pty "$BULKHEAD" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	equals "$status" 0
	contains "$output" /dev/
}

@test "every captured configuration has a test" {
	for file in "$TOP"/tests/data/engines/*.json; do
		name=$(basename "$file" .json)
		grep -q "$name" "$BATS_TEST_FILENAME" || fail_test "$name has none"
	done
}
