/* What bench-naive and bench-train compare: one net, one model and the ways of taking a training step with them. */
#ifndef NN_BENCH_NAIVE_CONTESTANTS_H
#define NN_BENCH_NAIVE_CONTESTANTS_H

#include "naive.h"

#include <nn.h>
#include <stdbool.h>

#define BENCH_CHECKED_STEPS 10 /* in which the contestants must agree */

struct bench_options {
    size_t widths[NAIVE_MAX_LAYERS + 1]; /* inputs, units of each layer */
    size_t width_count, batch, rounds, steps, seed;
    size_t threads; /* 0: as the environment says */
    bool check_only;
};

struct bench {
    struct bench_options options;
    size_t batches;       /* batches of data there are */
    float *x;             /* [batches][batch][inputs] */
    int32_t *labels;      /* [batches][batch] */
    size_t weight_count;  /* of all layers together */
    float *initial;       /* [weight_count]: kernel and bias, layer by layer */
    struct naive_net net; /* of all steps that aren't the library's */
    nn_model *model;      /* of the library's */
    nn_dataset *data;
    nn_dataset **batch_data; /* [batches] */
};

struct contestant {
    const char *name;
    /* Takes steps first ... first + count - 1, each on the batch of data of its number, and returns
     * their mean loss. */
    double (*run)(struct bench *bench, size_t first, size_t count);
    bool complete; /* a whole training step */
    bool library;  /* on the model, not on the net */
    size_t part;   /* being slow, it takes 1 / part of the steps of a round */
};

enum {
    BENCH_TEXTBOOK,
    BENCH_ORDERED,
    BENCH_AROUND,
    BENCH_BARE,
    BENCH_BATCH,
    BENCH_FIT,
    BENCH_COUNT
};
extern const struct contestant bench_contestants[BENCH_COUNT];

/* Makes data, net and model; frees them. With a single output the model ends in sigmoid and is for
 * predictions only. Like all here it ends the program with a message on failure. */
void bench_create(struct bench *bench, const struct bench_options *options, size_t batches);
void bench_free(struct bench *bench);

/* Needs BENCH_CHECKED_STEPS batches. Makes rows anew until, in the steps that are checked, no hidden unit comes so near to 0 that two ways
 * of summing may see it on different sides of relu's kink: then a whole row would count for one of
 * them only, and no narrow bound could be kept. */
void bench_avoid_kinks(struct bench *bench);

/* Gives net and model the initial weights. */
void bench_reset(struct bench *bench);

/* Copies the weights of the model or of the net to to[weight_count], in the order of initial. */
void bench_read_weights(struct bench *bench, bool library, float *to);

/* Lets every complete contestant take the same steps as the textbook loops, prints how far their weights
 * differ, and returns whether all agree. */
bool bench_check_agreement(struct bench *bench);

#endif
