#!/usr/bin/env bats
# Every input that must be refused: one clear error that names the field or path, the exit code that
# callers expect, and nothing left behind: no state, cgroup, mount or process. Time and memory stay
# bounded, whatever comes in.

load helpers

# What the last command said is one line that contains all of the texts.
one_error()
{
	local text
	[ "$(wc -l <"$WORK/stderr")" = 1 ] || fail_test "should be one line"
	[ "${#error}" -le 2100 ] || fail_test "an error of ${#error} bytes"
	for text in "$@"; do
		[[ $error == *"$text"* ]] || fail_test "the error should name '$text'"
	done
	[[ $error != *[$'\001'-$'\037']* ]] || fail_test "the error has control characters"
}

# bad TEXT...: run, create and create with a pid file are refused, for that reason.
bad()
{
	local command
	for command in run "run --detach" create; do
		# shellcheck disable=SC2086
		try bulkhead $command --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
		[ "$status" = 1 ] || fail_test "$command should fail with 1"
		one_error "$@"
		[ -z "$output" ] || fail_test "nothing belongs on standard output"
		[ ! -e "$WORK/pid" ] || fail_test "a pid file was written"
		assert_nothing_left
		[ ! -e "$STATE/$ID" ]
	done
}

# config FILTER; bad...: a changed config.json, the next one from the original again.
bad_config()
{
	local filter=$1
	shift
	cp "$CONFIG" "$WORK/config.good"
	update_config "$filter"
	bad "$@"
	mv "$WORK/config.good" "$CONFIG"
}

# bad_text OLD NEW TEXT...: the same for what jq would not write.
bad_text()
{
	local old=$1 new=$2
	shift 2
	cp "$CONFIG" "$WORK/config.good"
	OLD=$old NEW=$new python3 - "$CONFIG" <<-'P'
		import os, sys
		text = open(sys.argv[1], "rb").read()
		old, new = os.environb[b"OLD"], os.environb[b"NEW"]
		new = new.decode("unicode_escape").encode("latin-1")
		assert old in text, old
		open(sys.argv[1], "wb").write(text.replace(old, new, 1))
	P
	bad "$@"
	mv "$WORK/config.good" "$CONFIG"
}

# cheap TEXT...: the same as bad, once, in at most 64 MiB; a sanitizer takes several times that.
cheap()
{
	local figures
	status=0
	timeout -k 1 $(is_vm && echo 200 || echo 60) python3 -c 'import os, resource, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write("%d" % used.ru_maxrss)
sys.exit(status)' "$WORK/cost" "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" \
		</dev/null >"$WORK/stdout" 2>"$WORK/stderr" 3>&- || status=$?
	output=$(tr -d '\0' <"$WORK/stdout")
	error=$(cat "$WORK/stderr")
	figures=$(cat "$WORK/cost") || fail_test "it did not end in time"
	# A machine is neither.
	! is_vm || return 0
	[ -z "${SANITIZED:-}" ] || figures=$((figures / 4))
	[ "$figures" -le "${LIMIT_KIB:-65536}" ] || fail_test "it took $figures KiB"
}

@test "control: the configuration that is spoilt here runs" {
	set_args /bin/echo fine
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" fine
}

# --- the file -----------------------------------------------------------------------------------

@test "config.json is missing" {
	rm "$CONFIG"
	bad config.json "no such file or directory"
}

@test "config.json is a directory" {
	rm "$CONFIG"
	mkdir "$CONFIG"
	bad config.json
}

@test "config.json is empty, or blank" {
	: >"$CONFIG"
	bad config.json
	printf ' \n\t \n' >"$CONFIG"
	bad config.json
}

@test "config.json is truncated, at many places" {
	cp "$CONFIG" "$WORK/whole"
	size=$(wc -c <"$WORK/whole")
	for ((at = 1; at < size - 2; at += size / 25)); do
		head -c "$at" "$WORK/whole" >"$CONFIG"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "truncated at $at"
		one_error config.json
	done
	assert_nothing_left
}

