/* The raw limit of a spool: the same bytes on disk by the least code that could put them there.
 *
 *     bare-spool sqlite|files [-b BYTES] [-g MESSAGES IN A COMMIT] [-n MESSAGES] DIRECTORY
 *
 * sqlite: one table, rows of 256 KB, WAL, synchronous=FULL, a commit for each group. files: a file each,
 * written, fsync, rename, fsync of the directory. Prints `messages=N seconds=S`.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024 };

static void fail(const char *what)
{
  fprintf(stderr, "bare-spool: %s\n", what);
  exit(1);
}

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void run(sqlite3 *spool, const char *sql)
{
  if (sqlite3_exec(spool, sql, NULL, NULL, NULL) != SQLITE_OK) fail(sqlite3_errmsg(spool));
}

static void with_sqlite(const char *directory, const char *bytes, long size, long group, long count)
{
  char path[4096];
  sqlite3 *spool;
  sqlite3_stmt *insert;

  snprintf(path, sizeof path, "%s/bare.sqlite", directory);
  if (sqlite3_open(path, &spool) != SQLITE_OK) fail(sqlite3_errmsg(spool));
  run(spool, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
             "CREATE TABLE content (id INTEGER, chunk INTEGER, bytes BLOB, PRIMARY KEY (id, chunk))");
  sqlite3_prepare_v2(spool, "INSERT INTO content VALUES (?, ?, ?)", -1, &insert, NULL);
  for (long id = 0; id < count; id++) {
    if (id % group == 0) run(spool, "BEGIN IMMEDIATE");
    for (long at = 0; at < size; at += CHUNK) {
      sqlite3_bind_int64(insert, 1, id);
      sqlite3_bind_int64(insert, 2, at / CHUNK);
      sqlite3_bind_blob64(insert, 3, bytes + at, (sqlite3_uint64)(size - at < CHUNK ? size - at : CHUNK), SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) fail(sqlite3_errmsg(spool));
      sqlite3_reset(insert);
    }
    if (id % group == group - 1 || id == count - 1) run(spool, "COMMIT");
  }
  sqlite3_finalize(insert);
}

static void with_files(const char *directory, const char *bytes, long size, long count)
{
  char new[4096], path[4096];
  int folder = open(directory, O_RDONLY | O_DIRECTORY);

  for (long id = 0; id < count; id++) {
    snprintf(new, sizeof new, "%s/new.%ld", directory, id);
    snprintf(path, sizeof path, "%s/%ld", directory, id);
    int file = open(new, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || write(file, bytes, (size_t)size) != size || fsync(file) < 0) fail(strerror(errno));
    close(file);
    if (rename(new, path) < 0 || fsync(folder) < 0) fail(strerror(errno));
  }
}

int main(int count, char **arguments)
{
  long size = 4096, group = 1, messages = 1000;
  int option;

  if (count < 3) return 2;
  optind = 2;
  while ((option = getopt(count, arguments, "b:g:n:")) != -1) {
    switch (option) {
    case 'b': size = atol(optarg); break;
    case 'g': group = atol(optarg); break;
    case 'n': messages = atol(optarg); break;
    default: return 2;
    }
  }
  if (optind != count - 1 || size < 1 || group < 1 || messages < 1) return 2;
  char *bytes = malloc((size_t)size);
  if (!bytes) fail("memory");
  memset(bytes, 'A', (size_t)size);
  double start = now();
  if (strcmp(arguments[1], "sqlite") == 0) with_sqlite(arguments[optind], bytes, size, group, messages);
  else with_files(arguments[optind], bytes, size, messages);
  printf("messages=%ld seconds=%.6f\n", messages, now() - start);
  return 0;
}
