/* A tree and paths out of bytes: the walk must say what openat2(2) says. */
#include "path-tree.h"

#include "base/fd.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree_bytes bytes = {data, size};
	char place[] = "/tmp/fuzz-path-XXXXXX";
	auto_fd int top = FD_NONE;
	auto_fd int root = FD_NONE;
	struct err e;

	if (!mkdtemp(place))
		abort();
	top = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(top, "root", 0755) < 0 || mkdirat(top, "a", 0755) < 0)
		abort();
	root = openat(top, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree_build(root, &bytes);
	while (bytes.size > 0 && tree_ask_kernel(root, "/", O_PATH) != -ENOSYS) {
		char path[TREE_TEXT];

		tree_path(&bytes, path);
		for (unsigned int n = 0; tree_flags(n) >= 0; n++) {
			if (!tree_agrees(root, path, tree_flags(n)))
				abort();
		}
	}
	fd_close(&root);
	fd_close(&top);
	return tree_remove(AT_FDCWD, place, &e) < 0 ? -1 : 0;
}
