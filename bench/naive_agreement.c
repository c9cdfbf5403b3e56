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

/* The weights of the textbook loops after 1 and after BENCH_CHECKED_STEPS steps from the initial ones, the
 * mean loss of the steps between, and the bound within which others must agree. */
static const size_t stages[] = {1, BENCH_CHECKED_STEPS};
struct stage {
    float *weights;
    double loss, bound;
};

static void make_reference(struct bench *bench, struct stage *reference)
{
    /* Sums of floats in another order differ by less than 1e-3 of the largest change, here a few 1e-5.
     * But two ways of summing can see a unit that lies this near to 0 on different sides of relu's
     * kink. Then a whole row of the batch counts for one of them only. */
    const double bound = 1e-3, kink = 1e-6, bound_at_kink = 0.1;
    const size_t batch_values = bench->options.batch * bench->options.widths[0];
    double nearest = INFINITY;
    bench_reset(bench);
    for (size_t i = 0, done = 0; i < 2; i++) {
        double loss = 0.0;
        const size_t first = done;
        for (; done < stages[i]; done++) {
            nearest =
                fmin(nearest, naive_nearest_kink(&bench->net, bench->x + done * batch_values));
            loss += bench_contestants[BENCH_TEXTBOOK].run(bench, done, 1);
        }
        reference[i].weights = bench_demand_memory(calloc(bench->weight_count, sizeof(float)));
        bench_read_weights(bench, false, reference[i].weights);
        reference[i].loss = loss / (double)(done - first);
        reference[i].bound = nearest < kink ? bound_at_kink : bound;
    }
}

bool bench_check_agreement(struct bench *bench)
{
    const double loss_bound = 1e-5; /* of the loss */
    float *weights = bench_demand_memory(calloc(bench->weight_count, sizeof *weights));
    struct stage reference[2];
    bool agree = true;
    make_reference(bench, reference);
    printf("Largest difference from textbook loops, as a part of the largest change of a weight:\n"
           "%-34s %12s %12s\n%-34s %12g %12g\n",
           "", "after 1 step", "10 steps", "bound", reference[0].bound, reference[1].bound);
    for (size_t c = 0; c < BENCH_COUNT; c++) {
        const struct contestant *contestant = &bench_contestants[c];
        if (!contestant->complete || c == BENCH_TEXTBOOK)
            continue;
        bench_reset(bench);
        printf("%-34s", contestant->name);
        for (size_t i = 0, done = 0; i < 2; done = stages[i++]) {
            const double loss = contestant->run(bench, done, stages[i] - done);
            bench_read_weights(bench, contestant->library, weights);
            const struct difference d =
                compare(bench, stages[i], reference[i].bound, weights, reference[i].weights);
            const bool same_loss = fabs(loss - reference[i].loss) <= loss_bound * reference[i].loss;
            printf(" %12.1e", d.part);
            if (!d.within)
                printf(" (too much)");
            if (!same_loss)
                printf(" (loss %.9g, not %.9g)", loss, reference[i].loss);
            agree = agree && d.within && same_loss;
        }
        printf("\n");
    }
    free(weights);
    free(reference[0].weights);
    free(reference[1].weights);
    return agree;
}
