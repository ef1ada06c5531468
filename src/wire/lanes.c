/*
 * Two queues to one channel. Control overtakes data, but only between whole frames; once a piece
 * has been shown for writing, it is finished first, since a character device takes parts of it.
 */
#include "wire/frame.h"

#include "put.h"

enum { COMPACT_ABOVE = 64 * 1024 };

void frame_lanes_done(struct frame_lanes *lanes)
{
	buf_done(&lanes->control);
	buf_done(&lanes->data);
}

void frame_lanes_control(struct frame_lanes *lanes, enum frame_kind kind, uint32_t id,
			 const void *payload, size_t length)
{
	frame_append(&lanes->control, kind, id, payload, length);
	if (kind != FRAME_REQUEST && kind != FRAME_REPLY)
		lanes->noted += FRAME_HEADER_SIZE + length;
}

void frame_lanes_data(struct frame_lanes *lanes, enum frame_kind kind, uint32_t id,
		      const void *payload, size_t length)
{
	frame_append(&lanes->data, kind, id, payload, length);
}

bool frame_lanes_peek(struct frame_lanes *lanes, const void **ret_bytes, size_t *ret_size)
{
	size_t control = lanes->control.size - lanes->control_sent;

	if (frame_lanes_is_empty(lanes))
		return false;
	if (lanes->begun == 0) {
		lanes->begun_is_data = control == 0;
		lanes->begun = control > 0 ? control
					   : FRAME_HEADER_SIZE +
						     get_u32(lanes->data.data + lanes->data_sent);
	}
	*ret_bytes = lanes->begun_is_data ? lanes->data.data + lanes->data_sent
					  : lanes->control.data + lanes->control_sent;
	*ret_size = lanes->begun;
	return true;
}

static void advance(struct buf *lane, size_t *sent, size_t size)
{
	*sent += size;
	if (*sent == lane->size) {
		buf_clear(lane);
		*sent = 0;
	} else if (*sent > COMPACT_ABOVE) {
		memmove(lane->data, lane->data + *sent, lane->size - *sent);
		lane->size -= *sent;
		*sent = 0;
	}
}

void frame_lanes_wrote(struct frame_lanes *lanes, size_t size)
{
	if (size > lanes->begun)
		size = lanes->begun;
	lanes->begun -= size;
	if (lanes->begun_is_data)
		advance(&lanes->data, &lanes->data_sent, size);
	else
		advance(&lanes->control, &lanes->control_sent, size);
	if (lanes->control.size == 0)
		lanes->noted = 0;
}

bool frame_lanes_is_empty(const struct frame_lanes *lanes)
{
	return frame_lanes_size(lanes) == 0;
}

bool frame_lanes_data_is_full(const struct frame_lanes *lanes)
{
	return lanes->data.size - lanes->data_sent >= FRAME_LANE_FULL;
}

size_t frame_lanes_size(const struct frame_lanes *lanes)
{
	return lanes->control.size - lanes->control_sent + lanes->data.size - lanes->data_sent;
}
