import { defineBinding, optional } from '../../core/plugin/index.js';
import { Broker } from '../../core/ports/index.js';
import { MqttBinding } from './binding.js';
import { config } from './config.js';

export default defineBinding({
  type: 'binding.mqtt',
  version: '1.0.0',
  summary: 'Operations over MQTT 5 and 3.1.1: requests, replies and streams by topics that a broker can guard',
  config,
  uses: { broker: optional(Broker) },
  create: (context) => new MqttBinding(context),
});
