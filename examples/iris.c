#include "iris.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const species_names[] = {"setosa", "versicolor", "virginica"};

static int32_t find_species(const char *name)
{
    for (int32_t i = 0; i < 3; i++)
        if (strcmp(species_names[i], name) == 0)
            return i;
    return -1;
}

int read_iris(struct iris *iris, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 0;
    }
    char line[256];
    char name[32];
    size_t rows = 0;
    int right = 1;
    while (right && fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#' || line[0] == 's') /* comments, and the columns' names */
            continue;
        right = rows < IRISES;
        if (right) {
            float *x = iris->x[rows];
            right = sscanf(line, "%f,%f,%f,%f,%31s", &x[0], &x[1], &x[2], &x[3], name) == 5;
        }
        if (right) {
            iris->species[rows] = find_species(name);
            right = iris->species[rows] == (int32_t)(rows / IRISES_OF_SPECIES);
            rows++;
        }
    }
    if (ferror(file) || rows != IRISES)
        right = 0;
    fclose(file);
    if (!right)
        fprintf(stderr, "%s isn't the iris data: row %zu is wrong or missing\n", path, rows);
    return right;
}

void standardize(float *column, size_t rows, size_t stride, double *mean, double *deviation)
{
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < rows; i++)
        sum += (double)column[i * stride];
    *mean = sum / (double)rows;
    for (size_t i = 0; i < rows; i++)
        squares += pow((double)column[i * stride] - *mean, 2);
    *deviation = sqrt(squares / (double)rows);
    for (size_t i = 0; i < rows; i++)
        column[i * stride] = (float)(((double)column[i * stride] - *mean) / *deviation);
}
