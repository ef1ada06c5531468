/* Parsers of cgroup statistics files; text in, numbers out, no system calls. */
#ifndef CGROUP_STATS_H
#define CGROUP_STATS_H

#include "internal.h"

/* The number behind "key " in lines of "key number"; 0 when absent. */
uint64_t stats_key(const char *text, const char *key);
/* All "key number" lines, in order. Others are skipped. */
struct map stats_map(struct arena *arena, const char *text);
/* "1 2 3": numbers separated by blanks. */
void stats_numbers(struct arena *arena, const char *text, uint64_t **ret, size_t *ret_count);
/* cpuacct.usage_all: lines "cpu user system" below a heading. */
void stats_usage_all(struct arena *arena, const char *text, struct stats *stats);
/* v1 "8:0 Read 4096" and "8:0 12" lines; "Total 5" is left out. */
void stats_blkio(struct arena *arena, const char *text, struct stats_io_list *list);
/* v2 io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ..." into bytes and serviced. */
void stats_io(struct arena *arena, const char *text, struct stats_io_list *bytes,
	      struct stats_io_list *serviced);
/* PSI: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and "full ...". */
void stats_pressure_parse(const char *text, struct stats_pressure *ret);
/* Hugetlb page sizes that the cgroup at `fd` has files for: "2MB". */
void stats_page_sizes(int fd, struct arena *arena, struct strv *ret);

/* A file's text, "" when it is not there; valid until `buf` changes. -errno for other failures. */
int stats_text(int fd, const char *file, struct buf *buf, const char **ret) must_check;
/* A number, 0 when the file is not there. */
uint64_t stats_number(int fd, const char *file);

#endif
