#!/usr/bin/env bats
# Bad input: one clear error that names the field or path, exit code 1, and nothing left.

load helpers

# One error: a single line on stderr at default verbosity, no crash.
one_error()
{
	[ "$(echo "$error" | wc -l)" = 1 ] || fail_test "more than one line of error"
	[ "${#error}" -lt 2000 ] || fail_test "an endless error"
}

bad_config()
{
	refused "$1"
	one_error
}

@test "config.json missing" {
	rm "$CONFIG"
	bad_config config.json
	[[ ${error,,} == *"no such file"* || $error == *"not found"* ]] || fail_test "why"
}

@test "config.json not readable as what it is: a directory, a fifo, a socket, a device" {
	rm "$CONFIG"
	mkdir "$CONFIG"
	bad_config config.json
	rmdir "$CONFIG"
	mkfifo "$CONFIG"
	bad_config config.json
	rm "$CONFIG"
	ln -s /dev/zero "$CONFIG"
	bad_config config.json
}

@test "config.json empty" {
	: >"$CONFIG"
	bad_config config.json
}

@test "config.json truncated at several places" {
	cp "$CONFIG" "$WORK/whole"
	size=$(stat -c %s "$CONFIG")
	for at in 1 2 10 $((size / 3)) $((size / 2)) $((size - 3)); do
		head -c "$at" "$WORK/whole" >"$CONFIG"
		bad_config config.json
	done
}

@test "config.json with trailing garbage, a byte order mark, a comment" {
	cp "$CONFIG" "$WORK/whole"
	{ cat "$WORK/whole"; echo x; } >"$CONFIG"
	bad_config config.json
	{ cat "$WORK/whole" "$WORK/whole"; } >"$CONFIG"
	bad_config config.json
	{ printf '\357\273\277'; cat "$WORK/whole"; } >"$CONFIG"
	bad_config config.json
	{ echo "// comment"; cat "$WORK/whole"; } >"$CONFIG"
	bad_config config.json
}

@test "config.json not UTF-8" {
	update_config '.hostname = "BAD"'
	for bytes in '\377' '\300\257' '\355\240\200' '\342\202' '\364\220\200\200'; do
		cp "$CONFIG" "$WORK/good"
		LC_ALL=C sed "s/BAD/x$(printf '%b' "$bytes")x/" "$WORK/good" >"$CONFIG"
		bad_config ""
		cp "$WORK/good" "$CONFIG"
	done
}

@test "a NUL in a string" {
	sed -i 's/"hostname": "test"/"hostname": "te\\u0000st"/' "$CONFIG"
	grep -q u0000 "$CONFIG"
	bad_config hostname
}

@test "config.json that is no object" {
	for text in null '[]' '"x"' 5 true; do
		echo "$text" >"$CONFIG"
		bad_config ""
	done
}

@test "enormous: 60 MB are refused in little time and memory" {
	{ printf '{"x": "'; head -c 60000000 /dev/zero | tr '\0' a; printf '"}'; } >"$CONFIG"
	before=$(date +%s%N)
	bad_config config.json
	[ $((($(date +%s%N) - before) / 1000000)) -lt 3000 ]
}

@test "deeply nested" {
	for depth in 5000 200000; do
		{
			printf '{"x": '
			head -c "$depth" /dev/zero | tr '\0' '['
			head -c "$depth" /dev/zero | tr '\0' ']'
			printf '}'
		} >"$CONFIG"
		bad_config config.json
	done
}

@test "duplicate keys at the top, in process, in an unknown object" {
	cp "$CONFIG" "$WORK/good"
	sed 's/"hostname": "test"/"hostname": "test", "hostname": "other"/' "$WORK/good" >"$CONFIG"
	bad_config hostname
	sed 's/"cwd": "\/"/"cwd": "\/", "cwd": "\/tmp"/' "$WORK/good" >"$CONFIG"
	bad_config cwd
	sed 's/"hostname": "test"/"hostname": "test", "hostn\\u0061me": "other"/' "$WORK/good" >"$CONFIG"
	bad_config hostname
	sed 's/"hostname": "test"/"hostname": "test", "unknown": {"a": 1, "a": 2}/' "$WORK/good" >"$CONFIG"
	bad_config a
}

