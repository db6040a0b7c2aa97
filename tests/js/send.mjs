// Sends two spans, one log record and three metrics.
// node send.mjs <endpoint> <http|proto> <none|gzip> <key>; exits with 1 and says why if an export fails.

import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const [endpoint, encoding, compression, key] = process.argv.slice(2);
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${encoding}`);
const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${encoding}`);
const { OTLPMetricExporter } = await import(`@opentelemetry/exporter-metrics-otlp-${encoding}`);

const options = (signal) => ({
  url: `${endpoint}/v1/${signal}`,
  compression,
  headers: { Authorization: `Bearer ${key}` },
});
const resource = resourceFromAttributes({ 'service.name': 'javascript' });

// The SDK only logs a failed export; here it must fail the run.
function strict(exporter) {
  const original = exporter.export.bind(exporter);
  exporter.export = (items, done) =>
    original(items, (result) => {
      if (result.code !== 0) {
        console.error(result.error);
        process.exitCode = 1;
      }
      done(result);
    });
  return exporter;
}

const tracing = new BasicTracerProvider({
  resource,
  spanProcessors: [new SimpleSpanProcessor(strict(new OTLPTraceExporter(options('traces'))))],
});
const tracer = tracing.getTracer('sender', '1.0');
const parent = tracer.startSpan('parent', {
  attributes: {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o-mini',
    'gen_ai.usage.input_tokens': 1000,
    'gen_ai.usage.output_tokens': 10,
    'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Grüße 🦉"}]}]',
  },
});
parent.end();
const span = tracer.startSpan('chat gpt-4o', {
  kind: SpanKind.CLIENT,
  links: [{ context: parent.spanContext(), attributes: { kind: 'follows' } }],
  attributes: {
    text: 'Grüße 🦉',
    empty: '',
    whole: 42,
    negative: -7,
    large: 9007199254740991,
    fraction: 0.5,
    yes: true,
    no: false,
    texts: ['a', 'b'],
    numbers: [1, 2.5],
    nothing: [],
  },
});
span.addEvent('exception', { 'exception.type': 'RateLimitError' });
span.setStatus({ code: SpanStatusCode.ERROR, message: 'rate limited' });
span.end();

const logging = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: strict(new OTLPLogExporter(options('logs'))) })],
});
logging.getLogger('sender').emit({
  eventName: 'gen_ai.client.inference.operation.details',
  body: { message: { role: 'user', parts: ['hello', 1, null, { deep: [true] }] } },
  attributes: { raw: new Uint8Array([1, 2, 255]), map: { a: 1 } },
});

const metering = new MeterProvider({
  resource,
  readers: [
    new PeriodicExportingMetricReader({
      exporter: strict(new OTLPMetricExporter(options('metrics'))),
      exportIntervalMillis: 3_600_000,
      exportTimeoutMillis: 10_000,
    }),
  ],
});
const meter = metering.getMeter('sender');
meter.createCounter('calls').add(3, { model: 'gpt-4o' });
meter.createHistogram('gen_ai.client.operation.duration').record(0.25);
meter.createGauge('temperature').record(-1.5);

await Promise.all([tracing.shutdown(), logging.shutdown(), metering.shutdown()]);
