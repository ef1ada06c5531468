# What the suites under real engines share. Each file of tests has an engine of its own in namespaces
# of its own (network, mounts, processes, cgroups), so nothing of it meets what else the machine runs,
# and one process's end ends all of it. A test's containers are removed after it, and then nothing of
# them may be left: no process, mount, cgroup, tap or state.
#
#   BULKHEAD=PATH     the runtime under the engine (default build/bulkhead); runc works too
#   ISOLATION=LEVEL   process (the default) or vm
#   ENGINES=full      at the vm level too everything, not only what the default run has time for
#
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=tests/integration/helpers.bash
source "${BASH_SOURCE[0]%/*}/../integration/helpers.bash"

ISOLATION=${ISOLATION:-process}
ENGINES_DIR=$TOP/tests/engines
STORE=$CACHE/engines

# --- images -------------------------------------------------------------------------------------

# The tar files that the engines import: busybox with the probe, and Debian with redis-server.
build_images()
{
	local root=$STORE/debian
	build_cache || return 1
	mkdir -p "$STORE"
	exec 7>"$STORE/lock"
	flock 7
	if [ ! -e "$STORE/busybox.tar" ] || [ "$CACHE/probe" -nt "$STORE/busybox.tar" ]; then
		cp -a "$CACHE/rootfs" "$STORE/busybox" && ln -sf busybox "$STORE/busybox/bin/httpd" &&
			ln -sf busybox "$STORE/busybox/bin/wget" && ln -sf busybox "$STORE/busybox/bin/ping" &&
			tar -C "$STORE/busybox" -c . >"$STORE/busybox.tar.new" &&
			mv "$STORE/busybox.tar.new" "$STORE/busybox.tar"
		rm -rf "$STORE/busybox"
	fi
	if [ ! -e "$STORE/debian.tar" ]; then
		rm -rf "$root"
		debootstrap --variant=minbase --include=redis-server bookworm "$root" >"$STORE/debootstrap.log" 2>&1 || {
			tail -n 20 "$STORE/debootstrap.log"
			return 1
		}
		rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale,man,info,zoneinfo}
		tar -C "$root" -c --exclude='./dev/*' . >"$STORE/debian.tar.new" && mv "$STORE/debian.tar.new" "$STORE/debian.tar"
		rm -rf "$root"
	fi
	exec 7>&-
}

# --- the engine's own namespaces ----------------------------------------------------------------

# The hierarchies, each a line: where it is mounted, its type, its options. Those that another room
# has mounted are not ours.
cgroup_hierarchies()
{
	awk -v room="$ROOM/" '
		index($5, "/sys/fs/cgroup") != 1 && index($5, room) != 1 { next }
		{ for (i = 7; $i != "-"; i++); if ($(i + 1) ~ /^cgroup2?$/) print $5, $(i + 1), $(i + 3) }' \
		/proc/self/mountinfo
}

# containerd reads no statistics when one hierarchy of a process is mounted nowhere.
mount_hierarchies()
{
	local number controllers path
	while IFS=: read -r number controllers path; do
		[ -n "$controllers" ] && [[ $controllers != name=* ]] || continue
		! cgroup_hierarchies | grep -qE "[ ,]${controllers%%,*}(,|\$)" || continue
		mkdir -p "$ROOM/cgroup/$controllers" &&
			mount -t cgroup -o "$controllers" cgroup "$ROOM/cgroup/$controllers"
	done </proc/self/cgroup
}

