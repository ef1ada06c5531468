#!/usr/bin/env bats
# checkpoint and restore. CRIU saves what the container's processes are; what is of the host (bind
# mounts, joined namespaces, the caller's descriptors) is put in its place again.

load helpers

setup()
{
	setup_container
	IMAGES=$WORK/images
}

# The last error that `criu check` tells, "" where all is well.
criu_lacks()
{
	local told
	told=$(criu check 2>&1) || sed -n 's/^.*\(Error.*\)$/\1/p' <<<"$told" | head -n 1
}

requires_criu()
{
	local lack
	differs_at vm "CRIU saves processes of the host's kernel"
	requires_tool criu
	lack=$(criu_lacks)
	[ -z "$lack" ] || skip "criu cannot work on Linux $(uname -r): $lack"
}

# A file, a pipe between two processes, and a timer: a line with the next number at each tick.
counter()
{
	set_args /bin/sh -c 'exec 5>/tmp/count
		(while :; do echo tick; sleep 0.1; done) | while read -r word; do n=$((n + 1)); echo $n >&5; done'
}

count()
{
	tail -n 1 "$ROOTFS/tmp/count"
}

count_exceeds()
{
	[ "$(count)" -gt "$1" ]
}

# Counts on, and no number was lost or came twice.
counts_on()
{
	local now
	now=$(count)
	wait_for count_exceeds "${now:-0}"
	now=$(count)
	equals "$(head -n "$now" "$ROOTFS/tmp/count")" "$(seq "$now")"
}

# What it has done since it was last looked at; nothing, when it does not run.
counts_no_more()
{
	local now
	now=$(count)
	sleep 0.5
	equals "$(count)" "$now"
}

run_counter()
{
	counter
	run_detached "$@"
	wait_for test -s "$ROOTFS/tmp/count"
}

checkpoint()
{
	succeeds bulkhead checkpoint --image-path "$IMAGES" "$@" "$ID"
}

restore()
{
	succeeds bulkhead restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$@" "$ID"
}

# --- where criu does not work -----------------------------------------------------------------

