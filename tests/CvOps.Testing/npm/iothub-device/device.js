// A device of Microsoft's own SDK against the fake hub. Says what it sees as JSON lines, and stays until its input ends.
'use strict';
const https = require('https');
const { Client, Message } = require('azure-iot-device');
const { Mqtt } = require('azure-iot-device-mqtt');
const { NoRetry } = require('azure-iot-common');

const say = (what, value) => console.log(JSON.stringify({ what, value }));
const connectionString = process.env.CONNECTION_STRING;
const steps = process.env.STEPS.split(',');

async function upload(client) {
  const place = await client.getBlobSharedAccessSignature('frame/cam 1/f1.json');
  const body = Buffer.from('{"frame":1}');
  const address = `https://${place.hostName}/${place.containerName}/${encodeURIComponent(place.blobName)}${place.sasToken}`;
  const status = await new Promise((resolve, reject) => {
    const put = https.request(address, { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob', 'content-length': body.length } }, (answer) => { answer.resume(); resolve(answer.statusCode); });
    put.on('error', reject);
    put.end(body);
  });
  await client.notifyBlobUploadStatus(place.correlationId, true, status, 'done');
  say('uploaded', status);
}

async function main() {
  const client = Client.fromConnectionString(connectionString, Mqtt);
  client.setRetryPolicy(new NoRetry());
  if (process.env.CERTIFICATE) {
    const fs = require('fs');
    await client.setOptions({ cert: fs.readFileSync(process.env.CERTIFICATE, 'utf8'), key: fs.readFileSync(process.env.KEY, 'utf8') });
  }
  await client.open();
  say('open', true);
  for (const step of steps) {
    if (step === 'twin') {
      const twin = await client.getTwin();
      say('desired', twin.properties.desired);
      twin.on('properties.desired', (patch) => say('patch', patch));
      await new Promise((resolve, reject) => twin.properties.reported.update({ provider: 'cpu', camera: { width: 160 } }, (e) => (e ? reject(e) : resolve())));
      say('reported', true);
    }
    if (step === 'method') {
      client.onDeviceMethod('rollback', (request, response) => response.send(200, { done: true, got: request.payload }, () => say('answered', request.payload)));
    }
    if (step === 'event') {
      const message = new Message('{"a":1}');
      message.contentType = 'application/json';
      message.contentEncoding = 'utf-8';
      message.properties.add('kind', 'drift');
      await client.sendEvent(message);
      say('sent', true);
    }
    if (step === 'upload') await upload(client);
  }
  say('ready', true);
  process.stdin.resume();
  process.stdin.on('end', () => client.close(() => process.exit(0)));
}

main().catch((e) => { say('failed', e.name); console.error(e); process.exit(1); });
