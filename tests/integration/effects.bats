#!/usr/bin/env bats
# What members of the configuration do, seen from inside the container or in its cgroup, where no
# other suite shows it; and for what this host cannot do, that the refusal names the member.

load helpers

# created_or_names PATH: the change has its effect, or create names the member.
created_or_names()
{
	local path=$1
	set_args /bin/sleep 1000
	try bulkhead create --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ] || return 0
	contains "$error" "$path"
	assert_nothing_left
	return 1
}

@test "mounts[].source is what the mount table shows; for a bind mount it is what is mounted" {
	mkdir "$BUNDLE/given"
	echo text >"$BUNDLE/given/file"
	update_config '.mounts += [{destination: "/mnt", type: "tmpfs", source: "named-by-us"},
		{destination: "/given", type: "none", source: "given", options: ["bind"]}]'
	in_container /bin/sh -c 'grep " /mnt " /proc/self/mountinfo; cat /given/file'
	contains "$output" " - tmpfs named-by-us "
	contains "$output" text
}

@test "nosymfollow and lazytime, silent and loud" {
	requires_kernel 5 10
	update_config '.mounts += [{destination: "/a", type: "tmpfs", source: "t", options: ["nosymfollow", "silent"]},
		{destination: "/b", type: "tmpfs", source: "t", options: ["nosymfollow", "symfollow", "lazytime", "loud"]},
		{destination: "/c", type: "tmpfs", source: "t", options: ["lazytime", "nolazytime", "iversion"]}]'
	in_container /bin/sh -c 'probe mount /a; probe mount /b; probe mount /c
		echo x > /a/file; ln -s file /a/link; cat /a/link || echo blocked
		echo y > /b/file; ln -s file /b/link; cat /b/link'
	contains "$(echo "$output" | sed -n 1p)" nosymfollow
	lacks "$(echo "$output" | sed -n 2p)" nosymfollow
	contains "$(echo "$output" | sed -n 2p)" lazytime
	lacks "$(echo "$output" | sed -n 3p)" lazytime
	equals "$(echo "$output" | tail -n 2)" $'blocked\ny'
}

@test "each recursive option reaches what is mounted below, set and cleared" {
	requires_kernel 5 12
	requires_call mount_setattr
	mkdir -p "$WORK/dir/sub"
	mount -t tmpfs -o nosuid,nodev,noexec,noatime tmpfs "$WORK/dir/sub"
	set=(ro nosuid nodev noexec nodiratime relatime noatime nosymfollow)
	cleared=(rsuid:nosuid rdev:nodev rexec:noexec rdiratime:nodiratime ratime:noatime rstrictatime:relatime
		rsymfollow:nosymfollow rrw:ro)
	for option in "${set[@]/#/r}" "${cleared[@]%:*}"; do
		update_config '.mounts += [{destination: "/r/\($o)", type: "bind", source: $s, options: ["rbind", $o]}]' \
			--arg s "$WORK/dir" --arg o "$option"
	done
	# In a guest it is mounted when somebody looks.
	set_args /bin/sh -c 'ls -d /r/*/sub/.; probe mount'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	umount "$WORK/dir/sub"
	[ "$status" = 0 ] || fail_test "recursive options"
	flags()
	{
		echo ",$(echo "$output" | awk -v t="/r/$1/sub" '$1 == t { print $3 }'),"
	}
	for option in "${set[@]}"; do
		[[ $(flags "r$option") == *",$option,"* ]] || fail_test "r$option: $(flags "r$option")"
	done
	for pair in "${cleared[@]}"; do
		[[ $(flags "${pair%:*}") == ,*r[ow],* ]] || fail_test "${pair%:*} is not mounted"
		[[ $(flags "${pair%:*}") != *",${pair#*:},"* ]] || fail_test "${pair%:*}: $(flags "${pair%:*}")"
	done
}

@test "idmap maps one mount, ridmap what is mounted below too" {
	requires_kernel 5 12
	requires_call mount_setattr
	mkdir -p "$WORK/dir/sub"
	mount -t tmpfs tmpfs "$WORK/dir/sub"
	touch "$WORK/dir/sub/file"
	update_config '.mounts += [{destination: "/one", type: "bind", source: $s, options: ["rbind", "idmap"]},
		{destination: "/all", type: "bind", source: $s, options: ["rbind", "ridmap"]}]
		| .mounts[-2:] |= map(.uidMappings = [{containerID: 0, hostID: 7000, size: 1}]
			| .gidMappings = [{containerID: 0, hostID: 8000, size: 1}])' --arg s "$WORK/dir"
	set_args /bin/stat -c %u:%g /one/sub/file /all/sub/file
	try bulkhead run --bundle "$BUNDLE" "$ID"
	umount "$WORK/dir/sub"
	if [[ ${error,,} == *"not supported"* || ${error,,} == *"invalid argument"* ]]; then
		skip "the file system cannot be id-mapped"
	fi
	equals "$output" $'0:0\n7000:8000'
}

