// Debian's <pocketsphinx/pocketsphinx.h> includes its neighbours as if their folder were on the
// search path. pkg-config would put it there, but with it comes -lsphinxad, the library's microphone
// part, and so PulseAudio: nothing a mail filter may depend on. Hence the functions we call are
// declared here, as that header has them; this compares the two:
//
//   cc -fsyntax-only -include /usr/include/pocketsphinx/pocketsphinx.h \
//     $(pkg-config --cflags pocketsphinx) -xc Sources/CLibraries/CPocketSphinx/shim.h
#ifndef VOICEMAIL_CPOCKETSPHINX_H
#define VOICEMAIL_CPOCKETSPHINX_H

#include <sphinxbase/cmd_ln.h>
#include <sphinxbase/err.h>
#include <sphinxbase/logmath.h>
#include <sphinxbase/ngram_model.h>
#include <stddef.h>

typedef struct ps_decoder_s ps_decoder_t;
typedef struct ps_seg_s ps_seg_t;
typedef struct ps_mllr_s ps_mllr_t;

arg_t const *ps_args(void);
void ps_default_search_args(cmd_ln_t *config);

ps_decoder_t *ps_init(cmd_ln_t *config);
int ps_free(ps_decoder_t *ps);
logmath_t *ps_get_logmath(ps_decoder_t *ps);

ps_mllr_t *ps_mllr_read(char const *file);
ps_mllr_t *ps_update_mllr(ps_decoder_t *ps, ps_mllr_t *mllr);

char *ps_lookup_word(ps_decoder_t *ps, const char *word);
int ps_add_word(ps_decoder_t *ps, char const *word, char const *phones, int update);
const char *ps_get_search(ps_decoder_t *ps);
int ps_set_search(ps_decoder_t *ps, const char *name);
int ps_set_jsgf_string(ps_decoder_t *ps, const char *name, const char *jsgf_string);
ngram_model_t *ps_get_lm(ps_decoder_t *ps, const char *name);

int ps_start_stream(ps_decoder_t *ps);
int ps_start_utt(ps_decoder_t *ps);
int ps_process_raw(ps_decoder_t *ps, int16 const *data, size_t n_samples, int no_search,
                   int full_utt);
int ps_end_utt(ps_decoder_t *ps);

ps_seg_t *ps_seg_iter(ps_decoder_t *ps);
ps_seg_t *ps_seg_next(ps_seg_t *seg);
char const *ps_seg_word(ps_seg_t *seg);
void ps_seg_frames(ps_seg_t *seg, int *out_sf, int *out_ef);
int32 ps_seg_prob(ps_seg_t *seg, int32 *out_ascr, int32 *out_lscr, int32 *out_lback);

#endif
