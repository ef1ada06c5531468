# What every suite uses. A test gets a bundle, a state directory and an id of its own; after it, the
# container is deleted and nothing of it may be left: no state, cgroup, mount or process.
#
#   BULKHEAD=PATH     the runtime under test (default build/bulkhead); runc and crun work too
#   PROCESS_LIMIT=N   seconds for one call of the runtime at the process level (default 30)
#   ISOLATION=LEVEL   runs the same tests at that isolation level
#   GUEST=DIR         the guest of the vm level (default: the one beside the runtime)
#
# shellcheck shell=bash disable=SC2034 # status, output and error are read by the tests

TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BULKHEAD=${BULKHEAD:-$TOP/build/bulkhead}
CACHE=$TOP/tests/.cache
export LC_ALL=C

# --- set up and clean up ----------------------------------------------------------------------

setup()
{
	setup_container
}

teardown()
{
	teardown_container
}

# The root filesystem every test copies: busybox, the probe, and the files a program expects.
build_cache()
{
	local applet root=$CACHE/rootfs source
	mkdir -p "$CACHE"
	exec 8>"$CACHE/lock"
	flock 8
	source=$TOP/tests/lib
	if [ ! -x "$CACHE/probe" ] || [ -n "$(find "$source" -name 'probe*' -newer "$CACHE/probe")" ]; then
		gcc -std=gnu17 -O2 -D_GNU_SOURCE -static -o "$CACHE/probe" \
			"$source/probe.c" "$source/probe-see.c" "$source/probe-look.c" "$source/probe-act.c" || return 1
		rm -rf "$root"
	fi
	if [ ! -x "$CACHE/console" ] || [ "$source/console.c" -nt "$CACHE/console" ]; then
		gcc -std=gnu17 -O2 -D_GNU_SOURCE -o "$CACHE/console" "$source/console.c" || return 1
	fi
	if [ ! -d "$root" ]; then
		mkdir -p "$root.new"/{bin,etc,proc,sys,dev,tmp,root,run,var/tmp,mnt}
		cp "$(command -v busybox)" "$root.new/bin/busybox"
		cp "$CACHE/probe" "$root.new/bin/probe"
		for applet in $("$root.new/bin/busybox" --list); do
			case $applet in
			ash | awk | cat | chmod | cp | cut | date | dd | echo | env | false | find | grep | head | \
				hostname | id | ip | kill | ln | ls | mkdir | mkfifo | mknod | mount | mv | nc | ps | pwd | \
				readlink | rm | sed | seq | sh | sleep | sort | stat | stty | su | sync | tail | tee | test | \
				touch | tr | true | tty | umount | uname | usleep | wc | yes)
				ln -s busybox "$root.new/bin/$applet" ;;
			esac
		done
		printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$root.new/etc/passwd"
		printf 'root:x:0:\nuser:x:1000:\n' >"$root.new/etc/group"
		chmod 1777 "$root.new/tmp"
		mv "$root.new" "$root"
	fi
	exec 8>&-
}

setup_container()
{
	[ -x "$BULKHEAD" ] || {
		echo "no runtime at $BULKHEAD (build it, or set BULKHEAD)"
		return 1
	}
	build_cache || return 1
	WORK=$(mktemp -d /tmp/bht.XXXXXXXX)
	chmod 755 "$WORK"
	ID=t$BASHPID-$RANDOM
	STATE=$WORK/state
	BUNDLE=$WORK/bundle
	ROOTFS=$BUNDLE/rootfs
	CONFIG=$BUNDLE/config.json
	GLOBALS=()
	level_set
	IDS=("$ID")
	HELPERS=()
	mkdir -p "$BUNDLE"
	cp -a "$CACHE/rootfs" "$ROOTFS"
	jq --arg path "/$ID" '.linux.cgroupsPath = $path' "$TOP/tests/data/base.json" >"$CONFIG"
}

