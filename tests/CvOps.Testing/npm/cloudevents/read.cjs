// In: a JSON array of {"properties": {...}, "contentType": text, "payload": value}. Out: each as the SDK reads it, a line; a mistake ends with 1.
const { MQTT } = require('cloudevents');
for (const one of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
  const message = { PUBLISH: { 'Content Type': one.contentType }, body: one.payload, payload: one.payload, headers: one.properties, 'User Properties': one.properties };
  const event = MQTT.toEvent(message, true);
  event.validate();
  console.log([event.specversion, event.id, event.source, event.type, event.subject ?? '-', one.properties.time ? event.time : '-', event.dataschema].join(' '));
}