@test "config.json is not UTF-8" {
	bad_text '"hostname": "test"' '"hostname": "t\xe9st"' config.json UTF-8
	bad_text '"hostname": "test"' '"hostname": "t\xc0\xafst"' config.json UTF-8
	bad_text '"hostname": "test"' '"hostname": "t\xed\xa0\x80st"' config.json UTF-8
}

@test "config.json has a NUL, plain or escaped: no text may end early" {
	bad_text '/bin/true' '/bin/tr\\u0000ue' config.json NUL
	bad_text '/bin/true' '/bin/tr\x00ue' config.json
}

@test "config.json begins with a byte order mark" {
	{
		printf '\xef\xbb\xbf'
		cat "$CONFIG"
	} >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	bad config.json
}

@test "config.json has something behind its end" {
	echo '{}' >>"$CONFIG"
	bad config.json
}

@test "config.json is another kind of value" {
	for value in null '[]' '"text"' 1 true; do
		echo "$value" >"$CONFIG"
		bad config.json
	done
}

@test "config.json is no JSON: comment, single quotes, trailing comma, unquoted name" {
	for text in '{"ociVersion": "1.0.2", /* no */ "root": {}}' "{'ociVersion': '1.0.2'}" \
		'{"ociVersion": "1.0.2",}' '{ociVersion: "1.0.2"}' '{]' '{"ociVersion": "1.0.2" "root": {}}'; do
		echo "$text" >"$CONFIG"
		bad config.json line
	done
}

@test "config.json is nested 200,000 deep" {
	python3 -c 'print("{\"a\":" * 200000 + "1" + "}" * 200000)' >"$CONFIG"
	cheap
	equals "$status" 1
	one_error config.json
	python3 -c 'print("[" * 200000 + "]" * 200000)' >"$CONFIG"
	cheap
	equals "$status" 1
	one_error config.json
	assert_nothing_left
}

@test "config.json is nested deeply below a name that is not known" {
	update_config '.unknown = reduce range(200) as $i (1; [.])'
	bad config.json
}

@test "config.json is enormous: 60 megabytes" {
	update_config '.annotations = {a: "b"}'
	{
		head -c -3 "$CONFIG"
		head -c 60000000 /dev/zero | tr '\0' ' '
		echo '}'
	} >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	cheap
	equals "$status" 1
	one_error config.json
	assert_nothing_left
}

@test "config.json is 16 megabytes of the smallest values there are" {
	{
		head -c -3 "$CONFIG"
		printf ', "unknown": ['
		head -c 15900000 /dev/zero | tr '\0' '0' | sed 's/00/0,/g'
		echo '1]}'
	} >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	cheap
	equals "$status" 1
	one_error config.json "values in one document"
	assert_nothing_left
}

@test "config.json is a device without end" {
	rm "$CONFIG"
	cp -a /dev/zero "$CONFIG"
	cheap
	equals "$status" 1
	one_error config.json
	ln -sf /dev/zero "$CONFIG"
	cheap
	equals "$status" 1
	one_error config.json
	assert_nothing_left
}

@test "config.json is a pipe that nobody writes to" {
	rm "$CONFIG"
	mkfifo "$CONFIG"
	cheap
	equals "$status" 1
	one_error config.json
	assert_nothing_left
}

@test "config.json is a socket" {
	rm "$CONFIG"
	"$CACHE/console" notify "$CONFIG" 1 3>&- &
	helper_process $!
	wait_for test -S "$CONFIG"
	bad config.json
}

# --- many of something: linear time, bounded memory ---------------------------------------------

@test "100,000 variables cost no more than they should" {
	jq '.process.env += [range(100000) | "V\(.)=\(.)"] | .process.args = ["/bin/true"]' "$CONFIG" >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	LIMIT_KIB=131072 cheap
	# The kernel's own limit on arguments and environment is far above: it runs.
	equals "$status" 0
	assert_nothing_left
}

@test "20,000 rules of seccomp cost no more than they should" {
	jq '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [range(20000) |
		{names: ["kill"], action: "SCMP_ACT_ERRNO", args: [{index: 1, value: (1000 + .), op: "SCMP_CMP_EQ"}]}]}' \
		"$CONFIG" >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	LIMIT_KIB=262144 cheap
	equals "$status" 1
	one_error seccomp
	assert_nothing_left
}

