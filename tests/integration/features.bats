#!/usr/bin/env bats
# What the features document claims, held against what really happens: each name it lists is used in a
# container, and one that this suite does not know fails it.

load helpers

features()
{
	"$BULKHEAD" features | jq -r "$1"
}

# What mountinfo shows of an option: on the mount, on the file system ("super"), or nothing ("-").
expected_flag()
{
	case $1 in
	ro | nosuid | nodev | noexec | noatime | nodiratime | nosymfollow) echo "$1" ;;
	relatime) echo relatime ;;
	sync | dirsync | lazytime | mand) echo "super $1" ;;
	shared | rshared) echo "tag shared:" ;;
	unbindable | runbindable) echo "tag unbindable" ;;
	rro | rnosuid | rnodev | rnoexec | rnoatime | rnodiratime | rnosymfollow) echo "${1#r}" ;;
	rrelatime) echo relatime ;;
	rw | suid | dev | exec | atime | diratime | symfollow | async | nolazytime | nomand | defaults | loud | silent | \
		iversion | noiversion | norelatime | strictatime | nostrictatime | private | rprivate | slave | rslave | bind | rbind | \
		rrw | rsuid | rdev | rexec | ratime | rdiratime | rsymfollow | rnorelatime | rstrictatime | rnostrictatime | \
		tmpcopyup | copy-symlink | src-nofollow | dest-nofollow) echo - ;;
	remount | idmap | ridmap) echo elsewhere ;;
	*) echo unknown ;;
	esac
}

@test "each mount option: accepted, and to be seen where it can be" {
	requires_call mount_setattr
	mkdir "$WORK/dir"
	n=0
	while read -r option; do
		expected=$(expected_flag "$option")
		case $expected in
		elsewhere) continue ;;
		unknown) fail_test "no expectation for option $option" ;;
		esac
		case $option in
		bind | rbind | *private | *slave | *shared | *unbindable | r[a-z]* | *-nofollow | copy-symlink) kind=bind ;;
		*) kind=tmpfs ;;
		esac
		[ "$option" != relatime ] || kind=tmpfs
		n=$((n + 1))
		update_config '.mounts += [{destination: "/m\($n)", type: $k, source: (if $k == "bind" then $s else "t" end),
			options: (if $k == "bind" then ["rbind", $o] else [$o] end)}]' \
			--arg n $n --arg k $kind --arg s "$WORK/dir" --arg o "$option"
		echo "/m$n $option $expected" >>"$WORK/expected"
	done < <(features '.mountOptions[]')
	in_container /bin/probe mount
	while read -r target option expected; do
		line=$(echo "$output" | grep "^$target ") || fail_test "$option: not mounted"
		read -r _ _ options super tags <<<"$line"
		case $expected in
		-) ;;
		"super "*) [[ ",$super," == *",${expected#* },"* ]] || [ "$option" = mand ] || fail_test "$option: $line" ;;
		"tag "*) [[ $tags == *"${expected#* }"* ]] || fail_test "$option: $line" ;;
		*) [[ ",$options," == *",$expected,"* ]] || fail_test "$option: $line" ;;
		esac
	done <"$WORK/expected"
}

@test "each namespace: a new one is made" {
	while read -r type; do
		jq --arg path "/$ID" '.linux.cgroupsPath = $path' "$TOP/tests/data/base.json" >"$CONFIG"
		update_config '.linux.namespaces |= (map(select(.type != $t)) + [{type: $t}])
			| if $t == "user" then .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}]
				| .linux.gidMappings = .linux.uidMappings | del(.linux.resources) else . end' --arg t "$type"
		case $type in
		mount) file=mnt ;;
		network) file=net ;;
		*) file=$type ;;
		esac
		requires_namespace "$file"
		in_container /bin/probe namespaces
		[ "$(echo "$output" | awk -v n="$file" '$1 == n { print $2 }')" != "$(readlink "/proc/self/ns/$file")" ] ||
			fail_test "$type is not new"
	done < <(features '.linux.namespaces[]')
}