unmount_hierarchies()
{
	local where
	# A room that opens just now may still have it in its copy of the mounts: then it is busy.
	for where in "$ROOM"/cgroup/*; do
		[ ! -d "$where" ] || umount "$where" || umount -l "$where"
	done
}

# Prints the hierarchy's options that mean which it is, of those the kernel shows.
hierarchy_options()
{
	local option
	local -a kept=()
	for option in ${1//,/ }; do
		case $option in
		name=* | cpu | cpuacct | cpuset | memory | devices | freezer | blkio | pids | net_cls | \
			net_prio | perf_event | hugetlb | rdma | misc) kept+=("$option") ;;
		esac
	done
	(
		IFS=,
		echo "${kept[*]}"
	)
}

# room_weight DIRECTORY: engines have limits of time of their own, for instance dockerd for the answers of
# containerd. So that they hold beside whatever else the machine does, a room comes first.
room_weight()
{
	if [ -e "$1/cpu.shares" ]; then
		echo 20480 >"$1/cpu.shares"
	elif [ -e "$1/cpu.weight" ]; then
		echo 2000 >"$1/cpu.weight"
	fi
}

# Makes the cgroup that holds the room, in each hierarchy.
room_cgroups()
{
	local where type options
	while read -r where type options; do
		mkdir -p "$where/$ROOM_NAME"
		if [ -e "$where/$ROOM_NAME/cpuset.mems" ] && [ "$type" = cgroup ]; then
			cat "$where/cpuset.cpus" >"$where/$ROOM_NAME/cpuset.cpus"
			cat "$where/cpuset.mems" >"$where/$ROOM_NAME/cpuset.mems"
		fi
		room_weight "$where/$ROOM_NAME"
	done < <(cgroup_hierarchies)
}

# Moves the calling process into them; at the top of version 2 into a leaf, for those with children
# may hold no process.
enter_cgroups()
{
	local where type options leaf
	while read -r where type options; do
		leaf=$where/$ROOM_NAME
		[ ! -d "$leaf/room" ] || leaf+=/room
		echo "$BASHPID" >"$leaf/cgroup.procs" || return 1
	done < <(cgroup_hierarchies)
}

# Inside the room: its own look at the cgroups, its own /run, a loopback.
room_furnish()
{
	local where type options controller list
	# What other rooms have mounted is found first by those who look for a hierarchy.
	awk -v room="$ROOM/" '/ - cgroup2? / && index($5, "/sys/fs/cgroup") != 1 && index($5, room) != 1 { print $5 }' \
		/proc/self/mountinfo | while read -r where; do
		umount -l "$where"
	done
	list=$(cgroup_hierarchies)
	while read -r where type options; do
		umount "$where" 2>/dev/null || umount -l "$where" || return 1
		[[ $where != "$ROOM"/* ]] || where=/sys/fs/cgroup/${where##*/}
		mkdir -p "$where"
		if [ "$type" = cgroup2 ]; then
			mount -t cgroup2 cgroup2 "$where" || return 1
		else
			mount -t cgroup -o "$(hierarchy_options "$options")" cgroup "$where" || return 1
		fi
	done <<<"$list"
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		mkdir -p /sys/fs/cgroup/room
		while read -r type; do
			echo "$type" >/sys/fs/cgroup/room/cgroup.procs 2>/dev/null
		done </sys/fs/cgroup/cgroup.procs
		for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
			echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
		done
	fi
	mount -t tmpfs -o mode=755 tmpfs /run || return 1
	mkdir -p /run/lock
	ip link set lo up
}

# inside COMMAND...: runs it in the room.
inside()
{
	(
		enter_cgroups || exit 1
		exec nsenter -t "$HOLDER" -m -n -p -C -- "$@" 3>&-
	)
}

is_furnished()
{
	HOLDER=$(pgrep -P "$KEEPER" docker-init)
}