@test "wrong types name the field" {
	while read -r filter field; do
		cp "$CONFIG" "$WORK/good"
		update_config "$filter"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		cp "$WORK/good" "$CONFIG"
		[ "$status" = 1 ] || fail_test "$filter was accepted"
		contains "$error" "$field"
		one_error
		assert_nothing_left
	done <<-'END'
		.hostname=5 hostname
		.root="x" root
		.root.path=1 root.path
		.root.readonly="yes" root.readonly
		.process=[] process
		.process.terminal=1 process.terminal
		.process.args="x" process.args
		.process.args=[1] process.args[0]
		.process.env={} process.env
		.process.cwd=[] process.cwd
		.process.user="root" process.user
		.process.user.uid="0" process.user.uid
		.process.user.additionalGids=5 process.user.additionalGids
		.process.capabilities=[] process.capabilities
		.process.capabilities.bounding="CAP_KILL" process.capabilities.bounding
		.process.rlimits={} process.rlimits
		.process.noNewPrivileges="true" process.noNewPrivileges
		.process.oomScoreAdj="5" process.oomScoreAdj
		.mounts={} mounts
		.mounts[0]="x" mounts[0]
		.mounts[1].options="ro" mounts[1].options
		.mounts[1].destination=7 mounts[1].destination
		.hooks=[] hooks
		.hooks={"createRuntime":{}} hooks.createRuntime
		.annotations=[] annotations
		.annotations={"a":1} annotations
		.linux=[] linux
		.linux.namespaces={} linux.namespaces
		.linux.namespaces[0].type=1 linux.namespaces[0].type
		.linux.cgroupsPath=[] linux.cgroupsPath
		.linux.resources=[] linux.resources
		.linux.resources.memory=5 linux.resources.memory
		.linux.resources.memory={"limit":"1m"} linux.resources.memory.limit
		.linux.resources.pids={"limit":1.5} linux.resources.pids.limit
		.linux.resources.devices=[{"allow":"yes"}] linux.resources.devices[0].allow
		.linux.devices={} linux.devices
		.linux.seccomp=[] linux.seccomp
		.linux.sysctl={"net.ipv4.ip_forward":1} linux.sysctl
		.linux.maskedPaths="x" linux.maskedPaths
		.linux.readonlyPaths=[1] linux.readonlyPaths[0]
	END
}

@test "numbers out of range name the field" {
	while read -r filter field; do
		cp "$CONFIG" "$WORK/good"
		update_config "$filter"
		big_number HUGE 18446744073709551616
		try bulkhead run --bundle "$BUNDLE" "$ID"
		cp "$WORK/good" "$CONFIG"
		[ "$status" = 1 ] || fail_test "$filter was accepted"
		contains "$error" "$field"
		one_error
		assert_nothing_left
	done <<-'END'
		.process.user.uid=-1 process.user.uid
		.process.user.uid=4294967296 process.user.uid
		.process.user.gid="HUGE" process.user.gid
		.process.user.umask=-1 process.user.umask
		.process.rlimits=[{"type":"RLIMIT_NOFILE","soft":-1,"hard":5}] process.rlimits[0].soft
		.process.rlimits=[{"type":"RLIMIT_NOFILE","soft":1,"hard":"HUGE"}] process.rlimits[0].hard
		.process.oomScoreAdj=9999999999999 process.oomScoreAdj
		.linux.resources.cpu={"shares":-1} linux.resources.cpu.shares
		.linux.resources.cpu={"period":"HUGE"} linux.resources.cpu.period
		.linux.resources.memory={"limit":"HUGE"} linux.resources.memory.limit
		.linux.resources.blockIO={"weight":65536} linux.resources.blockIO.weight
		.linux.uidMappings=[{"containerID":-1,"hostID":0,"size":1}] linux.uidMappings[0].containerID
		.process.user.uid=1.5 process.user.uid
	END
	sed -i 's/"uid": 0/"uid": 1e2/' "$CONFIG"
	try bulkhead run --bundle "$BUNDLE" "$ID"
	[ "$status" -lt 2 ]
}

@test "null is absent for what is optional" {
	update_config '.hooks = null | .annotations = null | .linux.devices = null | .process.rlimits = null
		| .linux.seccomp = null | .linux.resources.memory = null | .process.terminal = null'
	in_container /bin/true
}

@test "unknown members and annotations are no errors" {
	update_config '.nosuch = {a: [1, null, {b: true}]} | .process.nosuch = 1 | .linux.nosuch = "x"
		| .mounts[0].nosuch = [] | .annotations = {"no.such.key": "x"} | .windows = {x: 1}'
	in_container /bin/true
}

