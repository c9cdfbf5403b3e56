#include "pictures.h"

#include <stdio.h>
#include <stdlib.h>

/* Two panels; history.csv has a column for each name and a line for each epoch. */
int write_learning_curves(void)
{
    FILE *script = fopen("learning_curves.gp", "w");
    if (script == NULL)
        return 0;
    fputs("set terminal pngcairo size 1200,540 font 'sans,12' background '#ffffff'\n"
          "set output 'learning_curves.png'\n"
          "set datafile separator ','\n"
          "set datafile columnheaders\n"
          "set border 3 lc rgb '#666666'\n"
          "set grid lc rgb '#dddddd' lt 1\n"
          "set tics nomirror textcolor rgb '#333333'\n"
          "set xlabel 'Epoch'\n"
          "set xrange [0:*] noextend\n"
          "set key spacing 1.3\n"
          "set style data linespoints\n"
          "set style line 1 lw 2 pt 7 ps 0.6 lc rgb '#1f77b4'\n"
          "set style line 2 lw 2 pt 5 ps 0.6 lc rgb '#e6770b'\n"
          "epoch = '(column(\"epoch\") + 1)'\n"
          "set multiplot layout 1,2 margins 0.075,0.98,0.12,0.88 spacing 0.09 title "
          "'Fashion-MNIST: learning curves' font 'sans,16'\n"
          "set ylabel 'Loss (cross-entropy)'\n"
          "set key top right\n"
          "plot 'history.csv' using @epoch:(column('loss')) ls 1 title 'training', \\\n"
          "     '' using @epoch:(column('val_loss')) ls 2 title 'validation'\n"
          "set ylabel 'Accuracy'\n"
          "set key bottom right\n"
          "plot 'history.csv' using @epoch:(column('accuracy')) ls 1 title 'training', \\\n"
          "     '' using @epoch:(column('val_accuracy')) ls 2 title 'validation'\n"
          "unset multiplot\n",
          script);
    return fclose(script) == 0;
}

/* A block of 28 lines of 28 grey values for each garment, two empty lines between. */
static int write_garments_data(const float *pixels)
{
    FILE *data = fopen("garments.dat", "w");
    if (data == NULL)
        return 0;
    for (size_t i = 0; i < GARMENTS; i++) {
        for (size_t row = 0; row < SIDE; row++)
            for (size_t column = 0; column < SIDE; column++)
                fprintf(data, "%.0f%c", (double)pixels[i * PIXELS + row * SIDE + column],
                        column + 1 < SIDE ? ' ' : '\n');
        fputs("\n\n", data);
    }
    return fclose(data) == 0;
}

/* A name within a string of gnuplot in '', where ' is written '' and nothing else has a meaning. */
static void put_name(const char *name, FILE *script)
{
    for (; *name != '\0'; name++)
        fputs(*name == '\'' ? "''" : (const char[]){*name, '\0'}, script);
}

/* A picture under each garment's predicted name; where that is wrong, it is red and the true name
 * stands below. */
static int write_garments_script(const struct verdict verdicts[GARMENTS])
{
    FILE *script = fopen("garments.gp", "w");
    if (script == NULL)
        return 0;
    fprintf(script,
            "set terminal pngcairo size 1000,1090 font 'sans,12' background '#ffffff'\n"
            "set output 'garments.png'\n"
            "set multiplot layout %d,%d margins 0.02,0.98,0.04,0.88 spacing 0.02,0.064\n"
            "set label 1 'Fashion-MNIST: the first %d test garments' at screen 0.5,0.97 center "
            "font 'sans,17'\n"
            "set label 2 'Each under the name the network gives it, with its confidence; mistakes "
            "in red, with the true name below' at screen 0.5,0.938 center font 'sans,11' "
            "textcolor rgb '#555555'\n"
            "set palette defined (0 '#ffffff', 1 '#111111')\n"
            "set cbrange [0:255]\n"
            "set xrange [-0.5:%d.5]\n"
            "set yrange [%d.5:-0.5]\n"
            "set size ratio -1\n"
            "set border 15 lc rgb '#bbbbbb'\n"
            "unset tics\n"
            "unset colorbox\n"
            "unset key\n",
            GARMENT_ROWS, GARMENT_COLUMNS, GARMENTS, SIDE - 1, SIDE - 1);
    for (size_t i = 0; i < GARMENTS; i++) {
        const struct verdict *verdict = &verdicts[i];
        fputs("set title '", script);
        put_name(verdict->predicted, script);
        fprintf(script, "  %.0f%%' noenhanced offset 0,-0.6 textcolor rgb '%s'\n",
                100.0 * verdict->probability, verdict->wrong ? "#cc0000" : "#222222");
        if (verdict->wrong) {
            fputs("set xlabel 'really: ", script);
            put_name(verdict->truth, script);
            fputs("' noenhanced offset 0,0.4 textcolor rgb '#cc0000'\n", script);
        } else {
            fputs("unset xlabel\n", script);
        }
        fprintf(script, "plot 'garments.dat' index %zu matrix with image\n", i);
        if (i == 0)
            fputs("unset label 1\nunset label 2\n", script);
    }
    fputs("unset multiplot\n", script);
    return fclose(script) == 0;
}

int write_garments(const float *pixels, const struct verdict verdicts[GARMENTS])
{
    return write_garments_data(pixels) && write_garments_script(verdicts);
}

int draw_pictures(void)
{
    if (system("command -v gnuplot >/dev/null 2>&1") != 0) {
        printf("gnuplot is not installed (Debian: gnuplot-nox), so no pictures were drawn.\n"
               "Later, in the output directory: gnuplot learning_curves.gp garments.gp\n");
        return 1;
    }
    return system("gnuplot learning_curves.gp") == 0 && system("gnuplot garments.gp") == 0;
}
