// In: a JSON array of base64 payloads. Out: a line each, as Eclipse Tahu's library reads it: seq and the metrics' names, types and values.
const payload = require('sparkplug-payload').get('spBv1.0');
for (const one of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
  const read = payload.decodePayload(Buffer.from(one, 'base64'));
  const value = metric => metric.value === null || metric.isNull ? 'null' : typeof metric.value === 'number' || typeof metric.value === 'string' || typeof metric.value === 'boolean' ? `${metric.value}` : metric.value.toString();
  console.log([`seq=${read.seq === undefined || read.seq === null ? '-' : read.seq.toString()}`, `at=${Number(read.timestamp)}`, ...(read.metrics ?? []).map(metric => `${metric.name}:${metric.type}=${value(metric)}`)].join('|'));
}