# engine_open: the room, and in it the engine, which `engine_start` of the file starts.
engine_open()
{
	local tool
	export ENGINE_SKIP="" ROOM="" ROOM_NAME="" KEEPER="" HOLDER="" WATCHER="" RUNTIME_ARGS=""
	[ "$(id -u)" = 0 ] || { ENGINE_SKIP="must be root"; return 0; }
	for tool in "$@" docker-init unshare nsenter debootstrap python3; do
		command -v "$tool" >/dev/null || { ENGINE_SKIP="no $tool here"; return 0; }
	done
	if [ "$ISOLATION" = vm ]; then
		[ -e "${BULKHEAD%/*}/guest/guest.json" ] || { ENGINE_SKIP="no guest: make one with contrib/guest/build"; return 0; }
		RUNTIME_ARGS="--isolation=vm --vm-accel=${VM_ACCEL:-tcg}"
	fi
	build_images || return 1
	ROOM=$(mktemp -d /tmp/bhe.XXXXXXXX)
	ROOM_NAME=${ROOM##*/}
	chmod 755 "$ROOM"
	mount_hierarchies
	room_cgroups || return 1
	(
		enter_cgroups || exit 1
		exec setsid unshare --mount --net --pid --cgroup --fork --kill-child --mount-proc --propagation private \
			docker-init -s -- sleep infinity
	) </dev/null >"$ROOM/room.log" 2>&1 3>&- &
	KEEPER=$!
	# Whoever is killed, the room goes with the test file's process.
	(
		trap '' TERM INT
		tail --pid=$$ -s 1 -f /dev/null
		room_close
	) </dev/null >/dev/null 2>&1 3>&- &
	WATCHER=$!
	disown -a
	waits is_furnished || { cat "$ROOM/room.log"; return 1; }
	inside bash -c ". '$ENGINES_DIR/engines.bash' && room_furnish" || return 1
	engine_words
	engine_start && import_images
}

import_images()
{
	engine import "$STORE/busybox.tar" bb >/dev/null && engine import "$STORE/debian.tar" debian >/dev/null
}

# The directories of hierarchies below the room's, deepest first.
room_cgroup_directories()
{
	local where type options
	while read -r where type options; do
		find "$where/$ROOM_NAME" -depth -type d 2>/dev/null
	done < <(cgroup_hierarchies)
}

no_room_cgroups()
{
	room_cgroup_directories | while read -r directory; do
		rmdir "$directory" 2>/dev/null
	done
	[ -z "$(room_cgroup_directories)" ]
}

# Ends all that is in the room at once, and removes it.
room_close()
{
	[ -n "$ROOM" ] || return 0
	kill -KILL "$HOLDER" "$KEEPER" 2>/dev/null
	waits no_room_cgroups || room_cgroup_directories
	unmount_hierarchies
	rm -rf --one-file-system "$ROOM"
}

# engine_close: stops the engine as its administrator would, then closes the room.
engine_close()
{
	local status=0
	[ -n "$ROOM" ] || return 0
	engine_stop || status=1
	kill -KILL "$WATCHER" 2>/dev/null
	room_close
	return $status
}

# --- one test -----------------------------------------------------------------------------------

setup()
{
	[ -z "$ENGINE_SKIP" ] || skip "$ENGINE_SKIP"
	WORK=$(mktemp -d "$ROOM/test.XXXXXXXX")
	chmod 755 "$WORK"
	NAME=c$BATS_TEST_NUMBER
	engine_words
}

teardown()
{
	[ -z "$ENGINE_SKIP" ] || return 0
	local left
	engine_remove_all
	left=
	waits nothing_left || {
		left=$(room_leftovers)
		room_scrub
	}
	rm -rf --one-file-system "$WORK"
	[ -z "$left" ] || {
		echo "left behind:"
		echo "$left"
		return 1
	}
}

# Whatever there is of containers, a line each: processes, mounts, cgroups, interfaces, state.
room_leftovers()
{
	inside ps -e -o pid=,ppid=,stat=,args= | awk -v known="$ENGINE_PROCESSES" '
		$3 ~ /^Z/ { next }
		$4 ~ "^(.*/)?(docker-init|sleep|ps|" known ")$" { next }
		{ print "process " $0 }'
	inside grep -E " ($ROOM|/run)/[^ ]*(/merged|/rootfs|/shm|/share|/netns-[^ ]*) " /proc/self/mountinfo | sed 's/^/mount /'
	# Podman leaves the cgroup of a pod where the runtime alone has made it, with runc too.
	inside find /sys/fs/cgroup -mindepth 2 -type d -regextype posix-extended \
		-regex '.*/(docker|libpod-|[^/]*)[0-9a-f]{64}.*' \
		! -regex '.*/libpod_parent/[0-9a-f]{64}' -printf 'cgroup %p\n'
	inside ip -o link show type tun | sed 's/^/tap /'
	inside ip -o link show type veth | sed 's/^/veth /'
	engine_state_directories | while read -r directory; do
		inside test ! -d "$directory" || inside find "$directory" -mindepth 1 -maxdepth 1 ! -name .cache -printf 'state %p\n'
	done
	return 0
}

nothing_left()
{
	[ -z "$(room_leftovers)" ]
}

# After a failure: what is left must not fail the tests that follow.
room_scrub()
{
	local pid
	room_leftovers | awk '$1 == "process" { print $2 }' | while read -r pid; do
		inside kill -KILL "$pid" 2>/dev/null
	done
	engine_remove_all
	waits nothing_left || true
}

# --- saying and waiting ---------------------------------------------------------------------------

# waits COMMAND...: polls until it succeeds; long, for the machine may be loaded.
waits()
{
	local end=$((SECONDS + 120))
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

eventually()
{
	waits "$@" || fail_test "waited in vain for: $*"
}

# engine ARGUMENT...: the engine's command line, with the runtime under test; cut when it hangs.
engine()
{
	inside timeout --foreground -k 5 "${ENGINE_LIMIT:-280}" "${ENGINE_WORDS[@]}" "$@"
}

# runs STATUS ARGUMENT...: the engine's command ends with that status.
runs()
{
	local wanted=$1
	shift
	try engine "$@"
	[ "$status" = "$wanted" ] || fail_test "should end with $wanted: $ENGINE $*"
}

# runs_with INPUT STATUS ARGUMENT...
runs_with()
{
	local input=$1 wanted=$2
	shift 2
	status=0
	printf '%s' "$input" | engine "$@" >"$WORK/stdout" 2>"$WORK/stderr" || status=$?
	output=$(<"$WORK/stdout")
	error=$(<"$WORK/stderr")
	[ "$status" = "$wanted" ] || fail_test "should end with $wanted: $ENGINE $*"
}

inspect()
{
	engine inspect --format "$1" "${2:-$NAME}"
}

inspect_is()
{
	[ "$(inspect "$1" "${3:-$NAME}")" = "$2" ]
}

logs_have()
{
	engine logs "${2:-$NAME}" 2>&1 | grep -qF -- "$1"
}

# background [ARGUMENT...]: a detached container NAME; `sleep` if no command is given after --.
background()
{
	runs 0 run -d --name "$NAME" "$@"
}

# terminal STEPS ARGUMENT...: the engine's command in a terminal of 30 rows and 100 columns.
terminal()
{
	local steps=$1
	shift
	printf '%s\n' "$steps" >"$WORK/steps"
	status=0
	inside python3 "$ENGINES_DIR/terminal.py" "$WORK/steps" "${ENGINE_WORDS[@]}" "$@" >"$WORK/stdout" 2>"$WORK/stderr" || status=$?
	output=$(<"$WORK/stdout")
	error=$(<"$WORK/stderr")
}

# feature NAME: at the vm level the default run takes those of FIRST.
feature()
{
	if [ "$ISOLATION" = vm ] && [ "${ENGINES:-}" != full ] && [[ " ${FIRST//[[:space:]]/ } " != *" $1 "* ]]; then
		skip "at the vm level in engines-full"
	fi
	"feature_$1"
}

is_runc()
{
	[[ ${BULKHEAD##*/} == runc* ]]
}
