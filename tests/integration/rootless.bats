#!/usr/bin/env bats
# As an ordinary user, with a user namespace.

load helpers

# An account of the test's own, so that neither the host's users nor a login are needed.
USER_ID=54321

setup()
{
	requires_root
	requires_tool setpriv
	[ "$(cat /proc/sys/user/max_user_namespaces)" -gt 0 ] || skip "no user namespaces"
	setup_container
	update_config '.linux.namespaces += [{type: "user"}] | .linux.namespaces |= map(select(.type != "network"))
		| .linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| del(.linux.resources, .linux.cgroupsPath)
		| .mounts |= map(if .destination == "/sys" then {destination: "/sys", type: "none", source: "/sys",
			options: ["rbind", "nosuid", "noexec", "nodev", "ro"]}
			else .options |= (if . then map(select(startswith("gid=") | not)) else . end) end)' --argjson u $USER_ID
	chown -R $USER_ID:$USER_ID "$WORK"
	GLOBALS=()
	# Deleting as root would hide what the user could not clean up.
	mkdir -p "$WORK/run"
	chown $USER_ID:$USER_ID "$WORK/run"
	chmod 700 "$WORK/run"
}

# The runtime as that user.
bulkhead()
{
	timeout --foreground -k 5 30 setpriv --reuid $USER_ID --regid $USER_ID --clear-groups --inh-caps=-all -- \
		env XDG_RUNTIME_DIR="$WORK/run" HOME="$WORK" "$BULKHEAD" ${ISOLATION:+--isolation=$ISOLATION} \
		--root "$STATE" "${GLOBALS[@]}" "$@" 3>&-
}

@test "run as an ordinary user: root inside" {
	in_container /bin/probe ids
	contains "$output" "uid=0 euid=0"
	assert_nothing_left
}

@test "files made inside belong to the user" {
	in_container /bin/touch /tmp/made
	equals "$(stat -c %u "$ROOTFS/tmp/made")" $USER_ID
}

@test "devices work" {
	in_container /bin/sh -c 'echo x > /dev/null && head -c 3 /dev/zero | wc -c && head -c 3 /dev/urandom | wc -c'
	equals "$output" $'3\n3'
}

@test "create, start, exec, kill, delete" {
	set_args /bin/sleep 1000
	create
	start
	status_is running
	exec_in /bin/probe ids
	contains "$output" "uid=0 euid=0"
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "delete --force of a running one" {
	run_sleeper
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "list has the owner" {
	run_sleeper
	contains "$(bulkhead list)" "$USER_ID"
}

@test "a terminal" {
	update_config '.process.terminal = true'
	"$CACHE/console" console "$WORK/c.sock" >"$WORK/terminal" 2>/dev/null 3>&- &
	helper_process $!
	wait_for test -S "$WORK/c.sock"
	set_args /bin/sh -c 'tty; echo done'
	create --console-socket "$WORK/c.sock"
	start
	wait_for file_has "$WORK/terminal" done
}

@test "the default state directory is below XDG_RUNTIME_DIR, private and sticky" {
	set_args /bin/sleep 1000
	root=$STATE
	STATE=$WORK/run/bulkhead
	timeout 20 setpriv --reuid $USER_ID --regid $USER_ID --clear-groups -- env XDG_RUNTIME_DIR="$WORK/run" \
		"$BULKHEAD" run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/o" 2>&1 3>&-
	[ -d "$WORK/run/bulkhead/$ID" ]
	equals "$(stat -c %a "$WORK/run/bulkhead")" 1700
	status_is running
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
	STATE=$root
}

@test "limits that cannot be set are an error" {
	update_config '.linux.resources.memory = {limit: 67108864}'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ] || skip "this user may make cgroups"
	equals "$status" 1
	[[ ${error,,} == *cgroup* || ${error,,} == *memory* || ${error,,} == *"permission denied"* ]] || fail_test why
	assert_nothing_left
}

@test "without mappings it is refused" {
	update_config 'del(.linux.uidMappings, .linux.gidMappings)'
	fails 1 "" bulkhead run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "a mapping that this user may not have is refused" {
	update_config '.linux.uidMappings[0].hostID = 0'
	fails 1 "" bulkhead run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "setgroups is denied for a mapping of the user alone" {
	in_container /bin/cat /proc/self/setgroups
	equals "$output" deny
}

@test "subordinate ids by newuidmap and newgidmap" {
	requires_tool newuidmap
	grep -q "^$USER_ID:" /etc/subuid 2>/dev/null && skip "subordinate ids of that user exist"
	update_config '.linux.uidMappings += [{containerID: 1, hostID: 700000, size: 1000}]
		| .linux.gidMappings += [{containerID: 1, hostID: 700000, size: 1000}]'
	cp -a /etc/subuid "$WORK/subuid" 2>/dev/null || : >"$WORK/subuid"
	cp -a /etc/subgid "$WORK/subgid" 2>/dev/null || : >"$WORK/subgid"
	cp -a /etc/passwd "$WORK/passwd"
	echo "$USER_ID:700000:1000" >>/etc/subuid
	echo "$USER_ID:700000:1000" >>/etc/subgid
	echo "bhtest:x:$USER_ID:$USER_ID::/:/bin/sh" >>/etc/passwd
	set_args /bin/probe maps
	try bulkhead run --bundle "$BUNDLE" "$ID"
	cp -a "$WORK/subuid" /etc/subuid
	cp -a "$WORK/subgid" /etc/subgid
	cp -a "$WORK/passwd" /etc/passwd
	[ "$status" = 0 ] || fail_test newuidmap
	contains "$(echo "$output" | tr -s ' ')" "1 700000 1000"
}

@test "a state directory that belongs to someone else is an error" {
	mkdir -m 700 "$WORK/foreign"
	chown 0:0 "$WORK/foreign"
	STATE=$WORK/foreign
	fails 1 "$WORK/foreign" bulkhead create --bundle "$BUNDLE" "$ID"
	[[ ${error,,} == *"permission denied"* ]] || fail_test why
	STATE=$WORK/state
	assert_nothing_left
}

@test "a rootfs that the user cannot enter is an error that names it" {
	chown 0:0 "$ROOTFS"
	chmod 700 "$ROOTFS"
	fails 1 "" bulkhead run --bundle "$BUNDLE" "$ID"
	[[ ${error,,} == *"permission denied"* ]] || fail_test why
	assert_nothing_left
}

@test "the spec command's rootless configuration runs" {
	mkdir "$WORK/b"
	chown $USER_ID:$USER_ID "$WORK/b"
	mv "$ROOTFS" "$WORK/b/rootfs"
	BUNDLE=$WORK/b
	ROOTFS=$WORK/b/rootfs
	CONFIG=$WORK/b/config.json
	succeeds bulkhead spec --rootless --bundle "$WORK/b"
	update_config '.process.terminal = false | .process.args = ["/bin/probe", "ids"]'
	chmod 644 "$CONFIG"
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	contains "$output" "uid=0"
}