@test "scheduler with real-time priority" {
	update_config '.process.scheduler = {policy: "SCHED_RR", priority: 7}'
	created_or_names process.scheduler || skip "no real-time scheduling here"
	succeeds bulkhead delete --force "$ID"
	in_container /bin/probe scheduler
	contains "$output" "policy=2"
	contains "$output" "priority=7"
}

@test "scheduler with a deadline" {
	update_config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 20000000,
		period: 30000000, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	created_or_names process.scheduler || skip "no deadline scheduling here"
	succeeds bulkhead delete --force "$ID"
	in_container /bin/probe scheduler
	contains "$output" "policy=6"
	contains "$output" "runtime=10000000 deadline=20000000 period=30000000"
}

@test "ioPriority is the whole process group's" {
	update_config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	in_container /bin/probe ioprio
	equals "$output" "class=2 priority=6 group=2:6"
}

@test "execCPUAffinity: initial stays when there is no final, and is not the init's" {
	differs_at vm "CPUs are numbered by the guest's kernel, from 0 to what the machine has"
	[ "$(nproc)" -ge 2 ] || skip "one processor only"
	update_config '.process.execCPUAffinity = {initial: "1"}'
	set_args /bin/sh -c 'probe affinity; sleep 1000'
	run_detached
	wait_for test -s "$WORK/stdout"
	contains "$(cat "$WORK/stdout")" ,
	exec_in /bin/probe affinity
	equals "$output" 1
}

@test "time offsets: seconds and nanoseconds, forward and back" {
	requires_namespace time
	update_config '.linux.namespaces += [{type: "time"}]
		| .linux.timeOffsets = {monotonic: {secs: 5000000, nanosecs: 250000000}, boottime: {secs: -1, nanosecs: 500000000}}'
	run_sleeper
	exec_in /bin/cat /proc/self/timens_offsets
	equals "$(echo "$output" | tr -s ' ' | tr '\n' ';')" "monotonic 5000000 250000000;boottime -1 500000000;"
	exec_in /bin/probe clock
	[ "$(echo "$output" | sed 's/monotonic=\([0-9]*\) .*/\1/')" -ge 5000000 ]
}

@test "netDevices: a veth end moves with its addresses, is up, keeps its name or takes another" {
	requires_tool ip
	network()
	{
		ip link set lo up
		ip link add bhx0 type veth peer name bhx1 || return 77
		ip link add bhy0 type veth peer name bhy1
		ip addr add 10.98.7.5/24 dev bhx0
		ip addr add fd00:98::5/64 dev bhx0 nodad
		ip link set bhx0 mtu 1400
		ip link set bhx0 up
		ip link set bhx1 up
		local status=0
		"$BULKHEAD" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null || status=1
		# What is left of the host's end.
		ip -o addr show >"$WORK/stayed"
		return $status
	}
	export -f network
	export BULKHEAD STATE BUNDLE ID WORK
	update_config '.linux.netDevices = {bhx0: {name: "data%d"}, bhy0: {}}'
	set_args /bin/ip addr
	try unshare --net bash -c network
	[ "$status" != 77 ] || skip "no veth interfaces here"
	[ "$status" = 0 ] || fail_test netDevices
	contains "$output" "data0"
	contains "$output" "mtu 1400"
	contains "$output" 10.98.7.5/24
	contains "$output" fd00:98::5/64
	contains "$output" bhy0
	lacks "$(cat "$WORK/stayed")" bhx0
	lacks "$(cat "$WORK/stayed")" bhy0
	# A name that is taken in the container's namespace, one that is not on the host: all stay, as they were.
	update_config '.linux.netDevices = {bhx0: {}, bhy0: {name: "lo"}}'
	try unshare --net bash -c network
	[ "$status" = 1 ]
	contains "$error" "linux.netDevices.bhy0: the container's network namespace has a device 'lo'"
	contains "$(cat "$WORK/stayed")" 10.98.7.5/24
	contains "$(cat "$WORK/stayed")" fd00:98::5/64
	update_config '.linux.netDevices = {bhx0: {}, nosuch0: {}}'
	try unshare --net bash -c network
	[ "$status" = 1 ]
	contains "$error" "linux.netDevices.nosuch0: the host has no network device 'nosuch0'"
	contains "$(cat "$WORK/stayed")" 10.98.7.5/24
}