@test "50,000 members of one object, the last one twice" {
	jq '.annotations = ([range(50000) | {key: "a\(.)", value: "x"}] | from_entries)' "$CONFIG" >"$CONFIG.new"
	sed -i 's/"a49999": "x"/"a49999": "x", "a0": "y"/' "$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	cheap
	equals "$status" 1
	one_error a0
	assert_nothing_left
}

# --- duplicates ---------------------------------------------------------------------------------

@test "a name given twice, at the top or deep inside" {
	bad_text '"hostname": "test"' '"hostname": "a", "hostname": "b"' hostname
	bad_text '"cwd": "/"' '"cwd": "/", "cwd": "/tmp"' cwd
	bad_text '"cwd": "/"' '"cwd": "/", "c\\u0077d": "/tmp"' cwd
	bad_text '"type": "pid"' '"type": "pid", "type": "uts"' type
}

@test "duplicate namespaces and limits" {
	bad_config '.linux.namespaces += [{type: "pid"}]' 'linux.namespaces[5]' pid
	bad_config '.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 1},
		{type: "RLIMIT_CORE", soft: 2, hard: 2}]' 'process.rlimits[1]' RLIMIT_CORE
}

# --- types and ranges ---------------------------------------------------------------------------

@test "wrong types are refused by the name of the field" {
	while read -r path filter; do
		bad_config "$filter" "$path"
	done <<-'T'
		ociVersion .ociVersion=1
		process .process=[]
		process.args .process.args="sh"
		process.args[0] .process.args=[1]
		process.env .process.env={}
		process.env[0] .process.env=[null]
		process.cwd .process.cwd=1
		process.terminal .process.terminal="true"
		process.noNewPrivileges .process.noNewPrivileges=1
		process.user .process.user="root"
		process.user.uid .process.user.uid="0"
		process.capabilities .process.capabilities=["CAP_KILL"]
		process.rlimits[0] .process.rlimits=["RLIMIT_CORE"]
		root .root="rootfs"
		root.path .root.path=1
		root.readonly .root.readonly="yes"
		hostname .hostname=1
		mounts .mounts={}
		mounts[0].options .mounts[0].options="ro"
		mounts[0].destination .mounts[0].destination=1
		annotations .annotations=[]
		annotations.a .annotations={a:1}
		linux .linux=[]
		linux.namespaces .linux.namespaces={}
		linux.namespaces[0].type .linux.namespaces[0].type=1
		linux.resources.memory .linux.resources.memory=1
		linux.resources.memory.limit .linux.resources.memory.limit="1g"
		linux.maskedPaths .linux.maskedPaths="/x"
		linux.seccomp .linux.seccomp=[]
		linux.sysctl .linux.sysctl={a:1}
		hooks .hooks=[]
		hooks.prestart .hooks.prestart={}
		process.user.additionalGids .process.user.additionalGids=5
		process.capabilities.bounding .process.capabilities.bounding="CAP_KILL"
		process.rlimits .process.rlimits={}
		process.oomScoreAdj .process.oomScoreAdj="5"
		hooks.createRuntime .hooks={createRuntime:{}}
		linux.cgroupsPath .linux.cgroupsPath=[]
		linux.resources .linux.resources=[]
		linux.resources.devices[0].allow .linux.resources.devices=[{allow:"yes"}]
		linux.devices .linux.devices={}
		linux.readonlyPaths[0] .linux.readonlyPaths=[1]
	T
}

