/* A process that has no room for the buffers of BLAS gets NN_ERR_NO_MEMORY from its first prediction, or
 * the prediction where the kernels need none: OpenBLAS by itself would wait for ever. Run alone, for it
 * limits its own address space, and without OpenBLAS's own threads, which wait likewise. */
#include <nn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Bytes of address space in use. */
static size_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static nn_status first_prediction(void)
{
    static float x[200 * 300], y[200 * 200];
    nn_model *model = NULL;
    nn_status status = nn_model_create(&model);
    if (status == NN_OK)
        status = nn_model_add(model, "dense units=200 activation=tanh input_shape=(300)");
    if (status == NN_OK)
        status = nn_predict(model, x, 200, y);
    nn_model_free(model);
    return status;
}

int main(void)
{
    struct rlimit limit = {.rlim_cur = address_space() + ((size_t)32 << 20),
                           .rlim_max = RLIM_INFINITY};
    if (limit.rlim_cur == (size_t)32 << 20 || setrlimit(RLIMIT_AS, &limit) != 0)
        return 77; /* can't be tried here */
    alarm(20);     /* who still waits then is ended */
    nn_status status = first_prediction();
    if (status != NN_ERR_NO_MEMORY && status != NN_OK) {
        printf("status %d, expected %d\n", (int)status, (int)NN_ERR_NO_MEMORY);
        return EXIT_FAILURE;
    }
    limit.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_AS, &limit) != 0 || first_prediction() != NN_OK) {
        printf("with memory again: %s\n", nn_error_message());
        return EXIT_FAILURE;
    }
    printf("2 passed, 0 failed\n");
    return EXIT_SUCCESS;
}