@test "ociVersion: absent, no version, another major" {
	update_config 'del(.ociVersion)'
	bad_config ociVersion
	for bad in invalid "" 1 1.0 v1.0.0 2.0.0 1.0.0.0 01.0.0 -1.0.0; do
		update_config '.ociVersion = $v' --arg v "$bad"
		bad_config ociVersion
	done
	update_config '.ociVersion = 1'
	bad_config ociVersion
	for good in 1.0.0 1.0.2 1.0.2-dev 1.1.0 1.2.1 1.3.0; do
		update_config '.ociVersion = $v' --arg v "$good"
		in_container /bin/true
	done
}

@test "annotations: an empty key" {
	update_config '.annotations = {"": "x"}'
	bad_config annotations
}

@test "root: absent, without path, missing directory, a file, a link" {
	cp "$CONFIG" "$WORK/good"
	update_config 'del(.root)'
	bad_config root
	cp "$WORK/good" "$CONFIG"
	update_config 'del(.root.path)'
	bad_config root.path
	update_config '.root.path = ""'
	bad_config root.path
	update_config '.root.path = "nowhere"'
	bad_config nowhere
	touch "$BUNDLE/file"
	update_config '.root.path = "file"'
	bad_config file
}

@test "the bundle: missing, a file, not readable" {
	for path in "$WORK/no-bundle" "$CONFIG"; do
		fails 1 "$path" bulkhead run --bundle "$path" "$ID"
		one_error
		assert_nothing_left
	done
	mkdir "$WORK/empty"
	fails 1 config.json bulkhead run --bundle "$WORK/empty" "$ID"
	assert_nothing_left
}

@test "ids: nothing, dots, slashes, 5,000 characters, control characters, for every command" {
	mkdir -p "$WORK/victim/keep"
	long=$(printf 'x%.0s' {1..5000})
	for bad in "" . .. a/b ../victim "$WORK/victim" /etc "a b" $'a\nb' $'a\tb' 'a*' 'a,b' ä "$long"; do
		for command in create run; do
			try bulkhead $command --bundle "$BUNDLE" "$bad"
			[ "$status" = 1 ] || fail_test "$command accepted '${bad:0:20}'"
			[ -z "$bad" ] || contains "$error" "invalid container ID format"
			[ "${#error}" -lt 1500 ]
		done
		for command in start state kill delete "delete --force" pause resume ps "update --pids-limit 5" "events --stats"; do
			# shellcheck disable=SC2086
			try bulkhead $command "$bad"
			[ "$status" != 0 ] || fail_test "$command accepted '${bad:0:20}'"
		done
		try bulkhead exec "$bad" /bin/true
		[ "$status" != 0 ]
	done
	[ -d "$WORK/victim/keep" ]
	assert_nothing_left
}

@test "ids: what is allowed, up to 255 characters" {
	set_args /bin/true
	for good in a 0 a.b a-b a_b A+b ..a a..; do
		case $good in
		.*) continue ;;
		esac
		update_config '.linux.cgroupsPath = $p' --arg p "/$ID"
		succeeds bulkhead run --bundle "$BUNDLE" "$good"
	done
	assert_nothing_left
	fails 1 "invalid container ID format" bulkhead run --bundle "$BUNDLE" "$(printf 'x%.0s' {1..256})"
}

@test "long values are refused or applied exactly, never cut" {
	update_config '.linux.namespaces += [{type: "cgroup", path: ("/" + "x" * 70000)}]'
	bad_config "namespaces"
	update_config 'del(.linux.namespaces[-1]) | .mounts += [{destination: "/mnt", type: "tmpfs", source: "t",
		options: ["mode=" + "7" * 70000]}]'
	bad_config "/mnt"
	update_config 'del(.mounts[-1]) | .process.env += ["BIG=" + "x" * 100000]'
	in_container /bin/sh -c 'echo ${#BIG}'
	equals "$output" 100000
	update_config '.process.cwd = "/" + ("d/" * 5000)'
	bad_config ""
}

@test "a state directory that is read-only" {
	mkdir "$STATE"
	mount -t tmpfs tmpfs "$STATE"
	mount -o remount,ro "$STATE"
	try bulkhead create --bundle "$BUNDLE" "$ID"
	umount "$STATE"
	[ "$status" = 1 ]
	contains "$error" "$STATE"
	[[ ${error,,} == *"read-only"* ]] || fail_test "why"
	one_error
	assert_nothing_left
}