@test "numbers out of range are refused by the name of the field" {
	while read -r path filter; do
		bad_config "$filter" "$path"
	done <<-'T'
		process.user.uid .process.user.uid=-1
		process.user.uid .process.user.uid=4294967296
		process.user.uid .process.user.uid=1.5
		process.user.gid .process.user.gid=1e30
		process.user.additionalGids[0] .process.user.additionalGids=[4294967296]
		process.user.umask .process.user.umask=-1
		process.oomScoreAdj .process.oomScoreAdj=1001
		process.oomScoreAdj .process.oomScoreAdj=-1001
		process.rlimits[0].soft .process.rlimits=[{type:"RLIMIT_CORE",soft:-1,hard:1}]
		process.rlimits[0] .process.rlimits=[{type:"RLIMIT_CORE",soft:2,hard:1}]
		process.consoleSize .process.terminal=true|.process.consoleSize={height:-1,width:1}
		linux.resources.pids.limit .linux.resources.pids.limit=1.5
		linux.resources.cpu.shares .linux.resources.cpu.shares=-1
		linux.resources.cpu.period .linux.resources.cpu.period=1e30
		linux.devices[0].major .linux.devices=[{path:"/dev/x",type:"c",major:1e30,minor:1}]
		linux.uidMappings[0].size .linux.uidMappings=[{containerID:0,hostID:0,size:4294967296}]
		hooks.prestart[0].timeout .hooks.prestart=[{path:"/bin/true",timeout:0}]
		hooks.poststop[0].timeout .hooks.poststop=[{path:"/bin/true",timeout:-1}]
	T
}

@test "numbers in forms that are no JSON are refused" {
	for number in 01 0x10 +1 .5 1. NaN Infinity -; do
		bad_text '"uid": 0' "\"uid\": $number" config.json
	done
	bad_text '"uid": 0' '"uid": 18446744073709551616' process.user.uid
	bad_text '"uid": 0' '"uid": 99999999999999999999999999999999999999' process.user.uid
}

@test "words that are not known are refused by the name of the field" {
	while read -r path word filter; do
		bad_config "$filter" "$path" "$word"
	done <<-'T'
		linux.namespaces[0].type pidd .linux.namespaces[0].type="pidd"
		linux.rootfsPropagation sharred .linux.rootfsPropagation="sharred"
		process.rlimits[0].type RLIMIT_X .process.rlimits=[{type:"RLIMIT_X",soft:1,hard:1}]
		process.scheduler.policy SCHED_X .process.scheduler={policy:"SCHED_X"}
		process.ioPriority.class IOPRIO_X .process.ioPriority={class:"IOPRIO_X",priority:1}
		linux.seccomp.defaultAction SCMP_X .linux.seccomp={defaultAction:"SCMP_X"}
		linux.seccomp.architectures[0] SCMP_ARCH_X .linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",architectures:["SCMP_ARCH_X"]}
		linux.seccomp.syscalls[0].action SCMP_Y .linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["kill"],action:"SCMP_Y"}]}
		linux.devices[0].type z .linux.devices=[{path:"/dev/x",type:"z",major:1,minor:1}]
		linux.personality.domain LINUX64 .linux.personality={domain:"LINUX64"}
	T
}

@test "fields that are missing are told by name" {
	while read -r path filter; do
		bad_config "$filter" "$path"
	done <<-'T'
		ociVersion del(.ociVersion)
		root del(.root)
		root.path del(.root.path)
		process.cwd del(.process.cwd)
		process.args del(.process.args)
		process.args .process.args=[]
		mounts[0].destination del(.mounts[0].destination)
		linux.namespaces[0].type del(.linux.namespaces[0].type)
		linux.seccomp.defaultAction .linux.seccomp={}
		hooks.prestart[0].path .hooks.prestart=[{args:["x"]}]
		linux.devices[0].major .linux.devices=[{path:"/dev/x",type:"c"}]
	T
}

@test "versions that are none, or not ours" {
	for version in '' invalid 1 1.0 2.0.0 0.9.0 1.0.0.0 v1.0.0 99999999999.0.0; do
		cp "$CONFIG" "$WORK/config.good"
		update_config '.ociVersion = $v' --arg v "$version"
		bad ociVersion
		mv "$WORK/config.good" "$CONFIG"
	done
}

@test "paths that must be absolute" {
	while read -r path filter; do
		bad_config "$filter" "$path"
	done <<-'T'
		process.cwd .process.cwd="tmp"
		process.cwd .process.cwd=""
		linux.maskedPaths[0] .linux.maskedPaths=["proc/kcore"]
		linux.readonlyPaths[1] .linux.readonlyPaths+=["proc"]
		linux.namespaces[1].path .linux.namespaces[1].path="var/run/netns"
		hooks.poststart[0].path .hooks.poststart=[{path:"true"}]
	T
}

