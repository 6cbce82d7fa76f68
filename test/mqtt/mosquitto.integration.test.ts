import { afterAll, beforeAll, describe } from 'vitest';
import { describeWith, type MosquittoPart } from '../parts/index.js';
import { callsOver } from './suite.js';
import { mosquittoWorld } from './worlds.js';

describeWith(['mosquitto'], 'calls by way of mosquitto', (start) => {
  describe.each(['5', '3.1.1'] as const)('in MQTT %s, with passwords', (protocol) => {
    let mosquitto: MosquittoPart;
    beforeAll(async () => {
      mosquitto = await start.mosquitto({ by: 'passwords', users: ['device-a', 'device-b'] });
    });
    afterAll(() => mosquitto.stop());
    callsOver(async () => mosquittoWorld(mosquitto, protocol));
  });
});
