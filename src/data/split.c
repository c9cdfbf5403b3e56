/* Splits for training and testing, as scikit-learn's train_test_split makes them. */
#include "allocate.h"
#include "dataset.h"
#include "random.h"
#include "status.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- classes ---- */

/* Rows of one class lie together in the split's order: those from first on. */
typedef struct stratum {
    size_t first, count;
    size_t test;      /* rows of it for the test */
    double remainder; /* of its share that isn't a whole row */
    uint32_t tie;     /* decides between equal remainders */
} stratum;

typedef struct splitting {
    const nn_dataset *data;
    size_t rows, test; /* all, and for the test */
    size_t *order;     /* [rows] */
    size_t *parts;     /* [rows] those for the test, then those for training */
    stratum *strata;
    size_t strata_count;
    nn_random random;
} splitting;

static const char *target_of(const nn_column *y, size_t row)
{
    return (const char *)y->values + nn_column_start(y, row) * nn_dtype_size(y->type);
}

/* Rows with the same targets are of one class. */
static int compare_targets(const nn_column *y, size_t a, size_t b)
{
    return memcmp(target_of(y, a), target_of(y, b), y->width * nn_dtype_size(y->type));
}

static int by_target(const void *a, const void *b, void *y)
{
    const size_t i = *(const size_t *)a, j = *(const size_t *)b;
    const int order = compare_targets(y, i, j);
    return order != 0 ? order : (i > j) - (i < j);
}

static nn_status find_strata(splitting *split)
{
    nn_column y = *nn_dataset_column(split->data, "y");
    qsort_r(split->order, split->rows, sizeof(*split->order), by_target, &y);
    for (size_t i = 0; i < split->rows; i++)
        split->strata_count +=
            i == 0 || compare_targets(&y, split->order[i - 1], split->order[i]) != 0;
    split->strata = nn_allocate(split->strata_count, sizeof(*split->strata));
    if (split->strata == NULL)
        return NN_ERR_NO_MEMORY;
    stratum *last = split->strata - 1;
    for (size_t i = 0; i < split->rows; i++) {
        if (i == 0 || compare_targets(&y, split->order[i - 1], split->order[i]) != 0)
            *++last = (stratum){.first = i};
        last->count++;
    }
    return NN_OK;
}

static nn_status check_strata(const splitting *split)
{
    for (size_t i = 0; i < split->strata_count; i++)
        NN_REQUIRE(split->strata[i].count > 1, NN_ERR_INVALID,
                   "stratify: row %zu is the only one of its class, and can't be in both parts",
                   split->order[split->strata[i].first]);
    const size_t train = split->rows - split->test;
    const size_t least = train < split->test ? train : split->test;
    NN_REQUIRE(least >= split->strata_count, NN_ERR_INVALID,
               "stratify: %zu rows to %s on are less than the %zu classes", least,
               least == train ? "train" : "test", split->strata_count);
    return NN_OK;
}

static int by_remainder(const void *a, const void *b)
{
    const stratum *i = a, *j = b;
    if (i->remainder != j->remainder)
        return i->remainder < j->remainder ? 1 : -1;
    return (i->tie > j->tie) - (i->tie < j->tie);
}

/* Each class gives its share of rows to the training, rounded down; those that lose most by that give one
 * more, until there are enough. The rest is for the test. */
static void share_out(splitting *split)
{
    const size_t train = split->rows - split->test;
    size_t given = 0;
    for (size_t i = 0; i < split->strata_count; i++) {
        stratum *s = &split->strata[i];
        const double share = (double)s->count / (double)split->rows * (double)train;
        const double whole = floor(share);
        s->remainder = share - whole;
        s->test = s->count - (size_t)whole;
        s->tie = nn_random_bits(&split->random);
        given += (size_t)whole;
    }
    qsort(split->strata, split->strata_count, sizeof(*split->strata), by_remainder);
    for (size_t i = 0; given < train; i++, given++)
        split->strata[i].test--;
}

/* ---- rows ---- */

static void shuffle(splitting *split, size_t *rows, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t j = nn_random_below(&split->random, i), row = rows[i - 1];
        rows[i - 1] = rows[j];
        rows[j] = row;
    }
}

static nn_status choose(splitting *split, bool stratify)
{
    for (size_t i = 0; i < split->rows; i++)
        split->order[i] = i;
    if (!stratify) {
        memcpy(split->parts, split->order, split->rows * sizeof(*split->order));
        shuffle(split, split->parts, split->rows);
        return NN_OK;
    }
    NN_TRY(find_strata(split));
    NN_TRY(check_strata(split));
    share_out(split);
    size_t *test = split->parts, *train = split->parts + split->test;
    for (size_t i = 0; i < split->strata_count; i++) {
        const stratum *s = &split->strata[i];
        size_t *rows = split->order + s->first;
        shuffle(split, rows, s->count);
        memcpy(test, rows, s->test * sizeof(*rows));
        memcpy(train, rows + s->test, (s->count - s->test) * sizeof(*rows));
        test += s->test;
        train += s->count - s->test;
    }
    shuffle(split, split->parts, split->test);
    shuffle(split, split->parts + split->test, split->rows - split->test);
    return NN_OK;
}

static nn_status make_split(splitting *split, bool stratify, nn_dataset **train, nn_dataset **test)
{
    split->order = nn_allocate(split->rows, sizeof(*split->order));
    split->parts = nn_allocate(split->rows, sizeof(*split->parts));
    if (split->order == NULL || split->parts == NULL)
        return NN_ERR_NO_MEMORY;
    NN_TRY(choose(split, stratify));
    NN_TRY(
        nn_dataset_view(train, split->data, split->parts + split->test, split->rows - split->test));
    nn_status status = nn_dataset_view(test, split->data, split->parts, split->test);
    if (status != NN_OK) {
        nn_dataset_free(*train);
        *train = NULL;
    }
    return status;
}

nn_status nn_dataset_train_test_split(nn_dataset **train, nn_dataset **test, const nn_dataset *data,
                                      double test_size, uint64_t seed, int stratify)
{
    NN_REQUIRE(train != NULL, NN_ERR_INVALID, "train is NULL");
    *train = NULL;
    NN_REQUIRE(test != NULL, NN_ERR_INVALID, "test is NULL");
    *test = NULL;
    NN_REQUIRE(data != NULL, NN_ERR_INVALID, "data is NULL");
    NN_REQUIRE(test_size > 0 && test_size < 1, NN_ERR_INVALID,
               "test_size is %g, expected a fraction in (0, 1)", test_size);
    NN_TRY(nn_dataset_check_views(data));
    NN_REQUIRE(stratify == 0 || nn_dataset_column(data, "y") != NULL, NN_ERR_INVALID,
               "stratify: the dataset has no targets");
    NN_REQUIRE(stratify == 0 || data->reader == NULL, NN_ERR_UNSUPPORTED,
               "stratify: the rows are read by a function; choose them by nn_dataset_select");
    splitting split = {
        .data = data,
        .rows = data->rows,
        .test = (size_t)ceil(test_size * (double)data->rows),
        .random = nn_random_stream(seed, NN_RANDOM_SPLIT, 0, 0),
    };
    NN_REQUIRE(split.test < split.rows, NN_ERR_INVALID,
               "test_size %g of %zu rows leaves none to train on", test_size, split.rows);
    nn_status status = make_split(&split, stratify != 0, train, test);
    nn_release(split.order);
    nn_release(split.parts);
    nn_release(split.strata);
    return status;
}
