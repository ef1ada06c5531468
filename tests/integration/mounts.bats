#!/usr/bin/env bats
# mounts: file systems, bind mounts, every option, propagation, paths.

load helpers

add_mount()
{
	update_config ".mounts += [$1]" "${@:2}"
}

@test "the usual mounts have their types" {
	update_config '.mounts += [{destination: "/dev/mqueue", type: "mqueue", source: "mqueue",
		options: ["nosuid", "noexec", "nodev"]}]'
	in_container /bin/probe mount
	contains "$output" "/proc proc "
	contains "$output" "/dev tmpfs "
	contains "$output" "/dev/pts devpts "
	contains "$output" "/dev/shm tmpfs "
	contains "$output" "/dev/mqueue mqueue "
	contains "$output" "/sys sysfs ro,nosuid,nodev,noexec"
}

@test "the host's mounts are not seen" {
	in_container /bin/probe mount
	lacks "$output" "$WORK"
	equals "$(echo "$output" | cut -d' ' -f1 | head -n 1)" /
}

@test "mount options that set flags" {
	for pair in ro:ro nosuid:nosuid nodev:nodev noexec:noexec noatime:noatime nodiratime:nodiratime \
		nosymfollow:nosymfollow; do
		update_config '.mounts |= map(select(.destination != "/mnt"))'
		add_mount '{destination: "/mnt", type: "tmpfs", source: "t", options: [$o]}' --arg o "${pair%:*}"
		in_container /bin/probe mount /mnt
		contains ",$(echo "$output" | cut -d' ' -f2)," ",${pair#*:},"
	done
}

@test "mount options that clear flags, the last one wins" {
	add_mount '{destination: "/mnt", type: "tmpfs", source: "t",
		options: ["ro", "nosuid", "nodev", "noexec", "noatime", "rw", "suid", "dev", "exec", "atime"]}'
	in_container /bin/probe mount /mnt
	equals "$(echo "$output" | cut -d' ' -f2)" "rw,relatime"
}

@test "super block options: sync, dirsync, lazytime, mode and size" {
	add_mount '{destination: "/mnt", type: "tmpfs", source: "t", options: ["mode=0711", "size=1m", "sync", "dirsync"]}'
	in_container /bin/sh -c 'probe mount /mnt; stat -c %a /mnt'
	contains "$output" "size=1024k"
	contains "$output" sync
	contains "$output" 711
}

@test "options without effect of their own are accepted" {
	add_mount '{destination: "/mnt", type: "tmpfs", source: "t", options: ["defaults", "async", "loud", "silent",
		"norelatime", "relatime", "nostrictatime", "noiversion", "nolazytime", "diratime", "symfollow"]}'
	in_container /bin/true
}

@test "strictatime" {
	add_mount '{destination: "/mnt", type: "tmpfs", source: "t", options: ["strictatime"]}'
	in_container /bin/probe mount /mnt
	lacks "$(echo "$output" | cut -d' ' -f2)" relatime
}

@test "a bind mount of a directory and of a file" {
	mkdir "$WORK/dir"
	echo from-host >"$WORK/dir/file"
	add_mount '{destination: "/a/b/c", source: $s, options: ["bind"]}' --arg s "$WORK/dir"
	add_mount '{destination: "/etc/new/file", type: "bind", source: $s, options: ["rbind"]}' --arg s "$WORK/dir/file"
	in_container /bin/cat /a/b/c/file /etc/new/file
	equals "$output" $'from-host\nfrom-host'
}

@test "a bind mount is known by its options, not its type" {
	mkdir "$WORK/dir"
	echo x >"$WORK/dir/file"
	add_mount '{destination: "/mnt", type: "none", source: $s, options: ["rbind"]}' --arg s "$WORK/dir"
	in_container /bin/cat /mnt/file
	equals "$output" x
}

@test "a relative bind source is taken from the bundle" {
	mkdir "$BUNDLE/shared"
	echo y >"$BUNDLE/shared/file"
	add_mount '{destination: "/mnt", type: "bind", source: "shared", options: ["bind"]}'
	in_container /bin/cat /mnt/file
	equals "$output" y
}

@test "a missing bind source is an error that names it" {
	add_mount '{destination: "/mnt", type: "bind", source: "/no/such/source", options: ["bind"]}'
	refused /no/such/source
}

@test "bind with flags: ro, nosuid and others take effect, the source keeps its own" {
	mkdir "$WORK/dir"
	add_mount '{destination: "/mnt", type: "bind", source: $s, options: ["rbind", "ro", "nosuid", "nodev", "noexec"]}' \
		--arg s "$WORK/dir"
	in_container /bin/sh -c 'probe mount /mnt; touch /mnt/x; true'
	contains "$output" "ro,nosuid,nodev,noexec"
	contains "$error" "Read-only"
	touch "$WORK/dir/writable"
}

