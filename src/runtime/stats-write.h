/* The records of `events`. */
#ifndef RUNTIME_STATS_WRITE_H
#define RUNTIME_STATS_WRITE_H

#include "plan/stats.h"
#include "json/write.h"

/* {"type":"stats","id":...,"data":{...}} as engines parse it; without a newline. */
void stats_write(const char *id, const struct stats *stats, struct json_writer *w);

#endif