@test "annotations without a name" {
	bad_config '.annotations = {"": "x"}' annotations
}

@test "a namespace to join that is missing, no namespace, or of another kind" {
	bad_config '.linux.namespaces[1].path = "/no/such/namespace"' 'linux.namespaces[1]' /no/such/namespace
	bad_config '.linux.namespaces[1].path = "/etc/passwd"' 'linux.namespaces[1]' /etc/passwd
	bad_config '.linux.namespaces[1].path = "/proc/self/ns/uts"' 'linux.namespaces[1]' /proc/self/ns/uts
}

@test "a mount that the kernel refuses is told with its destination" {
	bad_config '.mounts += [{destination: "/x", type: "nosuchfs", source: "none"}]' 'mounts[5]' nosuchfs
	bad_config '.mounts += [{destination: "/x", type: "tmpfs", source: "none", options: ["nosuchoption=1"]}]' \
		'mounts[5]'
	bad_config '.mounts += [{destination: "/x", type: "bind", source: "/no/such/source", options: ["bind"]}]' \
		'mounts[5]' /no/such/source
	bad_config '.mounts += [{destination: "/etc/passwd/x", type: "tmpfs", source: "none"}]' 'mounts[5]' \
		/etc/passwd/x
}

# --- bundle, root file system, program ----------------------------------------------------------

@test "the bundle is missing" {
	for command in run create; do
		fails 1 "no such file or directory" bulkhead $command --bundle "$WORK/nowhere" "$ID"
		one_error "$WORK/nowhere"
	done
	assert_nothing_left
}

@test "the bundle is a file, or nothing" {
	for bundle in "$CONFIG" ''; do
		try bulkhead run --bundle "$bundle" "$ID"
		equals "$status" 1
		one_error "$bundle"
	done
	assert_nothing_left
}

@test "the root file system is missing" {
	rm -rf "$ROOTFS"
	bad rootfs "no such file or directory"
}

@test "the root file system is a file" {
	rm -rf "$ROOTFS"
	: >"$ROOTFS"
	bad rootfs
}

@test "the root file system is empty: it has no program" {
	rm -rf "$ROOTFS"
	mkdir "$ROOTFS"
	drop='.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	update_config "$drop"
	bad "/bin/true" "no such file or directory"
}

@test "the program is missing, is not in PATH, cannot be executed" {
	bad_config '.process.args = ["/no/such"]' /no/such "no such file or directory"
	bad_config '.process.args = ["nosuch"]' nosuch "executable file not found in \$PATH"
	bad_config '.process.args = [""]' "executable file not found in \$PATH"
	bad_config '.process.args = ["/etc/passwd"]' /etc/passwd "permission denied"
	bad_config '.process.cwd = "/etc/passwd"' process.cwd
	bad_config '.process.args = ["/etc/passwd/x"]' "not a directory"
}

@test "the program's interpreter is missing: start tells it" {
	printf '#!/no/such/interpreter\n' >"$ROOTFS/bin/script"
	chmod 755 "$ROOTFS/bin/script"
	set_args /bin/script
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$status" 1
	one_error /bin/script "no such file or directory"
	assert_nothing_left
}

@test "a terminal is asked for without a console socket, and the reverse" {
	cp "$CONFIG" "$WORK/config.good"
	update_config '.process.terminal = true'
	fails 1 console bulkhead create --bundle "$BUNDLE" "$ID"
	one_error console
	fails 1 "$WORK/nosuch.sock" bulkhead create --bundle "$BUNDLE" --console-socket "$WORK/nosuch.sock" "$ID"
	one_error terminal
	mv "$WORK/config.good" "$CONFIG"
	fails 1 console bulkhead create --bundle "$BUNDLE" --console-socket "$WORK/nosuch.sock" "$ID"
	one_error console
	assert_nothing_left
}

@test "--pid-file that cannot be written" {
	for file in "$WORK/no/such/directory/pid" "$WORK" ''; do
		fails 1 "" bulkhead create --bundle "$BUNDLE" --pid-file "$file" "$ID"
		one_error "$file"
		assert_nothing_left
	done
}

