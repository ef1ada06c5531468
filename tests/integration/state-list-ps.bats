#!/usr/bin/env bats
# The commands that look: state, list, ps.

load helpers

@test "state prints every member the specification asks for" {
	update_config '.annotations = {"org.example.key": "value", "empty": ""}'
	run_sleeper
	succeeds bulkhead state "$ID"
	echo "$output" >"$WORK/state.json"
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" --arg rootfs "$ROOTFS" '
		(.ociVersion | test("^1\\.[0-9]+\\.[0-9]+")) and .id == $id and .status == "running"
		and .pid > 1 and .bundle == $bundle and .rootfs == $rootfs
		and .annotations == {"org.example.key": "value", "empty": ""}' "$WORK/state.json"
	equals "$error" ""
}

@test "state tells when the container was created, as RFC 3339 in UTC with a fraction" {
	before=$(date +%s)
	run_sleeper
	after=$(date +%s)
	created=$(state_field .created)
	[[ $created =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]+Z$ ]] || fail_test "created: $created"
	created=$(date -d "$created" +%s)
	[ "$created" -ge "$before" ] && [ "$created" -le "$after" ]
}

@test "the pid in the state is the container's init" {
	run_sleeper
	line=$(tr '\0' ' ' <"/proc/$(state_field .pid)/cmdline")
	equals "${line#"bulkhead-monitor: $ID "}" "/bin/sleep 1000 "
}

@test "state of an unknown container" {
	fails 1 "does not exist" bulkhead state "$ID"
	equals "$output" ""
}

@test "state without an id, and with two" {
	try bulkhead state
	[ "$status" != 0 ]
	try bulkhead state a b
	[ "$status" != 0 ]
}

@test "state is paused when frozen" {
	requires_controller freezer
	run_sleeper
	succeeds bulkhead pause "$ID"
	status_is paused
	succeeds bulkhead resume "$ID"
	status_is running
}

@test "list of no container: an empty table, an empty array" {
	run_sleeper
	succeeds bulkhead delete --force "$ID"
	succeeds bulkhead list
	equals "$(echo "$output" | wc -l)" 1
	contains "$output" "ID"
	succeeds bulkhead list --format json
	case $output in
	"[]" | null) ;;
	*) fail_test "neither [] nor null" ;;
	esac
	succeeds bulkhead list --quiet
	equals "$output" ""
}

@test "list prints a table with runc's columns" {
	run_sleeper
	succeeds bulkhead list
	equals "$(echo "$output" | head -n 1 | tr -s ' ')" "ID PID STATUS BUNDLE CREATED OWNER"
	line=$(echo "$output" | sed -n 2p)
	contains "$line" "$ID"
	contains "$line" " running "
	contains "$line" "$BUNDLE"
	contains "$line" root
}

@test "list --format json has what containerd reads" {
	run_sleeper
	succeeds bulkhead list --format json
	echo "$output" | jq -e --arg id "$ID" --arg bundle "$BUNDLE" 'length == 1 and (.[0] |
		.id == $id and .pid > 0 and .status == "running" and .bundle == $bundle and (.rootfs | length > 0)
		and (.created | length > 0) and .owner == "root" and (.ociVersion | length > 0))'
	equals "$(echo "$output" | wc -l)" 1
}

@test "list is sorted, and -q prints ids only" {
	run_sleeper
	update_config '.linux.cgroupsPath += "-b"'
	new_id
	succeeds bulkhead create --bundle "$BUNDLE" "$NEW"
	succeeds bulkhead list -q
	equals "$output" "$ID"$'\n'"$NEW"
	succeeds bulkhead list --quiet -f json
}

@test "list -f with an unknown format fails" {
	run_sleeper
	try bulkhead list -f xml
	[ "$status" = 1 ]
	[ -n "$error" ]
}

@test "list shows stopped containers with pid 0" {
	create
	start
	wait_status stopped
	equals "$(bulkhead list -f json | jq -r '.[0] | "\(.status) \(.pid)"')" "stopped 0"
}

