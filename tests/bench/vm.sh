# The vm level beside the process level and beside QEMU alone: the same kernel and initramfs, booted by
# the same command line without devices, whose first process ends at once. tests/bench/run reads this
# file; everything here uses its functions and variables, and only our own runtime.
#
# shellcheck shell=bash disable=SC2154,SC2034

vm_guest_find()
{
	vm_guest=${GUEST:-$(dirname "$bulkhead")/guest}
	[ -e "$vm_guest/guest.json" ] || [ -n "${GUEST:-}" ] ||
		"$top/contrib/guest/build" -B "$(dirname "$bulkhead")" >/dev/null || return 1
	[ -e "$vm_guest/guest.json" ] || { echo "no guest at $vm_guest: contrib/guest/build makes one"; return 1; }
}

# Words for the two levels, as contender_lines has R.
vm_levels()
{
	level_process="$bulkhead --root $work/state-process"
	level_vm="$bulkhead --isolation=vm --vm-accel=$vm_accel --vm-guest $vm_guest --root $work/state-vm"
}

# vm_lines BEFORE TIMED AFTER: a line for each level; R is the program, with the level's words, B the
# bundle of the level.
vm_lines()
{
	local level command text fields
	for level in process vm; do
		command=level_$level
		fields=$level
		for text in "$@"; do
			text=${text//R /${!command} }
			fields+=$'\t'${text//@B@/$work/vm-bundle-$level}
		done
		printf '%s\n' "$fields"
	done
}

vm_bundles()
{
	local level bundle
	for level in process vm; do
		make_rootfs "$work/vm-bundle-$level/rootfs"
		ln -s busybox "$work/vm-bundle-$level/rootfs/bin/tar"
		ln -s busybox "$work/vm-bundle-$level/rootfs/bin/dd"
		jq --arg rootfs "$work/vm-bundle-$level/rootfs" --arg cgroup "/bulkhead-bench-$$/vm-$level" '
			.root.path = $rootfs | .root.readonly = false | .linux.cgroupsPath = $cgroup' \
			"$work/spec-bundle/config.json" >"$work/vm-bundle-$level/config.json"
		# One whose program stays, and one of those that stays throughout.
		mkdir -p "$work/vm-bundle-$level-sleep" "$work/vm-bundle-$level-stay"
		for bundle in sleep stay; do
			jq --arg name "-$bundle" '.process.args = ["/bin/sleep", "100000"] | .linux.cgroupsPath += $name' \
				"$work/vm-bundle-$level/config.json" >"$work/vm-bundle-$level-$bundle/config.json"
		done
	done
}

vm_stay()
{
	local level command
	for level in process vm; do
		command=level_$level
		# shellcheck disable=SC2086 # words
		${!command} run --detach --bundle "$work/vm-bundle-$level-stay" stay </dev/null >/dev/null 2>"$work/error" || {
			echo "the $level level cannot keep a container running: $(cat "$work/error")"
			return 1
		}
	done
	vm_monitor=$($level_vm state stay | jq .pid)
	vm_hypervisor=$(pgrep -P "$vm_monitor" qemu)
}

# vm_archive FILE: as /init in a cpio archive of the "newc" format.
vm_archive()
{
	local size entry='070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x'
	size=$(stat -c %s "$1")
	# shellcheck disable=SC2059 # the header: inode, mode, ids, links, time, size, devices, name's length, sum
	printf "$entry" 1 $((0100755)) 0 0 1 0 "$size" 0 0 0 0 5 0
	printf 'init\0\0'
	cat "$1"
	head -c $((-size & 3)) /dev/zero
	# shellcheck disable=SC2059
	printf "$entry" 0 0 0 0 1 0 0 0 0 0 0 11 0
	printf 'TRAILER!!!\0\0\0\0'
}

# The command line of the container's hypervisor, less its devices, and an initramfs with another /init,
# which a later archive puts over the first: a program of the shell's, $work/alone.
vm_alone_make()
{
	local words word previous='' kept=() kernel initramfs
	kernel=$vm_guest/$(jq -r .kernel "$vm_guest/guest.json")
	initramfs=$vm_guest/$(jq -r .initramfs "$vm_guest/guest.json")
	gcc -O2 -static -o "$work/init" "$here/init.c"
	cp "$initramfs" "$work/initramfs"
	vm_archive "$work/init" >>"$work/initramfs"
	mapfile -d '' -t words <"/proc/$vm_hypervisor/cmdline"
	for word in "${words[@]}"; do
		case $previous in
		-kernel) word=$kernel ;;
		-initrd) word=$work/initramfs ;;
		esac
		case "$previous $word" in
		-chardev* | -serial* | -device* | -netdev* | -sandbox* | -add-fd* | -blockdev*) ;;
		*' -chardev' | *' -serial' | *' -device' | *' -netdev' | *' -sandbox' | *' -add-fd' | *' -blockdev') ;;
		*) kept+=("$word") ;;
		esac
		previous=$word
	done
	{
		printf '#!/bin/sh\nexec'
		printf ' %q' "${kept[@]}"
		printf ' -serial null\n'
	} >"$work/alone"
	chmod +x "$work/alone"
}

