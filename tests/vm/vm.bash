# What the suites of the vm level share: the helpers of the others, at that level, and looks at the
# machine's processes.
#
# shellcheck shell=bash disable=SC2034,SC2154

ISOLATION=vm
# shellcheck source=tests/integration/helpers.bash
source "${BASH_SOURCE[0]%/*}/../integration/helpers.bash"

# A guest beside the program, or that of GUEST=DIR.
setup()
{
	[ -e "${GUEST:-$(dirname "$BULKHEAD")/guest}/guest.json" ] ||
		skip "no guest: make one with contrib/guest/build"
	setup_container
}

# start_sleeping [ARGUMENT...]: a detached container that does nothing, or that.
start_sleeping()
{
	if [ $# -gt 0 ]; then set_args "$@"; else set_args sleep 1000; fi
	succeeds bulkhead run --detach --bundle "$BUNDLE" "$ID"
	MONITOR=$(state_field .pid)
	HYPERVISOR=$(pgrep -P "$MONITOR" qemu)
	SERVER=$(pgrep -P "$MONITOR" virtiofsd)
}

status_line()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

is_gone()
{
	[ ! -e "/proc/$1" ] || [[ $(status_line "$1" State) == [ZX]* ]]
}

# Processes, mounts, taps and sockets of a machine that has ended.
assert_machine_gone()
{
	local pid
	for pid in "$MONITOR" "$HYPERVISOR" "$SERVER"; do
		wait_for is_gone "$pid"
	done
	[ ! -S "$STATE/$ID/files" ]
}
