// Preloaded into voicemail-milter: how much processor time PocketSphinx itself takes of it.
//
// At its end the process writes two numbers to the file named by ENGINE_CLOCK: seconds that loading the
// models took, and seconds of recognition.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double loading, recognising;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

#define TIMED(result, name, declared, given, sum)             \
  result name declared {                                      \
    static result(*real) declared;                            \
    if (!real) real = (result(*) declared)dlsym(RTLD_NEXT, #name); \
    double start = now();                                     \
    result value = real given;                                \
    sum += now() - start;                                     \
    return value;                                             \
  }

TIMED(void *, ps_init, (void *config), (config), loading)
TIMED(int, ps_start_utt, (void *decoder), (decoder), recognising)
TIMED(int, ps_process_raw, (void *decoder, const int16_t *samples, size_t count, int no_search, int whole),
      (decoder, samples, count, no_search, whole), recognising)
TIMED(int, ps_end_utt, (void *decoder), (decoder), recognising)
TIMED(void *, ps_seg_iter, (void *decoder), (decoder), recognising)
TIMED(void *, ps_seg_next, (void *segment), (segment), recognising)

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("ENGINE_CLOCK");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%.3f %.3f\n", loading, recognising);
  fclose(file);
}
