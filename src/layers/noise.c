#include "noise.h"
#include "pool.h"

/* A multiple of the numbers in a block of the generator. */
enum { TILE_VALUES = 4096, BLOCK_NUMBERS = 4 };

struct noise {
    const void *self;
    const nn_layer_call *call;
    nn_random random;
    nn_noise_function function;
    size_t values;
};

static void run_tile(void *context, size_t tile)
{
    const struct noise *noise = context;
    const size_t first = tile * TILE_VALUES, left = noise->values - first;
    nn_random random = noise->random;
    random.position += (uint32_t)(first / BLOCK_NUMBERS);
    noise->function(noise->self, noise->call, &random, first,
                    left < TILE_VALUES ? left : TILE_VALUES);
}

void nn_noise_run(const void *self, const nn_layer_call *call, const nn_seed *seed,
                  nn_noise_function function)
{
    struct noise noise = {
        .self = self,
        .call = call,
        .random = call->random,
        .function = function,
        .values = call->rows * nn_shape_width(call->input),
    };
    if (seed->given)
        noise.random.seed = seed->value;
    nn_pool_run((noise.values - 1) / TILE_VALUES + 1, run_tile, &noise);
}
