// A device of Microsoft's own SDK asks the fake provisioning service which hub it belongs to.
'use strict';
const { ProvisioningDeviceClient } = require('azure-iot-provisioning-device');
const { Mqtt } = require('azure-iot-provisioning-device-mqtt');
const { SymmetricKeySecurityClient } = require('azure-iot-security-symmetric-key');

const { HOST, ID_SCOPE, DEVICE, KEY } = process.env;
ProvisioningDeviceClient.create(HOST, ID_SCOPE, new Mqtt(), new SymmetricKeySecurityClient(DEVICE, KEY)).register()
  .then((result) => { console.log(JSON.stringify({ what: 'assigned', value: { hub: result.assignedHub, device: result.deviceId } })); process.exit(0); })
  .catch((e) => { console.log(JSON.stringify({ what: 'failed', value: e.name })); console.error(e); process.exit(1); });