@test "a checkpoint that CRIU refuses: one error with its log, and the container goes on" {
	differs_at vm "CRIU saves processes of the host's kernel"
	requires_tool criu
	counter
	# Where it can: not with a lock that it was not told to save.
	[ -n "$(criu_lacks)" ] || update_config '.process.args[2] |= "/bin/probe lock /tmp/lock & " + .'
	run_detached
	wait_for test -s "$ROOTFS/tmp/count"
	[ -n "$(criu_lacks)" ] || wait_for file_is_locked "$ROOTFS/tmp/lock"
	fails 1 "$IMAGES/dump.log" bulkhead checkpoint --image-path "$IMAGES" "$ID"
	contains "$error" "checkpoint of container '$ID'"
	contains "$error" "criu check"
	equals "$(wc -l <"$WORK/stderr")" 1
	[ -z "$output" ]
	[ -s "$IMAGES/dump.log" ]
	status_is running
	counts_on
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "no criu in the path: an error that says so, and the container goes on" {
	differs_at vm "CRIU saves processes of the host's kernel"
	run_counter
	status=0
	PATH=/nonexistent "$BULKHEAD" --root "$STATE" checkpoint --image-path "$IMAGES" "$ID" \
		>"$WORK/stdout" 2>"$WORK/stderr" </dev/null 3>&- || status=$?
	equals "$status" 1
	contains "$(cat "$WORK/stderr")" "cannot run 'criu'"
	equals "$(wc -l <"$WORK/stderr")" 1
	status_is running
	counts_on
}

# --- what is refused --------------------------------------------------------------------------

@test "checkpoint of what does not run" {
	fails 1 "$ID" bulkhead checkpoint --image-path "$IMAGES" "$ID"
	create
	fails 1 "only a running container can be checkpointed" bulkhead checkpoint --image-path "$IMAGES" "$ID"
	status_is created
	start
	wait_status stopped
	fails 1 "only a running container can be checkpointed" bulkhead checkpoint --image-path "$IMAGES" "$ID"
	[ ! -e "$IMAGES" ]
}

@test "options that make no sense" {
	run_sleeper
	fails 1 "--parent-path" bulkhead checkpoint --image-path "$IMAGES" --parent-path "$WORK/parent" "$ID"
	fails 1 "--empty-ns" bulkhead checkpoint --image-path "$IMAGES" --empty-ns mount "$ID"
	fails 1 "--manage-cgroups-mode" bulkhead checkpoint --image-path "$IMAGES" --manage-cgroups-mode nosuch "$ID"
	for server in nosuch :27 host: host:0 host:65536 host:port; do
		fails 1 "--page-server" bulkhead checkpoint --image-path "$IMAGES" --page-server "$server" "$ID"
	done
	[ ! -e "$IMAGES" ]
	status_is running
}

@test "the same for restore; without images nothing is made" {
	set_args /bin/sleep 1000
	fails 1 "$IMAGES" bulkhead restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$ID"
	contains "$error" "--image-path"
	assert_nothing_left
	[ ! -e "$IMAGES" ]
	fails 1 "--empty-ns" bulkhead restore --bundle "$BUNDLE" --image-path "$IMAGES" --empty-ns mount "$ID"
	fails 1 "--manage-cgroups-mode" bulkhead restore --bundle "$BUNDLE" --manage-cgroups-mode nosuch "$ID"
	mkdir "$IMAGES"
	fails 1 "" bulkhead restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$ID"
	assert_nothing_left
}

@test "a container in another's user namespace, or with a cgroup mount of version 1" {
	differs_at vm "CRIU saves processes of the host's kernel"
	requires_cgroup_v1
	update_config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]'
	run_sleeper
	fails 1 "cgroup mount" bulkhead checkpoint --image-path "$IMAGES" "$ID"
	status_is running
}

@test "the vm level refuses, and the container goes on" {
	is_vm || skip "of the vm level"
	run_sleeper
	fails 1 "vm level" bulkhead checkpoint --image-path "$IMAGES" "$ID"
	status_is running
	succeeds bulkhead delete --force "$ID"
	mkdir -p "$IMAGES"
	fails 1 "vm level" bulkhead restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$ID"
	assert_nothing_left
}

# --- checkpoint -------------------------------------------------------------------------------

@test "a file, a pipe and a timer go on after checkpoint and restore" {
	requires_criu
	run_counter
	checkpoint
	assert_nothing_left
	fails 1 "$ID" bulkhead state "$ID"
	counts_no_more
	restore
	status_is running
	counts_on
}

@test "a second checkpoint, of what was restored" {
	requires_criu
	run_counter
	checkpoint
	restore
	counts_on
	IMAGES=$WORK/again
	checkpoint
	assert_nothing_left
	restore
	counts_on
}

@test "--leave-running: the container goes on" {
	requires_criu
	run_counter
	checkpoint --leave-running
	status_is running
	counts_on
}

@test "images of --leave-running can be restored when the container has been deleted" {
	requires_criu
	run_sleeper
	checkpoint --leave-running
	succeeds bulkhead delete --force "$ID"
	restore
	status_is running
	equals "$(process_count)" 1
}

@test "--pre-dump leaves it running; --parent-path saves the rest" {
	requires_criu
	run_counter
	succeeds bulkhead checkpoint --pre-dump --image-path "$WORK/parent" "$ID"
	status_is running
	counts_on
	checkpoint --parent-path ../parent
	[ -L "$IMAGES/parent" ]
	assert_nothing_left
	restore
	counts_on
}

@test "a paused container" {
	requires_criu
	requires_controller freezer
	run_counter
	succeeds bulkhead pause "$ID"
	checkpoint
	assert_nothing_left
	restore
	status_is running
	counts_on
}