@test "--preserve-fds of descriptors that are not there" {
	for count in 1 5 100000 4294967295; do
		fails 1 preserve-fds bulkhead create --bundle "$BUNDLE" --preserve-fds "$count" "$ID"
		one_error preserve-fds
	done
	assert_nothing_left
}

# --- ids ----------------------------------------------------------------------------------------

@test "ids that cannot be one are refused by every command" {
	long=$(head -c 5000 /dev/zero | tr '\0' a)
	for id in '' / . .. a/b ../a /tmp 'a b' $'a\nb' $'\xff' 'a;b' 'ä' "$long"; do
		for command in "create --bundle $BUNDLE" "run --bundle $BUNDLE" start state kill delete \
			"delete --force" pause resume ps events "exec"; do
			# shellcheck disable=SC2086
			case $command in
			exec) try bulkhead exec "$id" /bin/true ;;
			*) try bulkhead $command "$id" ;;
			esac
			[ "$status" = 1 ] || [ "$status" = 255 ] || fail_test "$command '$id'"
			[[ $error == *"invalid container ID format"* ]] || fail_test "$command '$id'"
			[ "${#error}" -lt 500 ] || fail_test "an error of ${#error} bytes"
		done
	done
	assert_nothing_left
	[ ! -d "$STATE" ] || equals "$(find "$STATE" -mindepth 1)" ""
}

@test "the longest id works, one more does not" {
	local name
	name=$ID$(head -c 255 /dev/zero | tr '\0' a)
	IDS+=("${name:0:255}")
	succeeds bulkhead create --bundle "$BUNDLE" "${name:0:255}"
	succeeds bulkhead delete --force "${name:0:255}"
	fails 1 "invalid container ID format" bulkhead create --bundle "$BUNDLE" "${name:0:256}"
}

@test "all characters that an id may have" {
	name=aZ09_+.-$ID
	IDS+=("$name")
	succeeds bulkhead create --bundle "$BUNDLE" "$name"
	succeeds bulkhead delete --force "$name"
}

# --- the state directory ------------------------------------------------------------------------

# A small file system at $WORK/small; unmounted by the harness' scrubbing, and by the test itself.
small_state()
{
	mkdir "$WORK/small"
	mount -t tmpfs -o "$1" tmpfs "$WORK/small"
	STATE=$WORK/small/state
	mkdir -m 700 "$STATE"
}

small_done()
{
	umount "$WORK/small"
	STATE=$WORK/state
}

# The harness counts every mount below the test's directory; here one is the test's own.
left_but_mount()
{
	local left
	left=$(leftovers | grep -v "^mount .*$WORK/small ") || true
	[ -z "$left" ] || fail_test "left behind:" "$left"
}

@test "the state directory is read-only" {
	small_state size=1m
	mount -o remount,ro "$WORK/small"
	for command in run create; do
		try bulkhead $command --bundle "$BUNDLE" "$ID"
		equals "$status" 1
		one_error "ead-only file system" "$WORK/small"
		left_but_mount
	done
	small_done
}

@test "the state directory is full" {
	small_state size=64k
	head -c 1000000 /dev/zero >"$WORK/small/filler" 2>/dev/null || true
	for command in run create; do
		try bulkhead $command --bundle "$BUNDLE" "$ID"
		equals "$status" 1
		one_error "o space left on device" "$WORK/small"
		left_but_mount
	done
	small_done
}

@test "the state directory is nearly full: no amount of space leaves a half" {
	small_state size=256k
	for blocks in 63 62 61 60 59 58 57 56; do
		rm -f "$WORK/small/filler"
		head -c $((blocks * 4096)) /dev/zero >"$WORK/small/filler" 2>/dev/null || true
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 0 ] || one_error "o space left on device"
		left_but_mount
	done
	small_done
}

@test "the state directory has no inodes left" {
	small_state nr_inodes=8
	for ((i = 0; i < 8; i++)); do
		: >"$WORK/small/f$i" || true
	done 2>/dev/null
	for free in 0 1 2 3; do
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 0 ] || one_error "o space left on device"
		left_but_mount
		rm -f "$WORK/small/f$free"
	done
	small_done
}

