// OTLP/gRPC served by @grpc/grpc-js, answering as each request asks in its metadata:
//
//   interop-case: NAME     what the request belongs to
//   interop-answers: JSON  a list, one answer for each attempt of the case and signal (the last one goes on):
//     {"code": 14, "message": "...", "retryMs": 20}   a status, with RetryInfo in grpc-status-details-bin
//     {"headersFirst": true, ...}                     headers before the status: no Trailers-Only response
//     {"rejected": 3, "message": "..."}               success, but for some items
//     {"padding": 5000000}                            success, with so many bytes in an unknown field
//     {}                                              success
//
// The first line on stdout is the port; then a line of JSON for each request, with its time and its bytes.

import grpc from '@grpc/grpc-js';

// The few messages of protobuf that are needed.
function varint(value) {
  const bytes = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    if (rest <= 0x7fn) return Buffer.from(bytes);
  }
}

const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);

function bytes(field, content) {
  const data = Buffer.from(content);
  return Buffer.concat([varint((field << 3) | 2), varint(data.length), data]);
}

const response = ({ rejected, message = '', padding = 0 }) => Buffer.concat([
  rejected === undefined ? Buffer.alloc(0) : bytes(1, Buffer.concat([number(1, rejected), bytes(2, message)])),
  padding > 0 ? bytes(99, Buffer.alloc(padding, 1)) : Buffer.alloc(0),
]);

// A google.rpc.Status with two details, of which the second is RetryInfo.
function status({ code, message = '', retryMs }) {
  const delay = Buffer.concat([number(1, Math.floor(retryMs / 1000)), number(2, (retryMs % 1000) * 1000000)]);
  const any = (name, value) => bytes(3, Buffer.concat([bytes(1, `type.googleapis.com/google.rpc.${name}`), bytes(2, value)]));
  return Buffer.concat([number(1, code), bytes(2, message), any('Help', ''), any('RetryInfo', bytes(1, delay))]);
}

function respond(call, callback, answer) {
  if (answer.headersFirst) {
    call.sendMetadata(new grpc.Metadata());
  }
  if (!answer.code) {
    callback(null, response(answer));
    return;
  }
  const metadata = new grpc.Metadata();
  if ('retryMs' in answer) {
    metadata.set('grpc-status-details-bin', status(answer));
  }
  callback({ code: answer.code, details: answer.message ?? '', metadata });
}

const attempts = new Map();

function handle(signal) {
  return (call, callback) => {
    const name = String(call.metadata.get('interop-case')[0] ?? '');
    const answers = JSON.parse(String(call.metadata.get('interop-answers')[0] ?? '[{}]'));
    const key = `${name}/${signal}`;
    const attempt = attempts.get(key) ?? 0;
    attempts.set(key, attempt + 1);
    const metadata = call.metadata.getMap();
    const body = call.request.toString('base64');
    const line = { name, signal, attempt, ms: performance.now(), deadline: Number(call.getDeadline()), metadata, body };
    console.log(JSON.stringify(line, (_, value) => (value === Infinity ? null : value)));
    respond(call, callback, answers[Math.min(attempt, answers.length - 1)]);
  };
}

const same = (bytes) => bytes;
const server = new grpc.Server({ 'grpc.max_receive_message_length': 64 << 20, 'grpc.max_send_message_length': 64 << 20 });
for (const [signal, service] of Object.entries({ traces: 'Trace', metrics: 'Metrics', logs: 'Logs' })) {
  const path = `/opentelemetry.proto.collector.${signal === 'traces' ? 'trace' : signal}.v1.${service}Service/Export`;
  const method = {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  server.addService({ export: method }, { export: handle(signal) });
}
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    throw error;
  }
  console.log(port);
});
process.on('SIGTERM', () => process.exit(0));
// Whoever started it holds its stdin open: it does not outlive them.
process.stdin.on('end', () => process.exit(0)).resume();