@test "personality reaches exec too" {
	update_config '.linux.personality = {domain: "LINUX32"}'
	run_sleeper
	exec_in /bin/probe machine
	contains "$output" 0x8
}

@test "memory policies: preferred, interleaved, local; exec has the policy too" {
	differs_at vm "the memory that a policy is for is the machine's, on the host"
	[ -e /sys/devices/system/node/node0 ] || skip "no NUMA"
	for pair in MPOL_PREFERRED:1 MPOL_INTERLEAVE:3; do
		update_config '.linux.memoryPolicy = {mode: $m, nodes: "0"}' --arg m "${pair%:*}"
		in_container /bin/probe mempolicy
		contains "$output" "mode=${pair#*:} flags=0"
	done
	update_config '.linux.memoryPolicy = {mode: "MPOL_LOCAL"}'
	run_sleeper
	exec_in /bin/probe mempolicy
	contains "$output" "mode=4"
}

@test "memory.kernelTCP and useHierarchy on v1, kernel is a warning" {
	differs_at vm "the guest has cgroup v2, whatever the host has"
	requires_cgroup_v1
	requires_controller memory
	update_config '.linux.resources.memory = {useHierarchy: true}'
	run_sleeper
	equals "$(cat "$(cgroup_dir memory)/memory.use_hierarchy")" 1
	succeeds bulkhead delete --force "$ID"
	requires_cgroup_file memory memory.kmem.tcp.limit_in_bytes
	update_config '.linux.resources.memory = {kernelTCP: 8388608, kernel: 67108864}'
	created_or_names linux.resources.memory || skip "the kernel has no such limit"
	equals "$(cat "$(cgroup_dir memory)/memory.kmem.tcp.limit_in_bytes")" 8388608
}

@test "cpu.realtimeRuntime and realtimePeriod" {
	differs_at vm "the guest has cgroup v2, whatever the host has"
	requires_cgroup_v1
	requires_controller cpu
	update_config '.linux.resources.cpu = {realtimePeriod: 500000, realtimeRuntime: 0}'
	created_or_names linux.resources.cpu.realtime || skip "no real-time groups here"
	equals "$(cat "$(cgroup_dir cpu)/cpu.rt_period_us")" 500000
	equals "$(cat "$(cgroup_dir cpu)/cpu.rt_runtime_us")" 0
}

@test "each throttle of blockIO is in its file" {
	differs_at vm "the guest has cgroup v2, whatever the host has"
	requires_cgroup_v1
	requires_controller blkio
	requires_cgroup_file blkio blkio.throttle.read_bps_device
	device=$(lsblk -dno MAJ:MIN 2>/dev/null | head -n 1 | tr -d ' ')
	[ -n "$device" ] || skip "no block device"
	update_config '($d | split(":") | map(tonumber) | {major: .[0], minor: .[1]}) as $n | .linux.resources.blockIO = {
		throttleReadBpsDevice: [$n + {rate: 1000001}], throttleWriteBpsDevice: [$n + {rate: 1000002}],
		throttleReadIOPSDevice: [$n + {rate: 103}], throttleWriteIOPSDevice: [$n + {rate: 104}]}' --arg d "$device"
	run_sleeper
	for pair in read_bps:1000001 write_bps:1000002 read_iops:103 write_iops:104; do
		equals "${pair%:*} $(cat "$(cgroup_dir blkio)/blkio.throttle.${pair%:*}_device")" "${pair%:*} $device ${pair#*:}"
	done
}

@test "blockIO weights of devices and of leaves: their files, or the member is named" {
	differs_at vm "the guest has cgroup v2, whatever the host has"
	device=$(lsblk -dno MAJ:MIN 2>/dev/null | head -n 1 | tr -d ' ')
	[ -n "$device" ] || skip "no block device"
	update_config '($d | split(":") | map(tonumber) | {major: .[0], minor: .[1]}) as $n
		| .linux.resources.blockIO = {weightDevice: [$n + {weight: 300}]}' --arg d "$device"
	if created_or_names linux.resources.blockIO.weightDevice; then
		grep -rqs "$device.*300" "$(cgroup_dir blkio)" || fail_test "the weight is in no file"
		succeeds bulkhead delete --force "$ID"
	fi
	for members in '{leafWeight: 300}' '{weightDevice: [{major: 7, minor: 0, leafWeight: 300}]}'; do
		update_config ".linux.resources.blockIO = $members"
		if created_or_names linux.resources.blockIO; then
			grep -rqs 300 "$(cgroup_dir blkio)" || fail_test "the leaf's weight is in no file"
			succeeds bulkhead delete --force "$ID"
		fi
	done
}