@test "each capability: granted when the runtime has it" {
	differs_at vm "root of the guest has every capability"
	mask=$(awk '/^CapEff:/ { print $2 }' /proc/self/status)
	last=$(cat /proc/sys/kernel/cap_last_cap)
	mapfile -t names < <(features '.linux.capabilities[]')
	[ ${#names[@]} -gt "$last" ] || fail_test "the kernel knows $last capabilities, the document ${#names[@]}"
	jq '.process.capabilities |= (map_values($ARGS.positional) | .inheritable = [])' "$CONFIG" --args "${names[@]}" >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	in_container /bin/probe caps
	contains "$output" "effective=$mask"
}

@test "each hook: it runs" {
	mapfile -t kinds < <(features '.hooks[]')
	for kind in "${kinds[@]}"; do
		update_config '.hooks[$k] = [{path: "/bin/sh", args: ["sh", "-c", $s]}]' --arg k "$kind" \
			--arg s "cat >/dev/null; touch $WORK/ran.$kind 2>/dev/null || touch /tmp/ran.$kind"
	done
	in_container /bin/true
	for kind in "${kinds[@]}"; do
		[ -e "$WORK/ran.$kind" ] || [ -e "$ROOTFS/tmp/ran.$kind" ] || fail_test "$kind did not run"
	done
}

@test "each action of seccomp: it acts" {
	while read -r action; do
		update_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: $a}]}' \
			--arg a "$action"
		set_args /bin/probe syscall 162
		try bulkhead run --bundle "$BUNDLE" "$ID"
		case $action in
		SCMP_ACT_ALLOW | SCMP_ACT_LOG) equals "$action $status $output" "$action 0 ok" ;;
		SCMP_ACT_ERRNO) equals "$action $output" "$action EPERM" ;;
		SCMP_ACT_TRACE) equals "$action $output" "$action ENOSYS" ;;
		SCMP_ACT_KILL | SCMP_ACT_KILL_*) [ "$status" -ge 128 ] || fail_test "$action" ;;
		# The first process of a pid namespace is ended by a trap it does not handle too.
		SCMP_ACT_TRAP) equals "$action $status" "$action 159" ;;
		SCMP_ACT_NOTIFY) contains "$error" linux.seccomp ;;
		*) fail_test "no expectation for $action" ;;
		esac
	done < <(features '.linux.seccomp.actions[]')
}

@test "each operator of seccomp: it compares" {
	# personality(0xffffffff) only asks.
	while read -r operator; do
		case $operator in
		SCMP_CMP_NE) value=1 ;;
		SCMP_CMP_LT) value=4294967296 ;;
		SCMP_CMP_LE | SCMP_CMP_EQ | SCMP_CMP_GE) value=4294967295 ;;
		SCMP_CMP_GT) value=1 ;;
		SCMP_CMP_MASKED_EQ) value=255 ;;
		*) fail_test "no expectation for $operator" ;;
		esac
		for two in 255 0; do
			update_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"],
				action: "SCMP_ACT_ERRNO", args: [{index: 0, value: $v, valueTwo: $t, op: $o}]}]}' \
				--arg o "$operator" --argjson v "$value" --argjson t "$two"
			set_args /bin/probe syscall 135 0xffffffff
			try bulkhead run --bundle "$BUNDLE" "$ID"
			case $operator:$two in
			SCMP_CMP_MASKED_EQ:0) equals "$operator $output" "$operator ok" ;;
			*) equals "$operator $output" "$operator EPERM" ;;
			esac
		done
	done < <(features '.linux.seccomp.operators[]')
}

@test "each flag of seccomp: supported ones are taken, others are refused by name" {
	while read -r flag; do
		update_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: [$f],
			syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO"}]}' --arg f "$flag"
		set_args /bin/probe syscall 162
		try bulkhead run --bundle "$BUNDLE" "$ID"
		if [ "$flag" = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ]; then
			# It needs a listener.
			contains "$error" linux.seccomp.flags
		elif features '.linux.seccomp.supportedFlags[]' | grep -qx "$flag"; then
			equals "$flag $output" "$flag EPERM"
		else
			contains "$error" linux.seccomp.flags
		fi
	done < <(features '.linux.seccomp.knownFlags[]')
}

@test "each memory policy and flag: in force, or refused by the kernel under its name" {
	differs_at vm "the memory that a policy is for is the machine's, on the host"
	[ -e /sys/devices/system/node/node0 ] || skip "no NUMA"
	number=0
	while read -r mode; do
		case $mode in
		MPOL_DEFAULT | MPOL_LOCAL) nodes= ;;
		*) nodes=0 ;;
		esac
		update_config '.linux.memoryPolicy = ({mode: $m} + if $n == "" then {} else {nodes: $n} end)' \
			--arg m "$mode" --arg n "$nodes"
		set_args /bin/probe mempolicy
		try bulkhead run --bundle "$BUNDLE" "$ID"
		if [ "$status" = 0 ]; then
			contains "$output" "mode=$number "
		else
			contains "$error" linux.memoryPolicy
		fi
		number=$((number + 1))
	done < <(features '.linux.memoryPolicy.modes[]')
	while read -r flag; do
		update_config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: [$f]}' --arg f "$flag"
		set_args /bin/probe mempolicy
		try bulkhead run --bundle "$BUNDLE" "$ID"
		if [ "$status" = 0 ]; then
			lacks "$output" "flags=0 "
		else
			contains "$error" linux.memoryPolicy
		fi
	done < <(features '.linux.memoryPolicy.flags[]')
}

@test "versions: the lowest and the highest are accepted, the next is not" {
	for version in $(features '.ociVersionMin, .ociVersionMax'); do
		update_config '.ociVersion = $v' --arg v "$version"
		in_container /bin/true
	done
	next=$(features '.ociVersionMax | split(".") | "\(.[0]).\((.[1] | tonumber) + 1).0"')
	update_config '.ociVersion = $v' --arg v "$next"
	refused ociVersion
}