@test "--work-path has the log; --image-path is ./checkpoint by default" {
	requires_criu
	run_counter
	cd "$WORK"
	succeeds bulkhead checkpoint --work-path "$WORK/logs" "$ID"
	[ -s "$WORK/logs/dump.log" ]
	[ ! -e "$WORK/checkpoint/dump.log" ]
	[ -e "$WORK/checkpoint/inventory.img" ]
	succeeds bulkhead restore --detach --bundle "$BUNDLE" --work-path "$WORK/logs" "$ID"
	[ -s "$WORK/logs/restore.log" ]
	counts_on
}

@test "file locks need --file-locks, at both" {
	requires_criu
	set_args /bin/probe lock /tmp/lock
	run_detached
	wait_for file_is_locked "$ROOTFS/tmp/lock"
	fails 1 dump.log bulkhead checkpoint --image-path "$IMAGES" "$ID"
	status_is running
	rm -r "$IMAGES"
	checkpoint --file-locks
	flock --nonblock "$ROOTFS/tmp/lock" true
	restore --file-locks
	file_is_locked "$ROOTFS/tmp/lock"
}

file_is_locked()
{
	[ -e "$1" ] && ! flock --nonblock "$1" true
}

@test "a checkpoint that is killed in the middle: the container runs or has stopped, and is not frozen" {
	requires_criu
	run_counter
	"$BULKHEAD" --root "$STATE" checkpoint --image-path "$IMAGES" "$ID" </dev/null >"$WORK/killed" 2>&1 3>&- &
	killed=$!
	helper_process "$killed"
	wait_for file_has "$IMAGES/dump.log" "Seized"
	criu=$(pgrep -P "$killed" | head -n 1)
	kill -KILL "$killed"
	wait "$killed" || true
	[ -z "$criu" ] || wait_for process_has_ended "$criu"
	if has_status running; then
		counts_on
	else
		status_is stopped
		counts_no_more
	fi
	succeeds bulkhead delete --force "$ID"
	wait_for no_leftovers
}

process_has_ended()
{
	[ ! -e "/proc/$1" ] || grep -q '^State:[[:space:]]*[ZX]' "/proc/$1/status"
}

# --- restore ----------------------------------------------------------------------------------

@test "restore --detach --pid-file: the pid is the init's" {
	requires_criu
	run_counter
	checkpoint
	restore --pid-file "$WORK/pid"
	equals "$(cat "$WORK/pid")" "$(state_field .pid)"
	kill -0 "$(cat "$WORK/pid")"
}

@test "restore in the foreground gives the program's status and deletes the container" {
	requires_criu
	set_args /bin/sh -c 'while [ ! -e /tmp/go ]; do sleep 0.1; done; exit 7'
	run_detached
	checkpoint
	touch "$ROOTFS/tmp/go"
	try bulkhead restore --bundle "$BUNDLE" --image-path "$IMAGES" "$ID"
	equals "$status" 7
	assert_nothing_left
}

@test "restore under another id" {
	requires_criu
	run_counter
	checkpoint
	new_id
	jq --arg path "/$NEW" '.linux.cgroupsPath = $path' "$CONFIG" >"$CONFIG.new" && mv "$CONFIG.new" "$CONFIG"
	succeeds bulkhead restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$NEW"
	equals "$(state_field .status "$NEW")" running
	fails 1 "$ID" bulkhead state "$ID"
	grep -q "$NEW" "/proc/$(state_field .pid "$NEW")/cgroup"
	equals "$(grep -c "$ID\$" "/proc/$(state_field .pid "$NEW")/cgroup")" 0
	counts_on
}

@test "restore of an id that there is already" {
	requires_criu
	run_counter
	checkpoint --leave-running
	fails 1 "$ID" bulkhead restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$ID"
	status_is running
	counts_on
}

