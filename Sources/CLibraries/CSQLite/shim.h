#include <sqlite3.h>
#include <sys/types.h>

// C: fallocate(2). glibc declares it with _GNU_SOURCE only, which Swift's import of it has not.
extern int fallocate(int descriptor, int mode, off_t offset, off_t length);
