/* The raw limit of a spool: the same bytes on disk by the least code that could put them there.
 *
 *     bare-spool sqlite|rows|files [-b BYTES] [-g MESSAGES IN A COMMIT] [-n MESSAGES] [-s SCHEMA] DIRECTORY
 *
 * sqlite: one table, rows of 256 KB, WAL, synchronous=FULL, a commit for each group; the group may be a fraction,
 * 1.5 being one and two by turns. rows: the same with the tables of that schema, and all rows of a voicemail in
 * them. files: a file each, written, fsync, rename, fsync of the directory. Prints `messages=N seconds=S`.
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

static sqlite3_stmt *prepared(sqlite3 *spool, const char *sql)
{
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(spool, sql, -1, &statement, NULL) != SQLITE_OK) fail(sqlite3_errmsg(spool));
  return statement;
}

static void step(sqlite3 *spool, sqlite3_stmt *statement)
{
  if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_errmsg(spool));
  sqlite3_reset(statement);
}

static void run_file(sqlite3 *spool, const char *path)
{
  char sql[65536];
  FILE *file = fopen(path, "r");
  if (!file) fail(path);
  sql[fread(sql, 1, sizeof sql - 1, file)] = 0;
  fclose(file);
  run(spool, sql);
}

/* What a voicemail of Asterisk for one recipient has beside its content. */
static const char *const others[] = {
  "INSERT INTO seen (fingerprint, at_ms) VALUES (randomblob(16), 1760000000000 + ?1)",
  "INSERT INTO message (id, state, stage, received_ms, due_ms, allowed_ms, sender, sender_parameters, client,"
  " queue_id, message_id, voicemail, size_bytes) VALUES (printf('%014d', ?1), 'waiting', 'transcription',"
  " 1760000000000 + ?1, 1760000000000 + ?1, 300000, 'asterisk@pbx.example.org', '[\"SIZE=2900\",\"BODY=8BITMIME\"]',"
  " '{\"address\":\"10.0.0.7\",\"helo\":\"mail.example.org\",\"isAuthenticated\":false,"
  "\"name\":\"mail.example.org\",\"port\":40000,\"queueID\":\"4fZ1Zz2x9qz4F\"}', '4fZ1Zz2x9qz4F',"
  " printf('<Asterisk-3-1804289383-1001-%d@pbx.example.org>', ?1),"
  " '{\"audioParts\":[1],\"caller\":{\"name\":\"JOHN SMITH\",\"number\":\"07700900123\"},\"isUrgent\":false,"
  "\"mailbox\":\"1001\",\"reason\":\"X-Asterisk-CallerID\",\"rule\":\"asterisk\",\"statedSeconds\":5}', 4096)",
  "INSERT INTO recipient (message_id, position, address, parameters)"
  " VALUES (printf('%014d', ?1), 0, 'ann@example.com', '[]')",
  "INSERT INTO event (message_id, at_ms, what)"
  " VALUES (printf('%014d', ?1), 1760000000000 + ?1, 'received by rule asterisk: X-Asterisk-CallerID')",
};
enum { OTHERS = sizeof others / sizeof *others };

static void with_sqlite(const char *directory, const char *bytes, long size, double group, long count,
                        const char *schema)
{
  char path[4096];
  sqlite3 *spool;
  sqlite3_stmt *insert, *rows[OTHERS];
  long committed = 0, groups = 0;

  snprintf(path, sizeof path, "%s/bare.sqlite", directory);
  if (sqlite3_open(path, &spool) != SQLITE_OK) fail(sqlite3_errmsg(spool));
  run(spool, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
  if (schema) {
    run(spool, "PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON");
    run_file(spool, schema);
    insert = prepared(spool, "INSERT INTO content VALUES (printf('%014d', ?1), 'original', ?2, ?3)");
    for (int row = 0; row < OTHERS; row++) rows[row] = prepared(spool, others[row]);
  } else {
    run(spool, "CREATE TABLE content (id INTEGER, chunk INTEGER, bytes BLOB, PRIMARY KEY (id, chunk))");
    insert = prepared(spool, "INSERT INTO content VALUES (?, ?, ?)");
  }
  for (long id = 0; id < count; id++) {
    if (id == committed) run(spool, "BEGIN IMMEDIATE");
    for (int row = 0; schema && row < OTHERS; row++) {
      sqlite3_bind_int64(rows[row], 1, id);
      step(spool, rows[row]);
    }
    for (long at = 0; at < size; at += CHUNK) {
      sqlite3_bind_int64(insert, 1, id);
      sqlite3_bind_int64(insert, 2, at / CHUNK);
      sqlite3_bind_blob64(insert, 3, bytes + at, (sqlite3_uint64)(size - at < CHUNK ? size - at : CHUNK), SQLITE_STATIC);
      step(spool, insert);
    }
    if (id + 1 < (long)((double)(groups + 1) * group + 1e-6) && id + 1 < count) continue;
    run(spool, "COMMIT");
    groups++;
    committed = id + 1;
  }
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
  long size = 4096, messages = 1000;
  double group = 1;
  const char *schema = NULL;
  int option;

  if (count < 3) return 2;
  optind = 2;
  while ((option = getopt(count, arguments, "b:g:n:s:")) != -1) {
    switch (option) {
    case 'b': size = atol(optarg); break;
    case 'g': group = atof(optarg); break;
    case 'n': messages = atol(optarg); break;
    case 's': schema = optarg; break;
    default: return 2;
    }
  }
  if (optind != count - 1 || size < 1 || group < 1 || messages < 1) return 2;
  char *bytes = malloc((size_t)size);
  if (!bytes) fail("memory");
  memset(bytes, 'A', (size_t)size);
  double start = now();
  if (strcmp(arguments[1], "sqlite") == 0) with_sqlite(arguments[optind], bytes, size, group, messages, NULL);
  else if (strcmp(arguments[1], "rows") == 0 && schema) with_sqlite(arguments[optind], bytes, size, group, messages, schema);
  else with_files(arguments[optind], bytes, size, messages);
  printf("messages=%ld seconds=%.6f\n", messages, now() - start);
  return 0;
}
