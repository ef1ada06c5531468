# Programs of tests/lib that only some suites need.
#
# shellcheck shell=bash disable=SC2154 # CACHE and TOP come from the harness

# build_tool NAME [OPTION...]: tests/lib/NAME.c as $CACHE/NAME.
build_tool()
{
	local name=$1
	shift
	exec 8>"$CACHE/lock"
	flock 8
	if [ ! -x "$CACHE/$name" ] || [ "$TOP/tests/lib/$name.c" -nt "$CACHE/$name" ]; then
		gcc -std=gnu17 -O2 -D_GNU_SOURCE "$@" -o "$CACHE/$name.new" "$TOP/tests/lib/$name.c" &&
			mv "$CACHE/$name.new" "$CACHE/$name" || return 1
	fi
	exec 8>&-
}
