import { defineManager, EventBus, optional, SecretProvider, StateProvider } from 'tutti/plugin';
import { config } from './config.ts';
import { Webhook } from './webhook.ts';

/** A manager that provides nothing: it only listens. */
export default defineManager({
  type: 'manager.webhook',
  version: '1.0.0',
  summary: 'Posts events as signed CloudEvents to a URL, again and again until they are taken',
  host: '>=0.1.0',
  config,
  uses: { events: EventBus, state: StateProvider, secrets: optional(SecretProvider) },
  needs: {
    network: 'connects to the URL in its config',
    files: 'reads the signing secret and the CA that its config names',
  },
  create: (context) => new Webhook(context),
});