# new_id: another id of this test, in `NEW`; deleted and checked like the first.
new_id()
{
	NEW=$ID-${#IDS[@]}
	IDS+=("$NEW")
}

# Remembers a background process of the test's own, ended after it.
helper_process()
{
	HELPERS+=("$1")
}

# Lines of the three kinds of things a container could leave, none when all is clean.
leftovers()
{
	local id pid pattern=$WORK/.patterns
	printf '%s\n' "${IDS[@]}" >"$pattern"
	for id in "${IDS[@]}"; do
		find /sys/fs/cgroup -type d -name "*$id*" -printf 'cgroup %p\n' 2>/dev/null
		[ ! -e "$STATE/$id" ] || echo "state $STATE/$id"
	done
	if [ -d "$STATE" ]; then
		# The cache of compiled filters is the runtime's own and stays.
		find "$STATE" -mindepth 1 -maxdepth 1 ! -name .cache -printf 'state %p\n' 2>/dev/null
	fi
	grep -F " $WORK" /proc/self/mountinfo | sed 's/^/mount /'
	# Zombies do not count: the machine's init may be slow to wait for the orphans it is given.
	{
		grep -lFf "$pattern" -- /proc/[0-9]*/cgroup 2>/dev/null
		grep -laFf "$pattern" -- /proc/[0-9]*/cmdline 2>/dev/null
	} | cut -d/ -f3 | sort -u | while read -r pid; do
		if ! grep -q '^State:[[:space:]]*[ZX]' "/proc/$pid/status" 2>/dev/null && [ -d "/proc/$pid" ]; then
			echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		fi
	done
	return 0
}

# The test's assertion that an operation left nothing, for use before any clean-up.
assert_nothing_left()
{
	local left
	left=$(leftovers)
	[ -z "$left" ] || fail_test "left behind:" "$left"
}

# Removes by force what a failing runtime left, so that the next test starts clean.
scrub()
{
	local id pid dir
	for id in "${IDS[@]}"; do
		grep -lF "$id" /proc/[0-9]*/cgroup 2>/dev/null | cut -d/ -f3 | while read -r pid; do
			kill -KILL "$pid" 2>/dev/null || true
		done
		find /sys/fs/cgroup -type d -name "*$id*" 2>/dev/null | while read -r dir; do
			[ ! -e "$dir/freezer.state" ] || echo THAWED >"$dir/freezer.state" 2>/dev/null
			[ ! -e "$dir/cgroup.freeze" ] || echo 0 >"$dir/cgroup.freeze" 2>/dev/null
		done
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			find /sys/fs/cgroup -depth -type d -path "*$id*" -exec rmdir {} \; 2>/dev/null || true
			[ -n "$(find /sys/fs/cgroup -type d -name "*$id*" 2>/dev/null)" ] || break
			sleep 0.1
		done
	done
	awk -v w=" $WORK" 'index($0, w) { print $5 }' /proc/self/mountinfo | tac | while read -r dir; do
		umount -l "$dir" 2>/dev/null || true
	done
	return 0
}

teardown_container()
{
	local id pid left="" deleted=""
	[ -n "${WORK:-}" ] || return 0
	for pid in "${HELPERS[@]}"; do
		kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	if [ -n "${DELETE_ROOT:-}" ]; then
		STATE=$DELETE_ROOT
	fi
	for id in "${IDS[@]}"; do
		deleted+=$(bulkhead delete --force "$id" 2>&1 </dev/null) || deleted+=" (delete --force $id failed)"
	done
	# The kernel may take a moment to empty a cgroup or a process table.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		left=$(leftovers)
		[ -n "$left" ] || break
		sleep 0.1
	done
	scrub
	cd /
	chattr -R -i "$WORK" 2>/dev/null || true
	rm -rf --one-file-system "$WORK"
	if [ -n "$left" ]; then
		echo "after delete --force there is left:"
		echo "$left"
		echo "$deleted"
		return 1
	fi
	case $deleted in
	*failed*) echo "$deleted"; return 1 ;;
	esac
}

# --- running the runtime ----------------------------------------------------------------------

# The words that choose the level, in LEVEL.
level_set()
{
	LEVEL=()
	case ${ISOLATION:-} in
	'') ;;
	vm)
		LEVEL=(--isolation=vm --vm-accel="${VM_ACCEL:-tcg}"
			--vm-guest "${GUEST:-$(dirname "$BULKHEAD")/guest}")
		;;
	*) LEVEL=(--isolation="$ISOLATION") ;;
	esac
}

# The runtime with its state directory; a hang is cut after 30 seconds, at the vm level, where a
# machine has to boot, and does so emulated unless VM_ACCEL says otherwise, after two minutes, or
# VM_LIMIT seconds.
bulkhead()
{
	local limit=${PROCESS_LIMIT:-30}
	[ "${ISOLATION:-}" != vm ] || limit=${VM_LIMIT:-120}
	level_set
	timeout --foreground -k 5 "$limit" "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" \
		"${GLOBALS[@]}" "$@" 3>&-
}

