import { defineBinding, optional } from '../../core/plugin/index.js';
import { Broker } from '../../core/ports/index.js';
import { MqttBinding } from './binding.js';
import { config } from './config.js';

export default defineBinding({
  type: 'binding.mqtt',
  version: '1.0.0',
  summary: 'Operations over MQTT 5 and 3.1.1: requests, replies and streams by topics that a broker can guard',
  needs: {
    network: 'Connects to the broker at the url of its config, unless one inside the host is used',
    files: 'Reads the certificate, key, CA and password files of its config',
  },
  config,
  uses: { broker: optional(Broker) },
  create: (context) => new MqttBinding(context),
});