@test "a restored container: exec, ps, pause, kill, delete" {
	requires_criu
	run_counter
	checkpoint
	restore
	exec_in /bin/sh -c 'echo inside; cat /proc/1/cmdline | tr "\0" " "'
	contains "$output" inside
	contains "$output" /tmp/count
	[ "$(process_count)" -ge 3 ]
	succeeds bulkhead pause "$ID"
	status_is paused
	counts_no_more
	succeeds bulkhead resume "$ID"
	counts_on
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "a restored container has the limits of its configuration, and update changes them" {
	requires_criu
	requires_controller pids
	update_config '.linux.resources.pids.limit = 50'
	run_counter
	checkpoint
	restore
	equals "$(cat "$(cgroup_dir pids)/pids.max")" 50
	[ "$(wc -l <"$(cgroup_dir pids)/cgroup.procs")" -ge 2 ]
	succeeds bulkhead update --pids-limit 60 "$ID"
	equals "$(cat "$(cgroup_dir pids)/pids.max")" 60
}

@test "bind mounts of the host, masked and read-only paths are there again" {
	requires_criu
	mkdir "$WORK/shared"
	echo file >"$WORK/file"
	echo before >"$WORK/shared/word"
	mkdir "$ROOTFS/secret"
	echo hidden >"$ROOTFS/secret/key"
	echo hidden >"$ROOTFS/etc/secret"
	update_config '.mounts += [
		{destination: "/mnt", type: "bind", source: ($work + "/shared"), options: ["rbind"]},
		{destination: "/etc/one", type: "bind", source: ($work + "/file"), options: ["bind", "ro"]}] |
		.linux.maskedPaths += ["/secret", "/etc/secret"] | .linux.readonlyPaths += ["/var"]' --arg work "$WORK"
	run_counter
	checkpoint
	echo after >"$WORK/shared/word"
	restore
	exec_in /bin/cat /mnt/word /etc/one
	equals "$output" $'after\nfile'
	exec_in /bin/sh -c 'ls /secret; cat /etc/secret; cat /proc/kcore | wc -c'
	lacks "$output$error" hidden
	lacks "$output" key
	fails 1 "" bulkhead exec "$ID" /bin/touch /var/new
	fails 1 "" bulkhead exec "$ID" /bin/touch /etc/one
	fails 1 "" bulkhead exec "$ID" /bin/sh -c 'echo x >/proc/sys/kernel/domainname'
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "pipes as stdio: what is written goes to those of restore" {
	requires_criu
	set_args /bin/sh -c 'while :; do echo to-output; echo to-error >&2; sleep 0.1; done'
	bulkhead run --detach --bundle "$BUNDLE" "$ID" </dev/null \
		> >(exec cat >"$WORK/old" 3>&-) 2> >(exec cat >"$WORK/old-error" 3>&-)
	wait_for test -s "$WORK/old-error"
	succeeds bulkhead checkpoint --image-path "$IMAGES" "$ID"
	bulkhead restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$ID" </dev/null \
		> >(exec cat >"$WORK/new" 3>&-) 2> >(exec cat >"$WORK/new-error" 3>&-)
	wait_for file_has "$WORK/new" to-output
	wait_for file_has "$WORK/new-error" to-error
	lacks "$(cat "$WORK/new")" to-error
	succeeds bulkhead delete --force "$ID"
}

@test "one pipe as output and error" {
	requires_criu
	set_args /bin/sh -c 'while :; do echo to-output; echo to-error >&2; sleep 0.1; done'
	bulkhead run --detach --bundle "$BUNDLE" "$ID" </dev/null > >(exec cat >"$WORK/old" 3>&-) 2>&1
	wait_for file_has "$WORK/old" to-error
	succeeds bulkhead checkpoint --image-path "$IMAGES" "$ID"
	bulkhead restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$ID" </dev/null \
		> >(exec cat >"$WORK/new" 3>&-) 2>&1
	wait_for file_has "$WORK/new" to-output
	wait_for file_has "$WORK/new" to-error
	succeeds bulkhead delete --force "$ID"
}

console()
{
	"$CACHE/console" console "$1" >"$2" 2>/dev/null 3>&- &
	helper_process $!
	wait_for test -S "$1"
}

@test "a terminal: its master is sent to the console socket of restore" {
	requires_criu
	update_config '.process.terminal = true'
	set_args /bin/sh -c 'while :; do echo to-terminal; sleep 0.1; done'
	console "$WORK/old.sock" "$WORK/old"
	run_detached --console-socket "$WORK/old.sock"
	wait_for file_has "$WORK/old" to-terminal
	checkpoint
	console "$WORK/new.sock" "$WORK/new"
	restore --console-socket "$WORK/new.sock"
	wait_for file_has "$WORK/new" to-terminal
	exec_in /bin/readlink /proc/1/fd/0
	contains "$output" /dev/pts/
}

@test "a network namespace joined by its path is joined again" {
	requires_criu
	unshare --net sleep 1000 3>&- &
	helper_process $!
	net=/proc/$!/ns/net
	wait_for different_namespace "$net"
	update_config '(.linux.namespaces[] | select(.type == "network")).path = $net' --arg net "$net"
	run_counter
	equals "$(init_namespace net)" "$(readlink "$net")"
	checkpoint
	restore
	equals "$(init_namespace net)" "$(readlink "$net")"
	counts_on
}

different_namespace()
{
	[ "$(readlink "$1")" != "$(readlink /proc/self/ns/net)" ]
}

hook()
{
	update_config '.hooks[$kind] = [{path: "/bin/sh", args: ["sh", "-c", $script]}]' \
		--arg kind "$1" --arg script "echo $1 >>'$WORK/hooks'; cat >'$WORK/hook-$1'; ${2:-true}"
}

@test "hooks: checkpoint runs poststop, restore those of create and poststart" {
	requires_criu
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		hook "$kind"
	done
	# Those two run in the container, where there is no such directory.
	update_config 'del(.hooks.createContainer, .hooks.startContainer)'
	run_counter
	rm "$WORK/hooks"
	checkpoint
	equals "$(cat "$WORK/hooks")" poststop
	rm "$WORK/hooks"
	restore
	equals "$(cat "$WORK/hooks")" $'prestart\ncreateRuntime\npoststart'
	pid=$(state_field .pid)
	for kind in prestart createRuntime poststart; do
		equals "$(jq -r .pid "$WORK/hook-$kind")" "$pid"
		equals "$(jq -r .id "$WORK/hook-$kind")" "$ID"
	done
}

@test "a hook that fails at restore: nothing is left" {
	requires_criu
	run_counter
	checkpoint
	hook createRuntime "exit 3"
	fails 1 createRuntime bulkhead restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$ID"
	assert_nothing_left
	counts_no_more
}

@test "a restore that is killed in the middle: delete --force leaves nothing" {
	requires_criu
	run_counter
	checkpoint
	hook createRuntime "exec sleep 30"
	"$BULKHEAD" --root "$STATE" restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$ID" \
		</dev/null >"$WORK/killed" 2>&1 3>&- &
	killed=$!
	helper_process "$killed"
	wait_for test -e "$WORK/hook-createRuntime"
	kill -KILL "$killed"
	wait "$killed" || true
	succeeds bulkhead delete --force "$ID"
	wait_for no_leftovers
	counts_no_more
}

no_leftovers()
{
	[ -z "$(leftovers)" ]
}

@test "damaged images: one error with the log, and nothing is left" {
	requires_criu
	run_counter
	checkpoint
	rm "$IMAGES"/core-*.img
	fails 1 "$IMAGES/restore.log" bulkhead restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" "$ID"
	equals "$(wc -l <"$WORK/stderr")" 1
	assert_nothing_left
}

@test "org.criu.config names a file of CRIU's options" {
	requires_criu
	printf 'log-file wanted.log\nverbosity 4\n' >"$WORK/criu.conf"
	update_config '.annotations["org.criu.config"] = $path' --arg path "$WORK/criu.conf"
	run_counter
	checkpoint
	[ -s "$IMAGES/wanted.log" ]
	restore
	counts_on
}