@test "the state directory belongs to someone else" {
	differs_at vm "QEMU's jail and the network's taps need the host's root"
	mkdir -m 700 "$STATE"
	chown 12345:12345 "$STATE"
	# An ordinary user may not; he gets no further than to be told.
	chmod 755 "$WORK"
	try setpriv --reuid 1000 --regid 1000 --clear-groups "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" create \
		--bundle "$BUNDLE" "$ID"
	equals "$status" 1
	one_error "$STATE" "ermission denied"
	chown 0:0 "$STATE"
	assert_nothing_left
}

@test "root uses no state directory in which others can write" {
	mkdir "$STATE"
	chown 12345:12345 "$STATE"
	chmod 777 "$STATE"
	try bulkhead create --bundle "$BUNDLE" "$ID"
	if [ "$status" != 0 ]; then
		one_error "$STATE"
	fi
	chown 0:0 "$STATE"
	chmod 700 "$STATE"
	succeeds bulkhead delete --force "$ID"
}

@test "the state directory is a file" {
	: >"$STATE"
	for command in run create list; do
		case $command in
		list) try bulkhead list ;;
		*) try bulkhead $command --bundle "$BUNDLE" "$ID" ;;
		esac
		equals "$status" 1
		one_error "$STATE"
	done
	rm "$STATE"
}

@test "a state directory without a record, or with a spoilt one: told, and removed by delete --force" {
	run_sleeper
	pid=$(state_field .pid)
	record=$(find "$STATE/$ID" -maxdepth 1 -type f -name '*.json' ! -name config.json | head -1)
	[ -n "$record" ] || record=$(find "$STATE/$ID" -maxdepth 1 -type f -size +0 | sort | head -1)
	cp "$record" "$WORK/record"
	for spoil in : 'echo null' 'echo {}' 'echo []' 'head -c 20 "$WORK/record"' 'head -c 99 /dev/urandom'; do
		eval "$spoil" >"$record"
		try bulkhead state "$ID"
		[ "$status" = 1 ] || fail_test "state with '$spoil'"
		[[ $error == *"$ID"* ]] || fail_test "state with '$spoil' should name the container"
		try bulkhead list --quiet
		[ "$status" = 0 ] || fail_test "list with '$spoil'"
	done
	succeeds bulkhead delete --force "$ID"
	# Gone or not a process of the container's any more.
	wait_for has_ended "$pid"
	assert_nothing_left
}

has_ended()
{
	[ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# --- other documents ----------------------------------------------------------------------------

# bad_process JSON TEXT...: exec --process FILE.
bad_process()
{
	printf %s "$1" >"$WORK/process.json"
	shift
	try bulkhead exec --process "$WORK/process.json" --pid-file "$WORK/pid" "$ID"
	equals "$status" 255
	one_error "$@"
	[ ! -e "$WORK/pid" ]
}

@test "exec --process: a file that is missing, truncated, of another type, without a field" {
	run_sleeper
	try bulkhead exec --process "$WORK/nosuch.json" "$ID"
	equals "$status" 255
	one_error "$WORK/nosuch.json" "o such file or directory"
	bad_process '' process.json
	bad_process '{"args": ["/bin/tr' process.json
	bad_process '[]' process
	bad_process '{"cwd": "/"}' process.args
	bad_process '{"args": ["/bin/true"]}' process.cwd
	bad_process '{"args": ["/bin/true"], "cwd": "tmp"}' process.cwd
	bad_process '{"args": ["/bin/true"], "cwd": "/", "cwd": "/"}' cwd
	bad_process '{"args": ["/bin/true"], "cwd": "/", "user": {"uid": -1, "gid": 0}}' process.user.uid
	bad_process '{"args": ["/no/such"], "cwd": "/", "user": {"uid": 0, "gid": 0}}' /no/such
	status_is running
	equals "$(bulkhead ps --format json "$ID" | jq length)" 1
}

@test "update --resources: bad documents change nothing" {
	requires_controller memory
	update_config '.linux.resources.memory = {limit: 67108864}'
	run_sleeper
	for document in '' '{' '[]' '{"memory": 1}' '{"memory": {"limit": "1g"}}' '{"memory": {"limit": 1.5}}' \
		'{"memory": {"limit": 33554432, "limit": 1}}' '{"cpu": {"shares": -1}}'; do
		printf %s "$document" >"$WORK/resources"
		try bulkhead update --resources "$WORK/resources" "$ID"
		[ "$status" = 1 ] || fail_test "update with $document"
		one_error
	done
	try bulkhead update --resources "$WORK/nosuch" "$ID"
	equals "$status" 1
	one_error "$WORK/nosuch"
	if has_cgroup_v2; then
		equals "$(cgroup_value memory memory.max)" 67108864
	else
		equals "$(cgroup_value memory memory.limit_in_bytes)" 67108864
	fi
}

@test "few descriptors, few processes: an error and nothing left, never a hang" {
	local patience=20
	! is_vm || patience=200
	for limit in 3 4 6 8 10 12 16; do
		status=0
		(
			ulimit -n "$limit"
			exec timeout -k 5 "$patience" "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID"
		) </dev/null >"$WORK/stdout" 2>"$WORK/stderr" 3>&- || status=$?
		output=
		error=$(cat "$WORK/stderr")
		case $status in
		0 | 1 | 127) ;;
		*) fail_test "with $limit descriptors" ;;
		esac
		try bulkhead delete --force "$ID"
		assert_nothing_left
	done
}

