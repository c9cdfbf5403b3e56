/* Ctrl-C and its like: the first asks training to stop and save, the second ends the program. */
#include "cli.h"
#include <signal.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

static volatile sig_atomic_t stop_signal;

static void note_signal(int signal_number)
{
    stop_signal = signal_number;
    cli_stop_release();
}

/* Gives action to those signals that have handler now. */
static void replace(void (*handler)(int), void (*replacement)(int))
{
    for (int i = 0; i < SIGNALS; i++) {
        struct sigaction action;
        if (sigaction(signals[i], NULL, &action) != 0 || action.sa_handler != handler)
            continue;
        action = (struct sigaction){.sa_handler = replacement, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        sigaction(signals[i], &action, NULL);
    }
}

void cli_stop_catch(void)
{
    replace(SIG_DFL, note_signal);
}

void cli_stop_release(void)
{
    replace(note_signal, SIG_DFL); /* sigaction may be called in a handler */
}

int cli_stop_signal(void)
{
    return stop_signal;
}
