#include "bench_fail.h"
#include "naive_contestants.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct difference {
    double part; /* the largest difference, as a part of the tensor's largest change so far */
    bool within; /* the bound */
};

/* The larger of two differences; a NaN is the worst. */
static double worse(double a, double b)
{
    return isnan(b) || b > a ? b : a;
}

/* Compares weights with the reference after some steps, tensor by tensor. The measure is how far the
 * reference has moved: against the weights themselves, a wrong gradient would be lost. bound is in
 * this measure. */
static struct difference compare(const struct bench *bench, size_t steps, double bound,
                                 const float *weights, const float *reference)
{
    const double rounding = (double)steps * FLT_EPSILON; /* of the weight: each step rounds it */
    const float *initial = bench->initial;
    struct difference worst = {0.0, true};
    for (size_t t = 0; t < 2 * bench->net.layer_count; t++) {
        const struct naive_layer *layer = &bench->net.layers[t / 2];
        const size_t count = t % 2 ? layer->outputs : layer->inputs * layer->outputs;
        double difference = 0.0, change = 0.0, largest = 0.0;
        for (size_t i = 0; i < count; i++) {
            const double w = (double)reference[i];
            const double d = fabs((double)weights[i] - w);
            difference = worse(difference, d);
            change = fmax(change, fabs(w - (double)initial[i]));
            largest = fmax(largest, fabs(w));
        }
        const double part = difference > 0.0 ? difference / change : difference;
        worst.part = worse(worst.part, part);
        worst.within &= difference <= bound * change + rounding * largest;
        weights += count;
        reference += count;
        initial += count;
    }
    return worst;
}

/* Lets every complete contestant take the same steps as the textbook loops and compares. */
bool bench_check_agreement(struct bench *bench)
{
    /* Of the largest change of a weight: sums of floats in another order differ here by a few 1e-5. */
    const double bound = 1e-3;
    const double loss_bound = 1e-5; /* of the loss */
    static const size_t stages[] = {1, BENCH_CHECKED_STEPS};
    float *weights = bench_demand_memory(calloc(bench->weight_count, sizeof *weights));
    float *reference[2];
    double reference_loss[2] = {0.0, 0.0};
    bool agree = true;
    for (size_t i = 0; i < 2; i++)
        reference[i] = bench_demand_memory(calloc(bench->weight_count, sizeof(float)));
    printf("Largest difference from textbook loops, as a part of the largest change of a weight\n"
           "(bound %g):\n%-34s %12s %12s\n",
           bound, "", "after 1 step", "10 steps");
    for (size_t c = 0; c < BENCH_COUNT; c++) {
        const struct contestant *contestant = &bench_contestants[c];
        if (!contestant->complete)
            continue;
        bench_reset(bench);
        if (c != BENCH_TEXTBOOK)
            printf("%-34s", contestant->name);
        for (size_t i = 0, done = 0; i < 2; done = stages[i++]) {
            const double loss = contestant->run(bench, done, stages[i] - done);
            if (c == BENCH_TEXTBOOK) {
                bench_read_weights(bench, contestant->library, reference[i]);
                reference_loss[i] = loss;
                continue;
            }
            bench_read_weights(bench, contestant->library, weights);
            const struct difference d = compare(bench, stages[i], bound, weights, reference[i]);
            const bool same_loss = fabs(loss - reference_loss[i]) <= loss_bound * reference_loss[i];
            printf(" %12.1e", d.part);
            if (!d.within)
                printf(" (too much)");
            if (!same_loss)
                printf(" (loss %.9g, not %.9g)", loss, reference_loss[i]);
            agree = agree && d.within && same_loss;
        }
        if (c != BENCH_TEXTBOOK)
            printf("\n");
    }
    free(weights);
    free(reference[0]);
    free(reference[1]);
    return agree;
}