# --- what is no error, and the rest ------------------------------------------------------------

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

@test "root: absent, without path, missing directory, a file, a link" {
	cp "$CONFIG" "$WORK/good"
	update_config 'del(.root)'
	bad root
	cp "$WORK/good" "$CONFIG"
	update_config 'del(.root.path)'
	bad root.path
	update_config '.root.path = ""'
	bad root.path
	update_config '.root.path = "nowhere"'
	bad nowhere
	touch "$BUNDLE/file"
	update_config '.root.path = "file"'
	bad file
}

@test "long values are refused or applied exactly, never cut" {
	update_config '.linux.namespaces += [{type: "cgroup", path: ("/" + "x" * 70000)}]'
	bad "namespaces"
	update_config 'del(.linux.namespaces[-1]) | .mounts += [{destination: "/mnt", type: "tmpfs", source: "t",
		options: ["mode=" + "7" * 70000]}]'
	bad "/mnt"
	update_config 'del(.mounts[-1]) | .process.env += ["BIG=" + "x" * 100000]'
	in_container /bin/sh -c 'echo ${#BIG}'
	equals "$output" 100000
	update_config '.process.cwd = "/" + ("d/" * 5000)'
	bad ""
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

@test "processes: no fork is an error that leaves nothing" {
	requires_controller pids
	outer=/sys/fs/cgroup/pids/$ID-outer
	caller=$outer
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		# There a process is born in the container's cgroup, so that must be below the limit too.
		outer=/sys/fs/cgroup/$ID-outer
		caller=$outer/caller
		update_config ".linux.cgroupsPath = \"/$ID-outer/$ID\""
	fi
	mkdir -p "$caller"
	[ "$caller" = "$outer" ] || echo +pids >"$outer/cgroup.subtree_control"
	IDS+=("$ID-outer")
	local patience=20
	! is_vm || patience=200
	code=0
	(
		echo "$BASHPID" >"$caller/cgroup.procs"
		echo 2 >"$outer/pids.max"
		exec timeout "$patience" "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/o" 2>&1 3>&-
	) || code=$?
	echo max >"$outer/pids.max"
	equals "$(find /sys/fs/cgroup -type d -name "$ID" 2>/dev/null)" ""
	[ "$caller" = "$outer" ] || rmdir "$caller"
	rmdir "$outer"
	[ "$code" != 0 ] && [ "$code" != 124 ]
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
	bad intelRdt
	for bad in '{memBwSchema: "XX:0=1"}' '{memBwSchema: "MB:0=1\n"}' '{closID: "../x"}' '{closID: "."}'; do
		update_config ".linux.intelRdt = $bad"
		bad intelRdt
	done
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