@test "list goes on past a broken entry" {
	run_sleeper
	mkdir "$STATE/aaa-broken"
	try bulkhead list -q
	contains "$output" "$ID"
	succeeds bulkhead delete --force aaa-broken
	[ ! -e "$STATE/aaa-broken" ]
}

@test "list goes on past damaged state files of nine kinds, and delete --force still cleans up" {
	run_sleeper
	file=$(find "$STATE/$ID" -maxdepth 1 -type f '(' -name 'state*' -o -name status ')' | head -n 1)
	[ -n "$file" ]
	cp "$file" "$WORK/good"
	pid=$(state_field .pid)
	for kind in empty truncated null garbage object array huge missing directory; do
		rm -rf "$file"
		case $kind in
		empty) : >"$file" ;;
		truncated) head -c 100 "$WORK/good" >"$file" ;;
		null) echo null >"$file" ;;
		garbage) head -c 300 /dev/urandom >"$file" ;;
		object) echo '{}' >"$file" ;;
		array) echo '[]' >"$file" ;;
		huge) sed "s/\([^0-9]\)$pid\([^0-9]\)/\199999999999999999999\2/g" "$WORK/good" >"$file" ;;
		missing) ;;
		directory) mkdir "$file" ;;
		esac
		try bulkhead list
		[ "$status" -lt 2 ] || fail_test "list with a state file that is $kind"
		succeeds bulkhead delete --force "$ID"
		assert_nothing_left
		run_sleeper
		file=$(find "$STATE/$ID" -maxdepth 1 -name "$(basename "$file")")
		pid=$(state_field .pid)
	done
}

@test "list with an explicit root that does not exist fails" {
	fails 1 "" "$BULKHEAD" "${LEVEL[@]}" --root "$WORK/nowhere" list
}

@test "ps --format json has the host's pids of all processes" {
	differs_at vm "the container's processes have no pid on the host"
	set_args /bin/probe fork 2
	run_detached
	wait_for file_has "$WORK/stdout" forked
	succeeds bulkhead ps --format json "$ID"
	echo "$output" >"$WORK/pids"
	equals "$(jq length "$WORK/pids")" 3
	jq -e --argjson pid "$(state_field .pid)" 'index($pid) != null' "$WORK/pids"
	for pid in $(jq '.[]' "$WORK/pids"); do
		[ -d "/proc/$pid" ]
	done
}

@test "ps prints ps's lines of the container's processes only" {
	run_sleeper
	succeeds bulkhead ps "$ID"
	contains "$(echo "$output" | head -n 1)" PID
	equals "$(echo "$output" | wc -l)" 2
	contains "$output" "/bin/sleep 1000"
}

@test "ps passes arguments on to ps" {
	run_sleeper
	succeeds bulkhead ps "$ID" -o pid,comm
	equals "$(echo "$output" | head -n 1 | tr -s ' ' | sed 's/^ //')" "PID COMMAND"
	contains "$output" sleep
	succeeds bulkhead ps --format table "$ID" -e
	contains "$output" sleep
}

@test "ps without a PID column fails" {
	run_sleeper
	fails 1 "" bulkhead ps "$ID" -o comm
}

@test "ps of a stopped container" {
	create
	start
	wait_status stopped
	succeeds bulkhead ps --format json "$ID"
	lacks "$output" "[1-9]"
}

@test "ps of an unknown container fails" {
	fails 1 "does not exist" bulkhead ps "$ID"
}

@test "ps -f json is the same, and an unknown format fails" {
	run_sleeper
	succeeds bulkhead ps -f json "$ID"
	equals "$(echo "$output" | jq length)" 1
	try bulkhead ps -f xml "$ID"
	[ "$status" != 0 ]
}

@test "the state directory of another root is another world" {
	run_sleeper
	fails 1 "does not exist" "$BULKHEAD" "${LEVEL[@]}" --root "$WORK/other" state "$ID"
}
