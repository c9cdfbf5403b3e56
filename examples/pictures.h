/* The pictures of the main job, drawn by gnuplot in the current directory. */
#ifndef EXAMPLES_PICTURES_H
#define EXAMPLES_PICTURES_H

#include "fashion_data.h"

enum { GARMENT_ROWS = 4, GARMENT_COLUMNS = 5, GARMENTS = GARMENT_ROWS * GARMENT_COLUMNS };

/* A garment as the network saw it. */
struct verdict {
    const char *truth;
    const char *predicted;
    double probability; /* of what was predicted */
    int wrong;
};

/* Writes learning_curves.gp, which reads history.csv. Like the next one, returns 0 on failure, with
 * errno set. */
int write_learning_curves(void);

/* Writes garments.dat and garments.gp. pixels[GARMENTS][PIXELS] are grey values from 0 to 255. */
int write_garments(const float *pixels, const struct verdict verdicts[GARMENTS]);

/* Draws learning_curves.png and garments.png. Where gnuplot isn't installed it says so; that is no
 * failure. */
int draw_pictures(void);

#endif
