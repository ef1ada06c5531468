/* Messages of CRIU's RPC: protocol buffers, of which it needs numbers, strings and nesting. */
#ifndef CRIU_MESSAGE_H
#define CRIU_MESSAGE_H

#include "base/buf.h"
#include "criu/criu.h"

void message_request(const struct criu_request *request, struct buf *out);
void message_features(struct buf *out);
void message_notified(bool is_fine, struct buf *out);

enum { MESSAGE_NOTIFY = 6, MESSAGE_FEATURES = 9, MESSAGE_TEXT_SIZE = 512 };

struct message_answer {
	uint64_t kind;
	bool is_success, has_lazy_pages;
	pid_t pid;		      /* of restore, or of the notice */
	int error;		      /* an errno, 0: not told */
	char script[64];	      /* of a notice */
	char text[MESSAGE_TEXT_SIZE]; /* CRIU's own words, or "" */
};

/* Refuses what is no message; unknown fields are skipped, as the format wants. */
int message_parse(const void *bytes, size_t size, struct message_answer *ret,
		  struct err *e) must_check;

#endif