@test "rbind carries submounts, bind does not" {
	mkdir -p "$WORK/dir/sub"
	mount -t tmpfs tmpfs "$WORK/dir/sub"
	touch "$WORK/dir/sub/file"
	add_mount '{destination: "/r", type: "bind", source: $s, options: ["rbind"]}' --arg s "$WORK/dir"
	add_mount '{destination: "/n", type: "bind", source: $s, options: ["bind"]}' --arg s "$WORK/dir"
	set_args /bin/sh -c 'ls /r/sub; echo -; ls /n/sub'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	umount "$WORK/dir/sub"
	equals "$output" $'file\n-'
}

@test "recursive attributes reach submounts: rro, rnosuid, rnodev, rnoexec, rnoatime" {
	requires_kernel 5 12
	mkdir -p "$WORK/dir/sub"
	mount -t tmpfs tmpfs "$WORK/dir/sub"
	add_mount '{destination: "/r", type: "bind", source: $s,
		options: ["rbind", "rro", "rnosuid", "rnodev", "rnoexec", "rnoatime"]}' --arg s "$WORK/dir"
	# A guest mounts it when somebody goes there.
	set_args /bin/sh -c 'touch /r/sub/x; probe mount /r/sub'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	umount "$WORK/dir/sub"
	contains "$output" "ro,nosuid,nodev,noexec,noatime"
	contains "$error" Read-only
}

@test "every option that features lists is accepted" {
	options=$("$BULKHEAD" features | jq -r '.mountOptions[]')
	mkdir "$WORK/dir"
	number=0
	for option in $options; do
		case $option in
		remount | idmap | ridmap | mand | nomand) continue ;;
		bind | rbind | *private | *slave | *shared | *unbindable | r[a-z]*) base='"rbind"' ;;
		*) base= ;;
		esac
		number=$((number + 1))
		if [ -n "$base" ]; then
			add_mount '{destination: $d, type: "bind", source: $s, options: ["rbind", $o]}' \
				--arg s "$WORK/dir" --arg o "$option" --arg d "/mnt/$number-$option"
		else
			add_mount '{destination: $d, type: "tmpfs", source: "t", options: [$o]}' \
				--arg o "$option" --arg d "/mnt/$number-$option"
		fi
	done
	[ "$number" -ge 40 ]
	in_container /bin/sh -c "ls /mnt | wc -l"
	equals "$output" "$number"
}

@test "bind with file system data is refused" {
	mkdir "$WORK/dir"
	add_mount '{destination: "/mnt", type: "bind", source: $s, options: ["bind", "size=5m"]}' --arg s "$WORK/dir"
	refused "mounts["
}

@test "an unknown option goes to the file system, whose refusal names the mount" {
	add_mount '{destination: "/mnt", type: "tmpfs", source: "t", options: ["nosuchoption=1"]}'
	refused /mnt
}

@test "an unknown file system type is refused" {
	add_mount '{destination: "/mnt", type: "nosuchfs", source: "t"}'
	refused nosuchfs
}

@test "a mount without destination is refused" {
	add_mount '{type: "tmpfs", source: "t"}'
	refused "mounts["
}

@test "a relative destination is taken from / with no more than a warning" {
	add_mount '{destination: "rel/mnt", type: "tmpfs", source: "t"}'
	in_container /bin/probe mount /rel/mnt
	contains "$output" tmpfs
}

@test "missing destinations are made with 0755" {
	add_mount '{destination: "/new/deep/dir", type: "tmpfs", source: "t"}'
	in_container /bin/sh -c 'stat -c %a /new /new/deep'
	equals "$output" $'755\n755'
}

@test "tmpfs keeps the mode of the directory below" {
	mkdir -m 1777 "$ROOTFS/sticky"
	add_mount '{destination: "/sticky", type: "tmpfs", source: "t"}'
	in_container /bin/stat -c %a /sticky
	equals "$output" 1777
}

@test "tmpcopyup copies what the directory has" {
	mkdir -p "$ROOTFS/data/sub"
	echo old >"$ROOTFS/data/sub/file"
	ln -s sub/file "$ROOTFS/data/link"
	chown 12:34 "$ROOTFS/data/sub/file"
	chmod 666 "$ROOTFS/data/sub/file"
	add_mount '{destination: "/data", type: "tmpfs", source: "t", options: ["tmpcopyup"]}'
	in_container /bin/sh -c 'cat /data/sub/file; readlink /data/link; stat -c %u:%g /data/sub/file; echo new > /data/sub/file'
	equals "$output" $'old\nsub/file\n12:34'
	equals "$(cat "$ROOTFS/data/sub/file")" old
}

