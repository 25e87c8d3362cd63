// Sends telemetry by OpenTelemetry's own exporters, as a plan says:
//
//   node send.mjs '[{"name": "grpc gzip", "protocol": "grpc", "compression": "gzip", "urls": ["http://127.0.0.1:1"]}]'
//
// Every URL of a case gets the same. For each case and signal one line of JSON on stdout: what was sent, as
// OTLP/JSON, and what each exporter said. Exit status 1 when an export failed.

import { OTLPLogExporter as LogsGrpc } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as LogsJson } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as LogsProto } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as MetricsGrpc } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as MetricsJson } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as MetricsProto } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as TracesGrpc } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as TracesJson } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as TracesProto } from '@opentelemetry/exporter-trace-otlp-proto';

import { saysLogs, saysMetrics, saysSpans } from './says.mjs';
import { makeTelemetry } from './telemetry.mjs';

const exporters = {
  grpc: { traces: TracesGrpc, metrics: MetricsGrpc, logs: LogsGrpc },
  'http/protobuf': { traces: TracesProto, metrics: MetricsProto, logs: LogsProto },
  'http/json': { traces: TracesJson, metrics: MetricsJson, logs: LogsJson },
};
const says = { traces: saysSpans, metrics: saysMetrics, logs: saysLogs };

function exportOnce(Exporter, protocol, compression, url, signal, telemetry) {
  const exporter = new Exporter({
    url: protocol === 'grpc' ? url : `${url}/v1/${signal}`,
    compression,
    timeoutMillis: 10000,
  });
  return new Promise((resolve) => {
    exporter.export(telemetry, (result) => {
      const answer = { url, code: result.code, error: result.error ? String(result.error) : '' };
      exporter.shutdown().finally(() => resolve(answer));
    });
  });
}

let failed = false;
for (const { name, protocol, compression, urls } of JSON.parse(process.argv[2])) {
  const telemetry = await makeTelemetry(name);
  for (const [signal, Exporter] of Object.entries(exporters[protocol])) {
    const answers = await Promise.all(
      urls.map((url) => exportOnce(Exporter, protocol, compression, url, signal, telemetry[signal])),
    );
    failed ||= answers.some(({ code }) => code !== 0);
    console.log(JSON.stringify({ name, signal, says: says[signal](telemetry[signal]), answers }));
  }
}
process.exitCode = failed ? 1 : 0;