@test "network priorities and rdma: their files, or the member is named" {
	differs_at vm "the guest has cgroup v2, whatever the host has"
	update_config '.linux.resources.network = {priorities: [{name: "lo", priority: 5}]}'
	if created_or_names linux.resources.network; then
		contains "$(cat "$(cgroup_dir net_prio)/net_prio.ifpriomap")" "lo 5"
		succeeds bulkhead delete --force "$ID"
	fi
	update_config 'del(.linux.resources.network) | .linux.resources.rdma = {mlx5_1: {hcaHandles: 3, hcaObjects: 4}}'
	if created_or_names linux.resources.rdma; then
		contains "$(cat "$(cgroup_dir rdma)/rdma.max")" "hca_handle=3 hca_object=4"
	fi
}

@test "process.user.username and commandLine are another platform's" {
	update_config '.process.user.username = "nobody" | .process.commandLine = "no such program"'
	in_container /bin/probe ids
	contains "$output" "uid=0 "
}

@test "hooks have a timeout of each kind, and their children go with them" {
	for kind in prestart createRuntime createContainer startContainer poststart; do
		update_config 'del(.hooks) | .hooks[$k] = [{path: "/bin/sh", timeout: 1,
			args: ["sh", "-c", "sleep 987654 & wait"]}]' --arg k "$kind"
		set_args /bin/sleep 1000
		fails 1 "$kind" bulkhead run --bundle "$BUNDLE" "$ID"
		succeeds bulkhead delete --force "$ID"
		assert_nothing_left
		gone()
		{
			! pgrep -f '^sleep 987654$' >/dev/null
		}
		wait_for gone
	done
	update_config 'del(.hooks) | .hooks.poststop = [{path: "/bin/sh", timeout: 1, args: ["sh", "-c", "sleep 987654 & wait"]},
		{path: "/bin/sh", args: ["sh", "-c", "touch \($w)/second"]}]' --arg w "$WORK"
	run_sleeper
	succeeds bulkhead delete --force "$ID"
	[ -e "$WORK/second" ]
	wait_for gone
}

@test "args and env of each kind of hook" {
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		update_config '.hooks[$k] = [{path: "/bin/sh", args: ["sh", "-c", $s, "name", "a b"], env: ["KIND=\($k)", "PATH=/bin:/usr/bin"]}]' \
			--arg k "$kind" --arg s "cat >/dev/null; echo \"\$KIND \$1\" >> ${WORK}/said.\$KIND || echo \"\$KIND \$1\" >> /tmp/said.\$KIND"
	done
	in_container /bin/true
	for kind in prestart createRuntime createContainer poststart poststop; do
		equals "$(cat "$WORK/said.$kind")" "$kind a b"
	done
	equals "$(cat "$ROOTFS/tmp/said.startContainer")" "startContainer a b"
}

@test "update --kernel-memory-tcp, --cpu-rt-period and --cpu-rt-runtime, --blkio-weight" {
	differs_at vm "the guest has cgroup v2, whatever the host has"
	requires_cgroup_v1
	requires_controller memory
	requires_controller cpu
	run_sleeper
	try bulkhead update --cpu-rt-period 400000 --cpu-rt-runtime 0 "$ID"
	if [ "$status" = 0 ]; then
		equals "$(cat "$(cgroup_dir cpu)/cpu.rt_period_us")" 400000
	else
		contains "$error" realtime
	fi
	try bulkhead update --kernel-memory-tcp 8m "$ID"
	if [ "$status" = 0 ]; then
		equals "$(cat "$(cgroup_dir memory)/memory.kmem.tcp.limit_in_bytes")" 8388608
	else
		contains "$error" kernelTCP
	fi
	try bulkhead update --blkio-weight 300 "$ID"
	if [ "$status" = 0 ]; then
		grep -qsx 300 "$(cgroup_dir blkio)"/blkio.*weight || grep -qs 300 "$(cgroup_dir blkio)"/blkio.*weight
	else
		contains "$error" weight
	fi
	status_is running
}

@test "update --mem-bw-schema without intelRdt, exec --apparmor and --process-label without the module" {
	run_sleeper
	fails 1 intelRdt bulkhead update --mem-bw-schema "MB:0=50" "$ID"
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] ||
		fails 255 AppArmor bulkhead exec --apparmor some-profile "$ID" /bin/true
	[ -e /sys/fs/selinux/enforce ] ||
		fails 255 SELinux bulkhead exec --process-label a:b:c:d "$ID" /bin/true
	status_is running
}
