#!/usr/bin/env bats
# The Debian packages of contrib/debian, and `meson install`: built, looked into, installed over a copy
# of this machine's files that only the test sees, used, removed. What is installed first and what is
# left last are compared by the names of all files.

load ../integration/helpers

setup_file()
{
	local tool
	export PACKAGES="" MISSING=""
	[ "$(id -u)" = 0 ] || { MISSING="must be root"; return 0; }
	for tool in dpkg-buildpackage dh lintian meson; do
		command -v "$tool" >/dev/null || { MISSING="no $tool here"; return 0; }
	done
	build_cache
	PACKAGES=$(mktemp -d /tmp/bulkhead-packaging.XXXXXX)
	"$TOP/contrib/debian/build" -o "$PACKAGES" >"$PACKAGES/log" 2>&1 || { cat "$PACKAGES/log"; return 1; }
}

teardown_file()
{
	[ -z "$PACKAGES" ] || rm -rf "$PACKAGES"
}

setup()
{
	[ -z "$MISSING" ] || skip "$MISSING"
	WORK=$(mktemp -d "$PACKAGES/test.XXXXXX")
	chmod 755 "$PACKAGES" "$WORK"
}

teardown()
{
	[ -z "$WORK" ] || rm -rf --one-file-system "$WORK"
}

# package NAME: its file.
package()
{
	echo "$PACKAGES/$1"_*.deb
}

# has_files PACKAGE PATH...
has_files()
{
	local file list
	list=$(dpkg-deb --fsys-tarfile "$(package "$1")" | tar -t)
	shift
	for file; do
		grep -qxF "./$file" <<<"$list" || { echo "no $file in"; echo "$list"; return 1; }
	done
}

# on_a_copy SCRIPT: run by bash where what is written to the system is seen by nobody else.
on_a_copy()
{
	cat >"$WORK/script" <<-'END'
		set -eu
		trap 'echo "failed: $BASH_COMMAND"' ERR
		mount -t tmpfs tmpfs /run
		for directory in usr etc var boot; do
			mkdir -p "/run/layers/upper-$directory" "/run/layers/work-$directory"
			mount -t overlay -o "lowerdir=/$directory,upperdir=/run/layers/upper-$directory,workdir=/run/layers/work-$directory" overlay "/$directory"
		done
		rm -rf /etc/bulkhead /usr/lib/bulkhead /var/lib/bulkhead /usr/bin/bulkhead /usr/bin/bulkhead-vm /usr/local/bin/bulkhead*
		# What dpkg, its triggers and Python write of their own.
		listing()
		{
			find /usr /etc /var /boot /run -xdev \( -path /var/cache -o -path /var/log -o -path /var/lib/dpkg \
				-o -path /run/layers -o -name __pycache__ \) -prune -o -print | sort
		}
		same_as_before()
		{
			listing >"$WORK/after"
			diff "$WORK/before" "$WORK/after"
		}
		# bundle: in the current directory, of a program that says where it is.
		bundle()
		{
			cp -a "$CACHE/rootfs" rootfs
			bulkhead spec
			jq '.process.terminal = false | .process.args = ["sh", "-c", "echo inside; cat /proc/sys/kernel/random/boot_id"]' \
				config.json >config.new
			mv config.new config.json
		}
		cd "$WORK"
		listing >before
	END
	cat >>"$WORK/script"
	WORK=$WORK CACHE=$CACHE TOP=$TOP RUNTIME_DEB=$(package bulkhead) GUEST_DEB=$(package bulkhead-guest) \
		DEBIAN_FRONTEND=noninteractive unshare --mount --propagation private bash "$WORK/script"
}

@test "packages: what is in them" {
	has_files bulkhead usr/bin/bulkhead usr/bin/bulkhead-vm usr/share/man/man8/bulkhead.8.gz \
		usr/share/man/man8/bulkhead-vm.8.gz usr/share/bash-completion/completions/bulkhead \
		usr/share/zsh/site-functions/_bulkhead usr/share/fish/vendor_completions.d/bulkhead.fish
	has_files bulkhead-guest usr/lib/bulkhead/agent usr/lib/bulkhead/make-guest usr/lib/bulkhead/guest
	[ "$(dpkg-deb -f "$(package bulkhead)" Version)" = "$(dpkg-deb -f "$(package bulkhead-guest)" Version)" ]
}

@test "packages: lintian finds nothing that is not explained" {
	run lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$(package bulkhead)" "$(package bulkhead-guest)"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output != *"E: "* && $output != *"W: "* ]]
}

@test "packages: installed, a container of each level runs; removed and purged, nothing is left" {
	compgen -G '/boot/vmlinuz-*-cloud-*' >/dev/null || skip "no cloud kernel here"
	on_a_copy <<-'END'
		dpkg -i "$RUNTIME_DEB" "$GUEST_DEB"
		bundle
		[ "$(bulkhead run one | head -n 1)" = inside ]
		bulkhead-vm --vm-accel=tcg run two >two.out
		[ "$(head -n 1 two.out)" = inside ]
		[ "$(tail -n 1 two.out)" != "$(cat /proc/sys/kernel/random/boot_id)" ]
		mkdir -p /etc/bulkhead
		echo '{"accel": "tcg"}' >/etc/bulkhead/bulkhead.json
		bulkhead-vm run three >/dev/null
		dpkg --remove bulkhead-guest bulkhead
		test -e /etc/bulkhead/bulkhead.json
		! command -v bulkhead
		dpkg --purge bulkhead-guest bulkhead
		same_as_before
	END
}

@test "packages: a kernel that comes makes the guest again" {
	compgen -G '/boot/vmlinuz-*-cloud-*' >/dev/null || skip "no cloud kernel here"
	on_a_copy <<-'END'
		dpkg -i "$RUNTIME_DEB" "$GUEST_DEB"
		rm /usr/lib/bulkhead/guest/guest.json
		dpkg-trigger --by-package=bulkhead /boot
		dpkg --configure --pending
		test -s /usr/lib/bulkhead/guest/guest.json
		dpkg --purge bulkhead-guest bulkhead
		same_as_before
	END
}

@test "meson: install, a container, and uninstall leaves nothing" {
	on_a_copy <<-'END'
		cp -a "$TOP/build" built
		meson setup --reconfigure --prefix=/usr built "$TOP" >/dev/null
		ninja -C built >/dev/null
		meson install -C built --no-rebuild >/dev/null
		bundle
		[ "$(bulkhead run one | head -n 1)" = inside ]
		test -L /usr/bin/bulkhead-vm
		ninja -C built uninstall >/dev/null
		rm -rf /run/bulkhead
		same_as_before
	END
}