@test "ro tmpfs at /dev is read-only after the devices were made" {
	update_config '.mounts |= map(if .destination == "/dev" then .options += ["ro"] else . end)'
	in_container /bin/sh -c 'touch /dev/x; ls /dev/null'
	contains "$error" Read-only
	equals "$output" /dev/null
}

@test "mounts are made in the order of the list" {
	add_mount '{destination: "/mnt", type: "tmpfs", source: "t"}'
	add_mount '{destination: "/mnt/a", type: "tmpfs", source: "t"}'
	add_mount '{destination: "/mnt/a", type: "tmpfs", source: "t", options: ["size=1m"]}'
	in_container /bin/sh -c 'grep -c " /mnt/a " /proc/self/mountinfo; probe mount /mnt/a'
	equals "$(echo "$output" | head -n 1)" 2
	contains "$output" size=1024k
}

@test "propagation options of a mount" {
	mkdir "$WORK/dir"
	for pair in shared:shared: rslave:none rprivate:none unbindable:unbindable; do
		update_config '.mounts |= map(select(.destination != "/mnt"))'
		add_mount '{destination: "/mnt", type: "bind", source: $s, options: ["rbind", $o]}' \
			--arg s "$WORK/dir" --arg o "${pair%%:*}"
		in_container /bin/probe mount /mnt
		case $pair in
		*none) lacks "$output" shared: ;;
		*) contains "$output" "${pair#*:}" ;;
		esac
	done
}

@test "rootfsPropagation" {
	for pair in shared:shared: private: slave: unbindable:unbindable; do
		update_config '.linux.rootfsPropagation = $p' --arg p "${pair%%:*}"
		in_container /bin/probe mount /
		contains "$output" "${pair#*:}"
		[ "${pair%%:*}" = shared ] || lacks "$output" shared:
	done
	update_config '.linux.rootfsPropagation = "nosuch"'
	refused rootfsPropagation
}

@test "mounts in the container do not reach the host" {
	mkdir "$ROOTFS/mnt/x"
	update_config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	set_args /bin/sh -c 'mount -t tmpfs tmpfs /mnt/x && echo mounted; sleep 1000'
	run_detached
	wait_for file_has "$WORK/stdout" mounted
	lacks "$(cat /proc/self/mountinfo)" "$ROOTFS"
}

@test "a mount made on the host after create reaches a slave mount" {
	mkdir -p "$WORK/dir/sub"
	mount --bind "$WORK/dir" "$WORK/dir"
	mount --make-shared "$WORK/dir"
	add_mount '{destination: "/mnt", type: "bind", source: $s, options: ["rbind", "rslave"]}' --arg s "$WORK/dir"
	run_sleeper
	mount -t tmpfs tmpfs "$WORK/dir/sub"
	touch "$WORK/dir/sub/later"
	try bulkhead exec "$ID" /bin/ls /mnt/sub
	# The file server of a guest holds on to what has been looked at.
	umount ${ISOLATION:+--lazy} "$WORK/dir/sub"
	umount ${ISOLATION:+--lazy} "$WORK/dir"
	equals "$output" later
}

@test "the mount point of the rootfs is private: nothing leaks to a shared parent" {
	mkdir "$WORK/shared"
	mount -t tmpfs tmpfs "$WORK/shared"
	mount --make-shared "$WORK/shared"
	cp -a "$BUNDLE" "$WORK/shared/bundle"
	set_args /bin/sleep 1000
	cp "$CONFIG" "$WORK/shared/bundle/config.json"
	succeeds bulkhead run --detach --bundle "$WORK/shared/bundle" "$ID"
	count=$(grep -c "$WORK/shared" /proc/self/mountinfo)
	bulkhead delete --force "$ID"
	umount "$WORK/shared"
	equals "$count" 1
}

@test "an overlay and a root filesystem that is a mount of its own" {
	requires_filesystem overlay
	mkdir "$WORK/upper" "$WORK/work" "$WORK/merged"
	mount -t tmpfs tmpfs "$WORK/upper"
	mkdir "$WORK/upper/u" "$WORK/upper/w"
	mount -t overlay overlay -o "lowerdir=$ROOTFS,upperdir=$WORK/upper/u,workdir=$WORK/upper/w" "$WORK/merged"
	update_config '.root.path = $p' --arg p "$WORK/merged"
	set_args /bin/touch /made
	try bulkhead run --bundle "$BUNDLE" "$ID"
	umount "$WORK/merged"
	[ -e "$WORK/upper/u/made" ]
	umount "$WORK/upper"
	[ "$status" = 0 ]
	[ ! -e "$ROOTFS/made" ]
}

