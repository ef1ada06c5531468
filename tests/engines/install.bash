# Puts the runtime under test where an administrator has it, so that contrib's configurations work
# word for word: /usr/bin/bulkhead, /usr/bin/bulkhead-vm, the guest, and /etc, all in layers over the
# machine's own that only the room of the calling file sees.
#
# shellcheck shell=bash disable=SC2034,SC2154

CONTRIB=$TOP/contrib/engines

# room_install: once, when the room is open.
room_install()
{
	inside bash -c ". '$ENGINES_DIR/engines.bash'; . '$ENGINES_DIR/install.bash'; room_layers"
}

# layer DIRECTORY: what is written there is seen in the room alone.
layer()
{
	local name=${1//\//-}
	mkdir -p "/run/layers/upper$name" "/run/layers/work$name"
	mount -t overlay -o "lowerdir=$1,upperdir=/run/layers/upper$name,workdir=/run/layers/work$name" \
		overlay "$1"
}

room_layers()
{
	local accel=${VM_ACCEL:-tcg} real
	real=$(readlink -f "$BULKHEAD")
	layer /usr && layer /etc && layer /var/lib || return 1
	rm -rf /etc/bulkhead /usr/lib/bulkhead /usr/bin/bulkhead /usr/bin/bulkhead-vm
	mkdir -p /etc/bulkhead /usr/lib/bulkhead
	printf '{"accel": "%s"}\n' "$accel" >/etc/bulkhead/bulkhead.json
	cp "$real" /usr/bin/bulkhead || return 1
	ln -s bulkhead /usr/bin/bulkhead-vm
	[ ! -e "${real%/*}/guest" ] || ln -s "${real%/*}/guest" /usr/lib/bulkhead/guest
}

# The program of the level under test, as it is found in the room.
level_program()
{
	case $ISOLATION in
	vm) echo /usr/bin/bulkhead-vm ;;
	*) echo /usr/bin/bulkhead ;;
	esac
}