# try COMMAND...: keeps status, output (stdout) and error (stderr). Files, not pipes: a container
# that stays holds its descriptors, and a pipe's reader would wait for it.
try()
{
	status=0
	"$@" </dev/null >"$WORK/stdout" 2>"$WORK/stderr" || status=$?
	output=$(tr -d '\0' <"$WORK/stdout")
	error=$(tr -d '\0' <"$WORK/stderr")
}

fail_test()
{
	printf '%s\n' "$@" "status: ${status:-}" "output: ${output:0:2000}" "error: ${error:0:2000}"
	return 1
}

# succeeds COMMAND...: status 0.
succeeds()
{
	try "$@"
	[ "$status" = 0 ] || fail_test "should succeed: $*"
}

# fails STATUS TEXT COMMAND...: that exit status, TEXT in the error, and no death by a signal.
fails()
{
	local wanted=$1 text=$2
	shift 2
	try "$@"
	[ "$status" = "$wanted" ] || fail_test "should fail with $wanted: $*"
	[ -n "$error" ] || fail_test "an error must be told: $*"
	[[ $error == *"$text"* ]] || fail_test "the error must contain '$text': $*"
}

# update_config FILTER [JQ-ARGUMENT...]
update_config()
{
	local filter=$1
	shift
	jq "$@" "$filter" "$CONFIG" >"$CONFIG.new" && mv "$CONFIG.new" "$CONFIG"
}

set_args()
{
	jq '.process.args = $ARGS.positional' "$CONFIG" --args -- "$@" >"$CONFIG.new" &&
		mv "$CONFIG.new" "$CONFIG"
}

# big_number WORD NUMBER: puts a number where the string WORD is, last of all edits, for jq would
# round one that a double cannot hold.
big_number()
{
	sed -i "s/\"$1\"/$2/" "$CONFIG"
}

# create [OPTION...]; start; run_detached [OPTION...]: with the test's bundle and id, stdio in files.
create()
{
	succeeds bulkhead create --bundle "$BUNDLE" "$@" "$ID"
}

start()
{
	succeeds bulkhead start "$ID"
}

run_detached()
{
	succeeds bulkhead run --detach --bundle "$BUNDLE" "$@" "$ID"
}

# A container that stays.
run_sleeper()
{
	set_args /bin/sleep 1000
	run_detached "$@"
}

# in_container ARG...: runs it in the foreground and wants 0; output is the program's.
in_container()
{
	set_args "$@"
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
}

# exec_in ARG...: the same in the running container.
exec_in()
{
	succeeds bulkhead exec "$ID" "$@"
}

# refused TEXT [OPTION...]: `run` of the bundle fails with 1 and TEXT, and leaves nothing.
refused()
{
	local text=$1
	shift
	fails 1 "$text" bulkhead run --bundle "$BUNDLE" "$@" "$ID"
	assert_nothing_left
}

# --- looking ----------------------------------------------------------------------------------

state_field()
{
	bulkhead state "${2:-$ID}" | jq -r "$1"
}

status_is()
{
	local now
	now=$(state_field .status)
	[ "$now" = "$1" ] || fail_test "status should be $1, is $now"
}

# wait_for COMMAND...: polls until it succeeds, at most 5 seconds; 30 where a machine boots first.
wait_for()
{
	local _
	local tries=600
	[ "${ISOLATION:-}" != vm ] || tries=$((${VM_LIMIT:-30} * 20))
	for _ in $(seq "$tries"); do
		if "$@" >/dev/null 2>&1; then
			return 0
		fi
		sleep 0.05
	done
	fail_test "waited in vain for: $*"
}

has_status()
{
	[ "$(state_field .status)" = "$1" ]
}

wait_status()
{
	wait_for has_status "$1"
}

is_vm()
{
	[ "${ISOLATION:-}" = vm ]
}

# init_namespace NAME: the init's, which at the vm level only somebody in the guest can see.
init_namespace()
{
	if is_vm; then
		bulkhead exec "$ID" /bin/readlink "/proc/1/ns/$1"
	else
		readlink "/proc/$(state_field .pid)/ns/$1"
	fi
}

# How many processes the container has.
process_count()
{
	bulkhead ps "${1:-$ID}" | tail -n +2 | wc -l
}

contains()
{
	[[ $1 == *"$2"* ]] || fail_test "'$1' should contain '$2'"
}

lacks()
{
	[[ $1 != *"$2"* ]] || fail_test "'$1' should not contain '$2'"
}

equals()
{
	[ "$1" = "$2" ] || fail_test "should be '$2', is '$1'"
}

