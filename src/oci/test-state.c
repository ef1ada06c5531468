/* The state document, byte for byte. */
#include "oci/state.h"
#include "tap.h"

static void check_state(const struct oci_state *state, const char *expected)
{
	struct json_writer w;
	auto_buf text = {0};

	json_writer_init(&w, &text, 0);
	oci_state_write(state, &w);
	check_text(buf_text(&text), expected);
}

int main(void)
{
	struct map_entry entries[] = {{"a", "b"}, {"c", ""}};
	struct map annotations = {entries, 2};
	struct map none = {0};
	struct oci_state state = {
		.id = "web", .status = "creating", .pid = 12, .bundle = "/b", .annotations = &none};

	check_state(&state, "{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":12,"
			    "\"status\":\"creating\",\"bundle\":\"/b\"}");
	state.status = "stopped";
	state.pid = 0;
	state.rootfs = "/r";
	state.created = "2026-01-02T03:04:05.000000000Z";
	state.owner = "root";
	state.annotations = &annotations;
	check_state(&state,
		    "{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":0,\"status\":\"stopped\","
		    "\"bundle\":\"/b\",\"rootfs\":\"/r\","
		    "\"created\":\"2026-01-02T03:04:05.000000000Z\","
		    "\"annotations\":{\"a\":\"b\",\"c\":\"\"},\"owner\":\"root\"}");
	return tap_done();
}
