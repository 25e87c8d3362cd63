/* How long a connection may take and how fast it may go: its time-outs, and the faults that slow it
 * down, put its answers off, or reset it. */
#ifndef OTLP_RECEIVER_PACE_H
#define OTLP_RECEIVER_PACE_H

#include "conn.h"

/* Reading: whether it must wait, how many bytes may be read at once, and that some were. */
bool otlp__rx_pace_stops_reading(const struct rx_conn *conn);
size_t otlp__rx_pace_reading(const struct rx_conn *conn, size_t wanted);
void otlp__rx_pace_has_read(struct rx_conn *conn, size_t bytes);

/* Sending: how many bytes of the backlog may be sent now, that some were, and that all were. */
size_t otlp__rx_pace_sending(struct rx_conn *conn);
void otlp__rx_pace_has_sent(struct rx_conn *conn, size_t bytes);
void otlp__rx_pace_all_sent(struct rx_conn *conn);

/* Sets the timer to the next thing that time will bring. */
void otlp__rx_pace_arm(struct rx_conn *conn);

#endif
