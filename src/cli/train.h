/* The options of nn train. */
#ifndef NN_CLI_TRAIN_H
#define NN_CLI_TRAIN_H

#include "cli.h"

typedef struct train_options {
    cli_data data;
    const char *labels;
    const char *test_images, *test_labels;
    const char *class_names;
    size_t validation_rows;  /* held out at the start */
    double validation_split; /* held out at the end */

    char *layers; /* all --layer, joined by ';'; owned */
    const char *model;
    const char *optimizer, *loss, *metrics; /* NULL: not given */
    bool seed_given;
    uint64_t seed;

    size_t epochs, batch_size, initial_epoch;
    size_t steps_per_epoch, validation_freq; /* 0: not given */
    bool keep_order, measure;
    const char *callbacks;

    const char *output, *history, *plot;
    bool quiet;
} train_options;

/* Fills options from the command line, ending the program where the usage is wrong. */
int train_options_parse(train_options *options, int argc, char **argv);
void train_options_free(train_options *options);

#endif