@test "--no-pivot" {
	set_args /bin/sh -c 'ls /; probe mount / | cut -d" " -f1'
	succeeds bulkhead run --no-pivot --bundle "$BUNDLE" "$ID"
	contains "$output" bin
	lacks "$output" vmlinuz
}

@test "id-mapped mounts: files look as mapped" {
	requires_kernel 5 12
	requires_call mount_setattr
	mkdir "$WORK/dir"
	touch "$WORK/dir/file"
	chown 1000:1000 "$WORK/dir/file"
	add_mount '{destination: "/mnt", type: "bind", source: $s, options: ["rbind", "idmap"],
		uidMappings: [{containerID: 1000, hostID: 4000, size: 1}],
		gidMappings: [{containerID: 1000, hostID: 5000, size: 1}]}' --arg s "$WORK/dir"
	set_args /bin/stat -c %u:%g /mnt/file
	try bulkhead run --bundle "$BUNDLE" "$ID"
	if [[ ${error,,} == *"not supported"* || ${error,,} == *"invalid argument"* ]]; then
		skip "the file system cannot be id-mapped"
	fi
	equals "$output" 4000:5000
}

@test "id-mapped mounts: one list alone, idmap with nothing to map by" {
	mkdir "$WORK/dir"
	add_mount '{destination: "/mnt", type: "bind", source: $s, options: ["rbind", "idmap"],
		uidMappings: [{containerID: 0, hostID: 0, size: 1}]}' --arg s "$WORK/dir"
	refused "mounts["
	update_config 'del(.mounts[-1].uidMappings)'
	refused "mounts["
	update_config '.mounts[-1].options = ["rbind", "ridmap"]'
	refused "mounts["
}

@test "nothing is mounted below /proc but the files engines replace" {
	echo "MemTotal: 1 kB" >"$WORK/meminfo"
	add_mount '{destination: "/proc/meminfo", type: "bind", source: $s, options: ["bind", "ro"]}' --arg s "$WORK/meminfo"
	in_container /bin/cat /proc/meminfo
	equals "$output" "MemTotal: 1 kB"
	for target in /proc/self /proc/sys/kernel /proc/self/attr /proc/1 /proc/sysrq-trigger; do
		update_config '.mounts[-1].destination = $t' --arg t "$target"
		refused "/proc"
	done
}

@test "/proc and /sys that are links in the image are refused" {
	rmdir "$ROOTFS/proc"
	mkdir "$ROOTFS/bad"
	ln -s /bad "$ROOTFS/proc"
	refused "/proc"
}

@test "destinations through links and dot-dots stay below the rootfs" {
	mkdir -p "$WORK/host/sub"
	ln -s "$WORK/host" "$ROOTFS/abs"
	ln -s ../../../../../../../../.."$WORK/host" "$ROOTFS/rel"
	for target in /abs/new /abs/sub /rel/new /rel/sub "/../../../../..$WORK/host/new"; do
		add_mount '{destination: $t, type: "tmpfs", source: "t"}' --arg t "$target"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		update_config 'del(.mounts[-1])'
		equals "$(find "$WORK/host" -mindepth 1 | sort)" "$WORK/host/sub"
	done
}

@test "a mount with source missing where none is needed" {
	add_mount '{destination: "/mnt", type: "tmpfs"}'
	in_container /bin/probe mount /mnt
	contains "$output" tmpfs
}

@test "remount changes an existing mount" {
	add_mount '{destination: "/mnt", type: "tmpfs", source: "t"}'
	add_mount '{destination: "/mnt", type: "tmpfs", source: "t", options: ["remount", "ro", "nosuid"]}'
	in_container /bin/probe mount /mnt
	contains "$output" "ro,nosuid"
}

@test "many mounts" {
	update_config '.mounts += [range(150) | {destination: "/mnt/m\(.)", type: "tmpfs", source: "tmpfs"}]'
	in_container /bin/sh -c 'grep -c /mnt/m /proc/self/mountinfo'
	equals "$output" 150
}

@test "copy-symlink: a link is copied as it is, anything else is bound" {
	mkdir -p "$WORK/dir"
	echo text >"$WORK/dir/file"
	ln -s /somewhere/else "$WORK/dir/link"
	update_config '.mounts += [{destination: "/etc/link", type: "bind", source: ($w + "/dir/link"), options: ["bind", "copy-symlink"]},
		{destination: "/etc/file", type: "bind", source: ($w + "/dir/file"), options: ["bind", "copy-symlink"]}]' --arg w "$WORK"
	set_args /bin/sh -c 'readlink /etc/link; cat /etc/file'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" $'/somewhere/else\ntext'
}
