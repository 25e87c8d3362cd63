// What a program of the SDK says it recorded, as OTLP/JSON. Made here from the SDK's own objects and not by
// the exporters' serializers, so that an error of those would be seen, too.

import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import { ValueType } from '@opentelemetry/api';

const nanos = ([seconds, rest]) => String(BigInt(seconds) * 1000000000n + BigInt(rest));

function value(any) {
  if (any === null || any === undefined) return {};
  if (typeof any === 'string') return { stringValue: any };
  if (typeof any === 'boolean') return { boolValue: any };
  if (typeof any === 'number') return Number.isInteger(any) ? { intValue: String(BigInt(any)) } : { doubleValue: any };
  if (any instanceof Uint8Array) return { bytesValue: Buffer.from(any).toString('base64') };
  if (Array.isArray(any)) return { arrayValue: { values: any.map(value) } };
  return { kvlistValue: { values: pairs(any) } };
}

const pairs = (map) => Object.entries(map ?? {}).map(([key, any]) => ({ key, value: value(any) }));

const flagsOf = (context, remote) => (context.traceFlags & 0xff) | 0x100 | (remote ? 0x200 : 0);

const scopeOf = ({ name, version }) => ({ name, version: version ?? '' });

// One resource for all; groups by scope.
function request(words, resource, items, scopeFor, write) {
  const scopes = new Map();
  for (const item of items) {
    const scope = scopeFor(item);
    const key = JSON.stringify([scope.name, scope.version, scope.schemaUrl]);
    if (!scopes.has(key)) scopes.set(key, { scope: scopeOf(scope), schemaUrl: scope.schemaUrl ?? '', [words.items]: [] });
    scopes.get(key)[words.items].push(write(item));
  }
  return {
    [words.resources]: [{
      resource: { attributes: pairs(resource.attributes) },
      schemaUrl: resource.schemaUrl ?? '',
      [words.scopes]: [...scopes.values()],
    }],
  };
}

function span(item) {
  const context = item.spanContext();
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    parentSpanId: item.parentSpanContext?.spanId ?? '',
    traceState: context.traceState?.serialize() ?? '',
    flags: flagsOf(context, item.parentSpanContext?.isRemote),
    name: item.name,
    kind: item.kind + 1,
    startTimeUnixNano: nanos(item.startTime),
    endTimeUnixNano: nanos(item.endTime),
    attributes: pairs(item.attributes),
    droppedAttributesCount: item.droppedAttributesCount,
    events: item.events.map((event) => ({
      timeUnixNano: nanos(event.time),
      name: event.name,
      attributes: pairs(event.attributes),
      droppedAttributesCount: event.droppedAttributesCount ?? 0,
    })),
    droppedEventsCount: item.droppedEventsCount,
    links: item.links.map((link) => ({
      traceId: link.context.traceId,
      spanId: link.context.spanId,
      traceState: link.context.traceState?.serialize() ?? '',
      flags: flagsOf(link.context, link.context.isRemote),
      attributes: pairs(link.attributes),
      droppedAttributesCount: link.droppedAttributesCount ?? 0,
    })),
    droppedLinksCount: item.droppedLinksCount,
    status: { code: item.status.code, message: item.status.message ?? '' },
  };
}

export function saysSpans(spans) {
  const words = { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' };
  return request(words, spans[0].resource, spans, (item) => item.instrumentationScope, span);
}

function log(item) {
  return {
    timeUnixNano: nanos(item.hrTime),
    observedTimeUnixNano: nanos(item.hrTimeObserved),
    severityNumber: item.severityNumber ?? 0,
    severityText: item.severityText ?? '',
    body: item.body === undefined ? undefined : value(item.body),
    attributes: pairs(item.attributes),
    droppedAttributesCount: item.droppedAttributesCount,
    flags: item.spanContext?.traceFlags ?? 0,
    traceId: item.spanContext?.traceId ?? '',
    spanId: item.spanContext?.spanId ?? '',
    eventName: item.eventName ?? '',
  };
}

export function saysLogs(records) {
  const words = { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' };
  return request(words, records[0].resource, records, (item) => item.instrumentationScope, log);
}

function point(item) {
  return {
    attributes: pairs(item.attributes),
    startTimeUnixNano: nanos(item.startTime),
    timeUnixNano: nanos(item.endTime),
  };
}

const summed = ({ count, sum, min, max }) => ({ count: String(count), sum, min, max });

const run = ({ offset, bucketCounts }) => ({ offset, bucketCounts: bucketCounts.map(String) });

const points = {
  [DataPointType.HISTOGRAM]: (item) => ({
    ...point(item),
    ...summed(item.value),
    explicitBounds: item.value.buckets.boundaries,
    bucketCounts: item.value.buckets.counts.map(String),
  }),
  [DataPointType.EXPONENTIAL_HISTOGRAM]: (item) => ({
    ...point(item),
    ...summed(item.value),
    scale: item.value.scale,
    zeroCount: String(item.value.zeroCount),
    positive: run(item.value.positive),
    negative: run(item.value.negative),
  }),
};

const number = (type) => (item) => ({
  ...point(item),
  ...(type === ValueType.INT ? { asInt: String(BigInt(item.value)) } : { asDouble: item.value }),
});

const keys = {
  [DataPointType.HISTOGRAM]: 'histogram',
  [DataPointType.EXPONENTIAL_HISTOGRAM]: 'exponentialHistogram',
  [DataPointType.GAUGE]: 'gauge',
  [DataPointType.SUM]: 'sum',
};

function metric(item) {
  const write = points[item.dataPointType] ?? number(item.descriptor.valueType);
  const data = { dataPoints: item.dataPoints.map(write) };
  if (item.dataPointType !== DataPointType.GAUGE) {
    data.aggregationTemporality = item.aggregationTemporality === AggregationTemporality.DELTA ? 1 : 2;
  }
  if (item.dataPointType === DataPointType.SUM) {
    data.isMonotonic = item.isMonotonic;
  }
  const { name, unit, description } = item.descriptor;
  return { name, unit, description, [keys[item.dataPointType]]: data };
}

export function saysMetrics({ resource, scopeMetrics }) {
  const words = { resources: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' };
  const flat = scopeMetrics.flatMap(({ scope, metrics }) => metrics.map((item) => ({ scope, item })));
  return request(words, resource, flat, ({ scope }) => scope, ({ item }) => metric(item));
}
