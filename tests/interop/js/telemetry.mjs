// Telemetry of every kind, made with OpenTelemetry's own SDK, and given out as what the SDK hands to its exporters.

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, ValueType, createTraceState, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality, AggregationType, InstrumentType, MeterProvider, MetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';

const START = 1790000000;
const text = 'žluťoučký kůň 🐎 "quoted" \\ \n\t\u0001 nul \u0000 end';
const attributes = {
  string: text,
  empty: '',
  yes: true,
  no: false,
  zero: 0,
  int: 1234567890123456,
  negative: -1234567890123456,
  double: 0.1,
  tiny: -2.5e-300,
  strings: ['a', '', 'ž'],
  ints: [0, -1, 4294967296],
  doubles: [0.5, -0.25],
  bools: [true, false],
  nothing: [],
};

function resourceOf(name) {
  return resourceFromAttributes(
    { 'service.name': 'interop-js', 'interop.case': name, ...attributes },
    { schemaUrl: 'https://example.com/resource/1' },
  );
}

const nothing = { forceFlush: async () => {}, shutdown: async () => {} };

function remoteParent() {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    traceState: createTraceState('vendor=one,other=two'),
  });
}

export function makeSpans(resource) {
  const spans = [];
  const provider = new BasicTracerProvider({
    resource,
    spanLimits: { attributeCountLimit: 20, eventCountLimit: 3, linkCountLimit: 3 },
    spanProcessors: [{ ...nothing, onStart: () => {}, onEnd: (span) => spans.push(span) }],
  });
  const tracer = provider.getTracer('scope-a', '1.2.3', { schemaUrl: 'https://example.com/scope/1' });
  const other = provider.getTracer('scope-b');
  const at = (nanos) => [START, nanos];

  const full = tracer.startSpan('full', {
    kind: SpanKind.SERVER,
    attributes,
    startTime: at(1),
    links: [
      { context: trace.getSpanContext(remoteParent()), attributes: { ...attributes } },
      { context: { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16), traceFlags: 0 } },
    ],
  }, remoteParent());
  full.addEvent('event', { ...attributes }, at(2));
  full.addEvent('', {}, at(3));
  full.setStatus({ code: SpanStatusCode.ERROR, message: text });
  full.end(at(999999999));

  const context = trace.setSpan(ROOT_CONTEXT, full);
  for (const [name, kind] of Object.entries(SpanKind).filter(([, value]) => typeof value === 'number')) {
    const span = other.startSpan(`kind ${name}`, { kind, startTime: at(10 + kind) }, context);
    span.setStatus({ code: SpanStatusCode.OK });
    span.end(at(20 + kind));
  }

  const over = other.startSpan('over the limits', { startTime: at(4), root: true });
  for (let i = 0; i < 25; i++) {
    over.setAttribute(`attribute ${i}`, i);
  }
  for (let i = 0; i < 5; i++) {
    over.addEvent(`event ${i}`, { i }, at(100 + i));
    over.addLink({ context: full.spanContext() });
  }
  over.end(at(5));
  return spans;
}

class Reader extends MetricReader {
  onShutdown() { return Promise.resolve(); }

  onForceFlush() { return Promise.resolve(); }
}

export async function makeMetrics(resource) {
  // Both temporalities: what an instrument has is its own.
  const reader = new Reader({
    aggregationTemporalitySelector: (type) =>
      type === InstrumentType.HISTOGRAM ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  });
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [
      { instrumentName: 'exponential*', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
      {
        instrumentName: 'one.bucket',
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [] } },
      },
      {
        instrumentName: 'without.extremes',
        aggregation: {
          type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
          options: { boundaries: [-1.5, 0, 1e-9, 1e9], recordMinMax: false },
        },
      },
    ],
  });
  const meter = provider.getMeter('meter-a', '0.1', { schemaUrl: 'https://example.com/meter/1' });
  const other = provider.getMeter('meter-b');
  const what = { unit: '{thing}', description: `what it is: ${text}` };

  const counter = meter.createCounter('counter.int', { ...what, valueType: ValueType.INT });
  counter.add(9007199254740991, attributes);
  counter.add(0, { other: 'set' });
  meter.createCounter('counter.double', what).add(0.1);
  const upDown = meter.createUpDownCounter('up.down', { ...what, valueType: ValueType.INT });
  upDown.add(-5, { a: 1 });
  upDown.add(7, { a: 2 });
  meter.createGauge('gauge.double').record(-1.5e-7, attributes);
  meter.createGauge('gauge.int', { valueType: ValueType.INT }).record(-42);
  meter.createObservableGauge('observed').addCallback((result) => result.observe(21.5, { seen: true }));

  const histogram = other.createHistogram('explicit', what);
  [0, 1, 5, 5.0001, 75, 9999, 1e7].forEach((value) => histogram.record(value, { method: 'GET' }));
  other.createHistogram('one.bucket').record(3);
  const plain = other.createHistogram('without.extremes');
  [0, 0.5, 1e10].forEach((value) => plain.record(value));
  const exponential = other.createHistogram('exponential', what);
  [0, 0, 1, 1.5, 2, 1e-3, 1e6].forEach((value) => exponential.record(value, attributes));
  other.createHistogram('exponential.one').record(4);

  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length > 0) {
    throw errors[0];
  }
  return resourceMetrics;
}

export function makeLogs(resource) {
  const records = [];
  const provider = new LoggerProvider({
    resource,
    logRecordLimits: { attributeCountLimit: 20 },
    processors: [{ ...nothing, onEmit: (record) => records.push(record) }],
  });
  const logger = provider.getLogger('logger-a', '3', { schemaUrl: 'https://example.com/logger/1' });
  const body = { text, list: [1, 'two', 0.5, [true]], map: { deep: { er: null } }, bytes: new Uint8Array([0, 255, 128]) };
  logger.emit({
    eventName: 'an.event',
    timestamp: [START, 7],
    observedTimestamp: [START, 8],
    severityNumber: SeverityNumber.WARN2,
    severityText: 'attention',
    body,
    attributes: { ...attributes, map: body, raw: new Uint8Array([1, 2, 3]) },
    context: remoteParent(),
  });
  for (const value of [text, '', 0, -7, 0.25, true, false, [], {}, ['x', { y: 1 }], new Uint8Array(0), new Uint8Array(300)]) {
    provider.getLogger('logger-b').emit({ timestamp: [START, 9], observedTimestamp: [START, 10], body: value });
  }
  for (let severity = 1; severity <= 24; severity++) {
    logger.emit({ observedTimestamp: [START, 11], timestamp: [START, 12], severityNumber: severity, body: `severity ${severity}` });
  }
  logger.emit({
    timestamp: [START, 13],
    observedTimestamp: [START, 14],
    attributes: Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`attribute ${i}`, i])),
  });
  return records;
}

// What belongs to one case; every case has all of it, under a resource that names the case.
export async function makeTelemetry(name) {
  const resource = resourceOf(name);
  return { traces: makeSpans(resource), metrics: await makeMetrics(resource), logs: makeLogs(resource) };
}
