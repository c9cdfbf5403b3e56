#include "fashion_data.h"

#include <stdlib.h>
#include <unistd.h>

#include "example.h"

const char *const class_names[CLASSES] = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot",
};

/* The two files of a part of the data: "train" or "t10k". */
struct file_names {
    char images[4096];
    char labels[4096];
};

static int find_files(struct file_names *files, const char *directory, const char *part)
{
    static const char *const endings[] = {".gz", ""};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const int images = snprintf(files->images, sizeof files->images,
                                    "%s/%s-images-idx3-ubyte%s", directory, part, endings[i]);
        const int labels = snprintf(files->labels, sizeof files->labels,
                                    "%s/%s-labels-idx1-ubyte%s", directory, part, endings[i]);
        if (images < 0 || labels < 0 || (size_t)images >= sizeof files->images ||
            (size_t)labels >= sizeof files->labels)
            return 0;
        if (access(files->images, R_OK) == 0 && access(files->labels, R_OK) == 0)
            return 1;
    }
    return 0;
}

static int load(nn_dataset **data, const struct file_names *files)
{
    TRY(nn_dataset_load_idx(data, files->images, files->labels));
    if (nn_dataset_width(*data, "x") != PIXELS) {
        fprintf(stderr, "%s: pictures of %d values were expected, not of %zu\n", files->images,
                (int)PIXELS, nn_dataset_width(*data, "x"));
        return 0;
    }
    TRY(nn_dataset_set_class_names(*data, class_names, CLASSES));
    return 1;
}

int load_fashion_mnist(nn_dataset **train, nn_dataset **test, const char *directory)
{
    struct file_names train_files;
    struct file_names test_files;
    if (!find_files(&train_files, directory, "train") ||
        !find_files(&test_files, directory, "t10k")) {
        fprintf(stderr,
                "no Fashion-MNIST in %s: install Debian's dataset-fashion-mnist, or name another "
                "directory with --data\n",
                directory);
        exit(EXIT_SKIPPED);
    }
    return load(train, &train_files) && load(test, &test_files);
}
