#include "present/progress.h"
#include "base/str.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_COLUMNS 20

static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return 80;
}

static void add_time_left(struct str *line, double seconds)
{
    int whole = (int)(seconds + 0.5);
    if (whole >= 60) {
        str_format(line, "%d min %02d s left", whole / 60, whole % 60);
    } else {
        str_format(line, "%d s left", whole);
    }
}

void progress_draw(struct progress *p, const char *id, const char *phase, double part)
{
    if (!p->shown || p->total == 0) {
        return;
    }
    double done = ((double)p->done + part) / (double)p->total;
    int filled = (int)(done * BAR_COLUMNS);
    struct str line = STR_EMPTY;
    str_add(&line, "[");
    for (int i = 0; i < BAR_COLUMNS; i++) {
        str_add_char(&line, i < filled ? '#' : '.');
    }
    str_format(&line, "] %zu/%zu  ", p->done + 1, p->total);
    add_time_left(&line, ((double)(p->total - p->done) - part) * p->seconds_each);
    str_format(&line, "  %s: %s", id, phase);
    int columns = terminal_columns() - 1;
    fprintf(stderr, "\r\033[K%.*s", columns, str_text(&line));
    fflush(stderr);
    str_release(&line);
    p->drawn = true;
}

void progress_erase(struct progress *p)
{
    if (p->drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        p->drawn = false;
    }
}
