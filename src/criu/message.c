/*
 * CRIU's messages.
 *
 * libcriu would do this, but knows neither the configuration file nor empty namespaces nor the
 * status descriptor, and needs protobuf-c; of protocol buffers this takes two of the six encodings:
 * numbers of seven bits a byte, and bytes behind their length. The field numbers are rpc.proto's.
 */
#include "message.h"

#include <errno.h>
#include <string.h>

enum { WIRE_NUMBER = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* ---- writing ---- */

static void put_varint(struct buf *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		buf_append_char(out, (char)(value | 0x80));
	buf_append_char(out, (char)value);
}

static void put_number(struct buf *out, unsigned int field, uint64_t value)
{
	put_varint(out, field << 3 | WIRE_NUMBER);
	put_varint(out, value);
}

static void put_flag(struct buf *out, unsigned int field, bool value)
{
	if (value)
		put_number(out, field, 1);
}

static void put_bytes(struct buf *out, unsigned int field, const void *bytes, size_t size)
{
	put_varint(out, field << 3 | WIRE_BYTES);
	put_varint(out, size);
	buf_append(out, bytes, size);
}

static void put_text(struct buf *out, unsigned int field, const char *text)
{
	if (text)
		put_bytes(out, field, text, strlen(text));
}

/* A message of two strings, or of a string and a number. */
static void put_pair(struct buf *out, unsigned int field, const char *first, const char *second)
{
	auto_buf inner = {0};

	put_text(&inner, 1, first);
	put_text(&inner, 2, second);
	put_bytes(out, field, inner.data, inner.size);
}

static void put_named_number(struct buf *out, unsigned int field, const char *name, uint64_t number)
{
	auto_buf inner = {0};

	put_text(&inner, 1, name);
	put_number(&inner, 2, number);
	put_bytes(out, field, inner.data, inner.size);
}

static void put_flags(struct buf *out, const struct criu_request *request)
{
	const struct {
		unsigned int field;
		bool value;
	} flags[] = {
		{3, request->leave_running},
		{4, request->ext_unix_sk},
		{5, request->tcp_established},
		{7, request->shell_job},
		{8, request->file_locks},
		/* Notices. A dump goes on by itself when nobody is there to hear them. */
		{12, request->kind == CRIU_RESTORE},
		{15, request->track_memory},
		{16, request->auto_dedup},
		{18, request->link_remap},
		{24, request->cgroups != CRIU_CGROUPS_IGNORE},
		{26, request->kind == CRIU_RESTORE}, /* as a child of ours, not of CRIU's */
		{29, true},			     /* mounts may be shared with the host's */
		{30, true},			     /* or receive from there */
		{46, request->tcp_skip_in_flight},
		{48, request->lazy_pages},
		{50, request->orphan_terminal},
		{52, request->tcp_close},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		put_flag(out, flags[i].field, flags[i].value);
}

static void put_texts(struct buf *out, const struct criu_request *request)
{
	put_text(out, 10, request->log_file);
	put_text(out, 13, request->root);
	put_text(out, 14, request->parent_images);
	put_text(out, 44, request->freeze_cgroup);
	put_text(out, 51, request->config_file);
	put_text(out, 53, request->lsm_profile);
	put_text(out, 63, request->lsm_mount_context);
	if (request->cgroup_root)
		put_pair(out, 25, NULL, request->cgroup_root);
	if (request->page_server_address)
		put_named_number(out, 11, request->page_server_address, request->page_server_port);
}

static void put_lists(struct buf *out, const struct criu_request *request)
{
	list_each(struct criu_mount, mount, &request->mounts)
		put_pair(out, 23, mount->key, mount->value);
	list_each(struct criu_inherited, inherited, &request->inherited)
		put_named_number(out, 27, inherited->key, (uint64_t)inherited->fd);
	list_each(struct criu_joined, joined, &request->joined)
		put_pair(out, 39, joined->kind, joined->path);
	for (size_t i = 0; i < request->external.count; i++)
		put_text(out, 37, request->external.items[i]);
}

void message_request(const struct criu_request *request, struct buf *out)
{
	enum { LOG_DEBUG = 4 };
	auto_buf options = {0};

	put_number(&options, 1, (uint64_t)request->images_fd);
	if (request->pid > 0)
		put_number(&options, 2, (uint64_t)request->pid);
	put_flags(&options, request);
	put_number(&options, 9, LOG_DEBUG);
	put_texts(&options, request);
	put_number(&options, 17, (uint64_t)request->work_fd);
	put_lists(&options, request);
	put_number(&options, 34, request->cgroups);
	if (request->empty_namespaces)
		put_number(&options, 38, request->empty_namespaces);
	if (request->status_fd >= 0)
		put_number(&options, 49, (uint64_t)request->status_fd);
	put_number(out, 1, request->kind);
	put_bytes(out, 2, options.data, options.size);
}

void message_features(struct buf *out)
{
	auto_buf features = {0};

	put_number(&features, 2, 1);
	put_number(out, 1, MESSAGE_FEATURES);
	put_bytes(out, 5, features.data, features.size);
}

void message_notified(bool is_fine, struct buf *out)
{
	put_number(out, 1, MESSAGE_NOTIFY);
	put_number(out, 3, is_fine);
}

/* ---- reading ---- */

struct cursor {
	const unsigned char *at, *end;
};

struct item {
	unsigned int number;
	uint64_t value;	     /* of a number */
	struct cursor bytes; /* of bytes; at NULL: it is a number */
};

static bool get_varint(struct cursor *cursor, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
		unsigned char byte = *cursor->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static bool get_item(struct cursor *cursor, struct item *ret)
{
	uint64_t tag, size = 0;

	*ret = (struct item){0};
	if (!get_varint(cursor, &tag))
		return false;
	ret->number = (unsigned int)(tag >> 3);
	switch (tag & 7) {
	case WIRE_NUMBER:
		return get_varint(cursor, &ret->value);
	case WIRE_64:
		size = 8;
		break;
	case WIRE_32:
		size = 4;
		break;
	case WIRE_BYTES:
		if (!get_varint(cursor, &size))
			return false;
		break;
	default:
		return false;
	}
	if (size > (size_t)(cursor->end - cursor->at))
		return false;
	ret->bytes = (struct cursor){cursor->at, cursor->at + size};
	cursor->at += size;
	return true;
}

/* Cut where the room ends; what is not printable could mean anything to a terminal. */
static void copy_text(const struct cursor *bytes, char *out, size_t size)
{
	size_t length = bytes->at ? (size_t)(bytes->end - bytes->at) : 0;

	if (length >= size)
		length = size - 1;
	for (size_t i = 0; i < length; i++)
		out[i] = bytes->at[i] >= ' ' && bytes->at[i] < 0x7f ? (char)bytes->at[i] : '?';
	out[length] = '\0';
}

typedef void take_fn(const struct item *item, struct message_answer *answer);

static bool each_item(struct cursor cursor, take_fn *take, struct message_answer *answer)
{
	struct item item;

	while (cursor.at < cursor.end) {
		if (!get_item(&cursor, &item))
			return false;
		take(&item, answer);
	}
	return true;
}

static void take_restored(const struct item *item, struct message_answer *answer)
{
	if (item->number == 1)
		answer->pid = (pid_t)item->value;
}

static void take_notice(const struct item *item, struct message_answer *answer)
{
	if (item->number == 1)
		copy_text(&item->bytes, answer->script, sizeof(answer->script));
	if (item->number == 2)
		answer->pid = (pid_t)item->value;
}

static void take_features(const struct item *item, struct message_answer *answer)
{
	if (item->number == 2)
		answer->has_lazy_pages = item->value != 0;
}

/* What is nested, by its field's number. */
static take_fn *nested(unsigned int number)
{
	switch (number) {
	case 4:
		return take_restored;
	case 5:
		return take_notice;
	case 8:
		return take_features;
	default:
		return NULL;
	}
}

static void take_plain(const struct item *item, struct message_answer *answer)
{
	switch (item->number) {
	case 1:
		answer->kind = item->value;
		break;
	case 2:
		answer->is_success = item->value != 0;
		break;
	case 7:
		answer->error = (int)item->value;
		break;
	case 9:
		copy_text(&item->bytes, answer->text, sizeof(answer->text));
		break;
	default:
		break;
	}
}

int message_parse(const void *bytes, size_t size, struct message_answer *ret, struct err *e)
{
	struct cursor cursor = {bytes, (const unsigned char *)bytes + size};
	struct message_answer answer = {0};
	struct item item;

	while (cursor.at < cursor.end) {
		take_fn *inner;

		if (!get_item(&cursor, &item))
			return refuse(e, EPROTO, "criu: its answer is no message");
		inner = item.bytes.at ? nested(item.number) : NULL;
		if (!inner)
			take_plain(&item, &answer);
		else if (!each_item(item.bytes, inner, &answer))
			return refuse(e, EPROTO, "criu: its answer is no message");
	}
	*ret = answer;
	return 0;
}
