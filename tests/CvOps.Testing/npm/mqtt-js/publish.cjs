// Publishes with QoS 1 as fast as it can with so many on their way, says how many a second. Arguments: port, topic, payload bytes, messages, window.
const mqtt = require('mqtt');
const [port, topic, bytes, messages, window] = process.argv.slice(2).map((it, index) => (index === 1 ? it : Number(it)));
const payload = Buffer.alloc(bytes, 'x');
const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5, reconnectPeriod: 0, queueQoSZero: false });
client.on('error', (error) => { console.error(error.message); process.exit(1); });

function run(count, done) {
  let sent = 0, answered = 0;
  const began = process.hrtime.bigint();
  const next = (error) => {
    if (error) { console.error(error.message); process.exit(1); }
    answered++;
    if (answered === count) done(count / (Number(process.hrtime.bigint() - began) / 1e9));
    else if (sent < count) send();
  };
  const send = () => { sent++; client.publish(topic, payload, { qos: 1 }, next); };
  for (let index = 0; index < Math.min(window, count); index++) send();
}

client.on('connect', () => run(messages / 4, () => run(messages, (rate) => {
  console.log(rate.toFixed(1));
  client.end();
})));
