/* The four IDX files of Fashion-MNIST (Debian: dataset-fashion-mnist): ten kinds of garments on pictures of
 * 28 x 28 pixels, 60,000 to train on and 10,000 to test. */
#ifndef EXAMPLES_FASHION_DATA_H
#define EXAMPLES_FASHION_DATA_H

#include "nn.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10 };

#define FASHION_MNIST "/usr/share/datasets/fashion-mnist"

extern const char *const class_names[CLASSES];

/* Reads them, gzipped as Debian has them or plain. Where there are none in the directory it says so and ends
 * the program with EXIT_SKIPPED. Returns 0 after any other failure, which it has told. */
int load_fashion_mnist(nn_dataset **train, nn_dataset **test, const char *directory);

#endif