@test "a state directory that is full" {
	mkdir "$STATE"
	mount -t tmpfs -o size=4k,nr_inodes=100 tmpfs "$STATE"
	head -c 4096 /dev/zero >"$STATE/filler" 2>/dev/null || true
	try bulkhead create --bundle "$BUNDLE" "$ID"
	left=$(ls "$STATE")
	umount "$STATE"
	[ "$status" = 1 ]
	[[ ${error,,} == *"no space"* ]] || fail_test "why"
	one_error
	equals "$left" filler
	assert_nothing_left
}

@test "a state directory without inodes" {
	mkdir "$STATE"
	mount -t tmpfs -o nr_inodes=2 tmpfs "$STATE"
	try bulkhead create --bundle "$BUNDLE" "$ID"
	left=$(ls "$STATE")
	umount "$STATE"
	[ "$status" = 1 ]
	[[ ${error,,} == *"no space"* ]] || fail_test "why"
	equals "$left" ""
	assert_nothing_left
}

@test "a state directory that is a file, and one below a file" {
	touch "$WORK/file"
	fails 1 "$WORK/file" "$BULKHEAD" --root "$WORK/file" create --bundle "$BUNDLE" "$ID"
	fails 1 "$WORK/file" "$BULKHEAD" --root "$WORK/file/sub" create --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "--root / is refused" {
	fails 1 "" "$BULKHEAD" --root / create --bundle "$BUNDLE" "$ID"
	[ ! -e "/$ID" ]
}

@test "a container directory that is a link to elsewhere is not followed" {
	mkdir -p "$STATE" "$WORK/victim"
	echo keep >"$WORK/victim/keep"
	ln -s "$WORK/victim" "$STATE/$ID"
	try bulkhead create --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	try bulkhead delete --force "$ID"
	equals "$(cat "$WORK/victim/keep")" keep
	rm -f "$STATE/$ID"
}

@test "pid file: in a missing directory, in a read-only one" {
	fails 1 "$WORK/nodir/pid" bulkhead create --bundle "$BUNDLE" --pid-file "$WORK/nodir/pid" "$ID"
	one_error
	assert_nothing_left
}

@test "descriptors: a low limit is an error, not a hang" {
	set_args /bin/true
	code=0
	(ulimit -n 8; timeout 20 "$BULKHEAD" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/o" 2>&1 3>&-) || code=$?
	[ "$code" != 124 ]
	bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "processes: no fork is an error that leaves nothing" {
	requires_controller pids
	mkdir -p "/sys/fs/cgroup/pids/$ID-outer"
	IDS+=("$ID-outer")
	code=0
	(
		echo "$BASHPID" >"/sys/fs/cgroup/pids/$ID-outer/cgroup.procs"
		echo 2 >"/sys/fs/cgroup/pids/$ID-outer/pids.max"
		exec timeout 20 "$BULKHEAD" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/o" 2>&1 3>&-
	) || code=$?
	echo max >"/sys/fs/cgroup/pids/$ID-outer/pids.max"
	rmdir "/sys/fs/cgroup/pids/$ID-outer"
	[ "$code" != 0 ] && [ "$code" != 124 ]
	equals "$(find /sys/fs/cgroup -type d -name "$ID")" ""
	[ ! -e "$STATE/$ID" ]
}

@test "vm: no kernel, relative paths, an unknown image format" {
	for bad in '{}' '{kernel: {}}' '{kernel: {path: "vmlinuz"}}' '{kernel: {path: "/k", initrd: "i"}}' \
		'{kernel: {path: "/k"}, image: {path: "/i", format: "nosuch"}}' \
		'{kernel: {path: "/k"}, hypervisor: {path: "qemu"}}'; do
		update_config ".vm = $bad"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "$bad was accepted"
		contains "$error" vm
		assert_nothing_left
	done
}

@test "intelRdt where there is no resctrl, and bad schemas" {
	[ ! -d /sys/fs/resctrl/info ] || skip "resctrl is mounted"
	update_config '.linux.intelRdt = {closID: "x", l3CacheSchema: "L3:0=f"}'
	bad_config intelRdt
	for bad in '{memBwSchema: "XX:0=1"}' '{memBwSchema: "MB:0=1\n"}' '{closID: "../x"}' '{closID: "."}'; do
		update_config ".linux.intelRdt = $bad"
		bad_config intelRdt
	done
}

@test "twenty thousand variables are read in little time" {
	update_config '.process.env += [range(20000) | "V\(.)=x"] | .process.args = ["/bin/true"]'
	before=$(date +%s%N)
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	[ $((($(date +%s%N) - before) / 1000000)) -lt 2000 ]
}
