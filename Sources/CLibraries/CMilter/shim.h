// Debian package libmilter-dev has no pkg-config file; the module map names the library.
#include <libmilter/mfapi.h>