# vm_row ROW BEFORE TIMED AFTER [LINE...]: measures both levels, and other contenders by their lines.
vm_row()
{
	local row=$1
	{
		vm_lines "$2" "$3" "$4"
		[ $# -lt 5 ] || printf '%s\n' "${@:5}"
	} >"$work/contenders"
	measure_row "$row" <"$work/contenders"
}

vm_columns='%-34s %18s %18s %18s %10s %10s  %s\n'
vm_print()
{
	# shellcheck disable=SC2059
	printf "$vm_columns" "$@"
}

# vm_time_row ROW [GOAL-TEXT]
vm_time_row()
{
	local qemu both
	qemu=$(cell "$1" qemu)
	both=$(ratio "${median["$1 vm"]:-}" "${median["$1 qemu"]:-}")
	vm_print "$1" "$(cell "$1" process)" "$(cell "$1" vm)" "${qemu#-}" \
		"$(ratio "${median["$1 vm"]:-}" "${median["$1 process"]:-}")" \
		"${both#-}" "${2:-}"
}

vm_times()
{
	local row rounds=$vm_rounds
	row="vm: run true"
	vm_row "$row" '' 'R run --bundle @B@ bench-@N@' 'R delete --force bench-@N@' "qemu"$'\t\t'"$work/alone"$'\t'
	vm_time_row "$row" "<= 1.25 of QEMU alone: $(at_most "$(ratio "${median["$row vm"]:-}" "${median["$row qemu"]:-}")" 1.25)"
	row="vm: create"
	vm_row "$row" '' 'R create --bundle @B@-sleep bench-@N@' 'R delete --force bench-@N@'
	vm_time_row "$row"
	row="vm: start"
	vm_row "$row" 'R create --bundle @B@-sleep bench-@N@' 'R start bench-@N@' 'R delete --force bench-@N@'
	vm_time_row "$row"
	row="vm: delete --force"
	vm_row "$row" 'R run --detach --bundle @B@-sleep bench-@N@' 'R delete --force bench-@N@' ''
	vm_time_row "$row"
	rounds=$((vm_rounds * 5))
	row="vm: exec true"
	vm_row "$row" '' 'R exec stay /bin/true' ''
	vm_time_row "$row" "<= 5 of the process level: $(at_most "$(ratio "${median["$row vm"]:-}" "${median["$row process"]:-}")" 5)"
	row="vm: state"
	vm_row "$row" '' 'R state stay' ''
	vm_time_row "$row"
}

# --- files ------------------------------------------------------------------------------------

# vm_seconds LEVEL COMMAND: how long it took by the clock that its own kernel shows; hundredths.
vm_seconds()
{
	local command=level_$1
	# shellcheck disable=SC2086,SC2016 # words; for the shell inside
	${!command} exec stay /bin/sh -c \
		'read -r a _ </proc/uptime; eval "$1" >/dev/null 2>&1 || exit 1; read -r b _ </proc/uptime; echo $a $b' \
		sh "$2" </dev/null | awk '{ t = $2 - $1; printf "%.2f\n", t < 0.01 ? 0.01 : t }'
}

# What the container sees for the first time: made on the host, below ROOT.
vm_make_big()
{
	rm -f "$1/tmp/big"
	head -c 67108864 /dev/zero >"$1/tmp/big"
}

vm_make_tree()
{
	rm -rf "$1/tmp/tree"
	mkdir "$1/tmp/tree"
	seq 5000 | split -l 1 -a 4 -d - "$1/tmp/tree/"
}

# vm_file_row ROUNDS ROW AMOUNT UNIT BEFORE COMMAND: the best of the rounds, by turns; AMOUNT UNITs in
# that time. BEFORE is one of the functions above or a command inside.
vm_file_row()
{
	local level seconds rounds=$1
	local -A best=()
	shift
	for ((; rounds > 0; rounds--)); do
		for level in process vm; do
			if [ "$(type -t "$4")" = function ]; then
				"$4" "$work/vm-bundle-$level/rootfs"
			else
				vm_seconds "$level" "$4" >/dev/null
			fi
			seconds=$(vm_seconds "$level" "$5")
			[ -n "$seconds" ] || continue
			best[$level]=$(awk -v a="${best[$level]:-999999}" -v b="$seconds" 'BEGIN { print a < b ? a : b }')
		done
	done
	for level in process vm; do
		[ -z "${best[$level]:-}" ] ||
			best[$level]=$(awk -v a="$2" -v t="${best[$level]}" 'BEGIN { printf "%.0f", a / t }')
	done
	vm_print "$1, $3" "${best[process]:-failed}" "${best[vm]:-failed}" "" \
		"$(ratio "${best[vm]:-}" "${best[process]:-}")" "" ""
}

vm_files()
{
	local level
	for level in process vm; do
		vm_make_tree "$work/vm-bundle-$level/rootfs"
		tar -C "$work/vm-bundle-$level/rootfs/tmp" -cf "$work/vm-bundle-$level/rootfs/tmp/tree.tar" tree
	done
	vm_file_row 3 "vm: read 64 MiB first" 64 MiB/s vm_make_big 'dd if=/tmp/big of=/dev/null bs=1M'
	vm_file_row 3 "vm: read 64 MiB again" 64 MiB/s 'cat /tmp/big' 'dd if=/tmp/big of=/dev/null bs=1M'
	vm_file_row 3 "vm: write 64 MiB" 64 MiB/s 'rm -f /tmp/new' 'dd if=/dev/zero of=/tmp/new bs=1M count=64 conv=fsync'
	vm_file_row 1 "vm: tar of 5,000 files out" 5000 files/s vm_make_tree 'tar -C /tmp -cf - tree | cat'
	vm_file_row 1 "vm: tar of 5,000 files in" 5000 files/s 'rm -rf /tmp/copy; mkdir /tmp/copy' \
		'tar -C /tmp/copy -xf /tmp/tree.tar'
}

# --- memory and sizes -------------------------------------------------------------------------

# vm_pss PID [PATTERN]: KiB, of the mappings whose first line does not match PATTERN.
vm_pss()
{
	awk -v pattern="${2:-^$}" '
		/^[0-9a-f]+-[0-9a-f]+ / { counted = $0 !~ pattern }
		/^Pss:/ && counted { sum += $2 }
		END { print sum + 0 }' "/proc/$1/smaps"
}

vm_memory()
{
	local proxy server pid sum=0 ram='memfd:memory-backend-memfd'
	$level_vm exec --detach --pid-file "$work/proxy.pid" stay /bin/sleep 1000 </dev/null >/dev/null 2>&1 || true
	proxy=$(cat "$work/proxy.pid" 2>/dev/null) || proxy=
	server=$(pgrep -P "$vm_monitor" virtiofsd)
	for pid in $server $(pgrep -P "${server//$'\n'/,}"); do
		sum=$((sum + $(vm_pss "$pid" "$ram")))
	done
	local monitor_kib proxy_kib=0
	monitor_kib=$(vm_pss "$vm_monitor")
	[ -z "$proxy" ] || proxy_kib=$(vm_pss "$proxy")
	vm_print "vm: monitor, KiB" "" "$monitor_kib" "" "" "" \
		"monitor and proxies <= 4096: $(at_most $((monitor_kib + proxy_kib)) 4096)"
	vm_print "vm: proxy of an exec, KiB" "" "$proxy_kib" "" "" "" ""
	vm_print "vm: file servers, KiB" "" "$sum" "" "" "" "without the guest's memory, which they map"
	vm_print "vm: QEMU, KiB" "" "$(vm_pss "$vm_hypervisor" "$ram")" "" "" "" "the same"
	vm_print "vm: guest's memory in use, KiB" "" "$(awk -v p="$ram" '
		/^[0-9a-f]+-[0-9a-f]+ / { counted = $0 ~ p } /^Rss:/ && counted { sum += $2 } END { print sum + 0 }' \
		"/proc/$vm_hypervisor/smaps")" "" "" "" "of $(tr '\0' '\n' <"/proc/$vm_hypervisor/cmdline" | grep -A1 -x -e -m | tail -n 1)"
	vm_print "vm: agent, KiB" "" "$(($(jq .sizes.agent "$vm_guest/guest.json") / 1024))" "" "" "" ""
	vm_print "vm: initramfs, KiB" "" "$(($(jq .sizes.initramfs "$vm_guest/guest.json") / 1024))" "" "" "" ""
}

vm_end()
{
	local level command
	for level in process vm; do
		command=level_$level
		${!command} delete --force stay >/dev/null 2>&1 || true
	done
}

bench_vm()
{
	command -v qemu-system-x86_64 >/dev/null || { echo "vm: no qemu-system-x86_64, left out"; return 0; }
	vm_guest_find || return 0
	vm_levels
	vm_bundles
	trap 'vm_end; cleanup' EXIT
	vm_stay || return 0
	vm_alone_make
	echo "vm: --vm-accel=$vm_accel, $vm_rounds rounds, kernel $(jq -r .kernelVersion "$vm_guest/guest.json")"
	vm_print "levels" process vm "QEMU alone" vm/process vm/QEMU goal
	vm_times
	vm_files
	vm_memory
	vm_end
}
