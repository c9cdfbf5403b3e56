#include "bench_report.h"
#include "bench_fail.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static void write_string(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            fprintf(file, "\\%c", *text);
        else if ((unsigned char)*text >= ' ')
            fputc(*text, file);
    fputc('"', file);
}

void bench_report_open(struct bench_report *report, const char *bench, const char *json_path,
                       size_t threads, const struct bench_rates *rates)
{
    const char *core = bench_openblas_core();
    *report = (struct bench_report){.path = json_path};
    printf("libnn %s, %s, %s%s, threads: %zu\n", nn_version(), bench_processor(),
           core ? "OpenBLAS for " : "another BLAS than OpenBLAS", core ? core : "", threads);
    printf("One core: %.1f GFLOP/s in the best sgemm (%zu x %zu x %zu), %.1f in multiply-adds\n",
           1e-9 * rates->sgemm, rates->m, rates->n, rates->k, 1e-9 * rates->fma);
    if (!json_path)
        return;
    report->json = fopen(json_path, "w");
    if (!report->json)
        bench_fail("%s: %s", json_path, strerror(errno));
    fputs("{\n  \"bench\": ", report->json);
    write_string(report->json, bench);
    fputs(",\n  \"libnn\": ", report->json);
    write_string(report->json, nn_version());
    fputs(",\n  \"processor\": ", report->json);
    write_string(report->json, bench_processor());
    fputs(",\n  \"kernels\": ", report->json);
    write_string(report->json, core ? core : "");
    fprintf(report->json,
            ",\n  \"threads\": %zu,\n  \"sgemm_gflops\": %.4g,\n  \"fma_gflops\": %.4g", threads,
            1e-9 * rates->sgemm, 1e-9 * rates->fma);
}

static void end_table(struct bench_report *report)
{
    if (report->columns && report->json)
        fputs("\n  ]", report->json);
    report->columns = NULL;
}

void bench_report_table(struct bench_report *report, const char *key, const char *title,
                        const struct bench_column *columns)
{
    end_table(report);
    report->columns = columns;
    report->rows = 0;
    printf("\n%s\n", title);
    for (const struct bench_column *column = columns; column->key; column++)
        printf("%s%*s", column > columns ? " " : "", column->width, column->heading);
    printf("\n");
    if (report->json) {
        fputs(",\n  ", report->json);
        write_string(report->json, key);
        fputs(": [", report->json);
    }
}

static void print_cell(const struct bench_column *column, const struct bench_cell *cell)
{
    if (column->decimals < 0)
        printf("%*s", column->width, cell->text);
    else if (isnan(cell->number))
        printf("%*s", column->width, "-");
    else
        printf("%*.*f", column->width, column->decimals, cell->number);
}

static void write_cell(FILE *file, const struct bench_column *column, const struct bench_cell *cell)
{
    write_string(file, column->key);
    fputs(": ", file);
    if (column->decimals < 0)
        write_string(file, cell->text);
    else if (isfinite(cell->number))
        fprintf(file, "%.6g", cell->number);
    else
        fputs("null", file);
}

void bench_report_row(struct bench_report *report, const struct bench_cell *cells)
{
    for (size_t i = 0; report->columns[i].key; i++) {
        if (i > 0)
            printf(" ");
        print_cell(&report->columns[i], &cells[i]);
    }
    printf("\n");
    if (report->json) {
        fputs(report->rows > 0 ? ",\n    {" : "\n    {", report->json);
        for (size_t i = 0; report->columns[i].key; i++) {
            if (i > 0)
                fputs(", ", report->json);
            write_cell(report->json, &report->columns[i], &cells[i]);
        }
        fputs("}", report->json);
    }
    report->rows++;
}

void bench_report_close(struct bench_report *report)
{
    end_table(report);
    if (!report->json)
        return;
    fputs("\n}\n", report->json);
    const int failed = ferror(report->json);
    if (fclose(report->json) != 0 || failed)
        bench_fail("%s: %s", report->path, strerror(errno));
}

const char *bench_net_name(const size_t *widths, size_t width_count, char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < width_count && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%zu", i ? "-" : "", widths[i]);
    return text;
}
