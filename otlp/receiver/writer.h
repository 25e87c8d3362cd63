/* Writing what was received to files. */
#ifndef OTLP_RECEIVER_WRITER_H
#define OTLP_RECEIVER_WRITER_H

#include <pthread.h>
#include <stdio.h>

#include <otlp/receiver.h>

struct rx_writer {
    pthread_mutex_t mutex; /* a request is written whole */
    enum otlp_receiver_write form;
    FILE *files[OTLP_SIGNAL_COUNT]; /* for lines of JSON the first alone */
    bool is_broken;                 /* something could not be written */
};

/* OTLP_EIO with errno, OTLP_ENOMEM. */
int otlp__rx_writer_open(struct rx_writer *writer, enum otlp_receiver_write form, const char *path);

/* Writes one request and hands it to the system. OTLP_EUNSUPPORTED: this form cannot be made of it;
 * OTLP_EIO; OTLP_ENOMEM. Any thread. */
int otlp__rx_writer_put(struct rx_writer *writer, const struct otlp_receiver_request *request);

/* OTLP_EIO: not all is there. */
int otlp__rx_writer_close(struct rx_writer *writer);

#endif
