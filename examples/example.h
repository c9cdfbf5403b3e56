/* What the examples share: their command line, how they end, and pictures by gnuplot. */
#ifndef EXAMPLES_EXAMPLE_H
#define EXAMPLES_EXAMPLE_H

#include <stdio.h>

#include "nn.h"

enum { EXIT_SKIPPED = 77 }; /* Meson's and Automake's sign for a test that can't run here */

/* Ends a function that returns whether it succeeded when a call of the library fails, and says why. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        if ((call) < NN_OK) {                                                                      \
            fprintf(stderr, "%s\n", nn_error_message());                                           \
            return 0;                                                                              \
        }                                                                                          \
    } while (0)

/* Ends it when something that the example must show isn't so. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "this should have come out otherwise: %s\n", #condition);              \
            return 0;                                                                              \
        }                                                                                          \
    } while (0)

struct arguments {
    const char *data;   /* a file, or for Fashion-MNIST a directory */
    const char *output; /* the directory for pictures; NULL: none are drawn */
};

/* Reads [--data PATH] [--output DIR]; anything else, and --help, ends the program. data may be NULL, for an
 * example that reads none. */
struct arguments read_arguments(int argc, char **argv, const char *data);

/* Makes the model of these layers, the last of which is followed by NULL. Returns 0 after a failure; the model is
 * then NULL. */
int make_model(nn_model **model, uint64_t seed, const char *const *layers);

double seconds_now(void);

/* Begins DIR/NAME.gp, a script for gnuplot that draws DIR/NAME.png; NULL, with a message, on failure. What is
 * drawn follows, data as blocks ($points << end ... end). picture_end runs gnuplot. Where that isn't
 * installed it says so, which is no failure; it returns 0 if something failed. */
FILE *picture_begin(const char *directory, const char *name, int width, int height);
int picture_end(FILE *script, const char *directory, const char *name);

#endif