# After a failed start: the container has been stopped, and perhaps removed.
gone_or_stopped()
{
	local now
	now=$(bulkhead state "$ID" 2>/dev/null | jq -r .status)
	[ -z "$now" ] || [ "$now" = stopped ]
}

file_has()
{
	grep -qF -- "$2" "$1"
}

# cgroup_dir CONTROLLER: the container's directory on the hierarchy that has it (v1), or the one (v2).
cgroup_dir()
{
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		echo "/sys/fs/cgroup/$ID"
	else
		echo "/sys/fs/cgroup/$1/$ID"
	fi
}

has_cgroup_v2()
{
	is_vm || [ -e /sys/fs/cgroup/cgroup.controllers ]
}

# cgroup_value CONTROLLER FILE: of the container's cgroup, which at the vm level is the guest's; one
# process at a time looks, since a limit may be that of pids.
cgroup_value()
{
	if ! is_vm; then
		cat "$(cgroup_dir "$1")/$2"
		return
	fi
	if [ ! -d "$ROOTFS/tmp/.cgroup" ]; then
		mkdir "$ROOTFS/tmp/.cgroup"
		bulkhead exec --cap CAP_SYS_ADMIN "$ID" /bin/mount -t cgroup2 cgroup /tmp/.cgroup || return
	fi
	bulkhead exec "$ID" /bin/sh -c "read -r line </proc/self/cgroup; exec cat /tmp/.cgroup\${line#0::}/$2"
}

# --- what a test needs ------------------------------------------------------------------------

requires_root()
{
	[ "$(id -u)" = 0 ] || skip "must be root"
}

requires_cgroup_v1()
{
	differs_at vm "the guest has cgroup v2, whatever the host has"
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || skip "the host has cgroup v2"
}

requires_cgroup_v2()
{
	has_cgroup_v2 || skip "the host has cgroup v1"
}

requires_controller()
{
	! is_vm || return 0
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		# On v2 these are no controllers: every cgroup can be frozen and have device rules.
		[ "$1" = freezer ] || [ "$1" = devices ] ||
			grep -qw "$1" /sys/fs/cgroup/cgroup.controllers || skip "no cgroup controller $1"
	else
		# A directory alone may be what another program left there.
		[ "$(stat -f -c %T "/sys/fs/cgroup/$1" 2>/dev/null)" = cgroupfs ] ||
			skip "no cgroup hierarchy of $1"
	fi
}

# requires_cgroup_file CONTROLLER FILE [FILE-ON-V2]
requires_cgroup_file()
{
	! is_vm || return 0
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		[ -n "$(find /sys/fs/cgroup -mindepth 2 -maxdepth 2 -name "${3:-$2}" -print -quit)" ] ||
			skip "the kernel has no ${3:-$2}"
		return 0
	fi
	[ -e "$(find "/sys/fs/cgroup/$1" -maxdepth 2 -name "$2" -print -quit 2>/dev/null)" ] ||
		skip "the kernel has no $2"
}

requires_tool()
{
	command -v "$1" >/dev/null || skip "no $1 here"
}

requires_kvm()
{
	[ -w /dev/kvm ] || skip "no usable /dev/kvm"
}

requires_systemd()
{
	[ -d /run/systemd/system ] || skip "systemd does not run here"
}

requires_namespace()
{
	[ -e "/proc/self/ns/$1" ] || skip "the kernel has no $1 namespaces"
}

requires_filesystem()
{
	grep -qw "$1" /proc/filesystems || skip "the kernel has no $1"
}

requires_apparmor()
{
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || skip "no AppArmor here"
}

requires_selinux()
{
	[ -e /sys/fs/selinux/enforce ] || skip "no SELinux here"
}

# requires_capability NUMBER NAME
requires_capability()
{
	local mask
	mask=$(awk '/^CapEff:/ { print $2 }' /proc/self/status)
	[ $(((0x$mask >> $1) & 1)) = 1 ] || skip "$2 is missing here"
}

# requires_kernel MAJOR MINOR
requires_kernel()
{
	local major minor
	IFS=.- read -r major minor _ < <(uname -r)
	[ $((major * 1000 + minor)) -ge $(($1 * 1000 + $2)) ] || skip "needs Linux $1.$2"
}

# requires_call NAME: where the tests run with system calls made to fail, in DENIED.
requires_call()
{
	[[ ",${DENIED:-}" != *[,]"$1"[,=]* ]] || skip "$1 is denied here"
}

# differs_at LEVEL REASON: a test of something that has no meaning at that isolation level.
differs_at()
{
	[ "${ISOLATION:-process}" != "$1" ] || skip "at isolation $1: $2"
}
