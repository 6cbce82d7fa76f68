import { describeBindings } from '../../core/host/index.js';
import { asyncApi } from '../../vendors/mqtt/asyncapi/index.js';
import type { MqttConfig } from '../../vendors/mqtt/config.js';
import { invalid } from '../failure.js';
import { readProfile, tuttiVersion } from '../profile.js';
import type { Terminal } from '../terminal.js';

export interface AsyncApiOptions {
  /** The entry's name; needed where a profile has several. */
  readonly binding?: string;
}

/**
 * `tutti asyncapi [PROFILE]`: what an MQTT binding of a profile serves, as AsyncAPI 3.0; without one, what one that
 * serves as much as its first binding would. Starts nothing.
 */
export async function asyncapi(terminal: Terminal, file: string, { binding }: AsyncApiOptions): Promise<void> {
  const profile = await readProfile(file);
  const bindings = describeBindings(profile);
  const mqtt = bindings.filter(({ type }) => type === 'binding.mqtt');
  const names = mqtt.map(({ name }) => name).join(', ');
  const chosen = binding === undefined ? mqtt : mqtt.filter(({ name }) => name === binding);
  if (binding !== undefined && chosen.length === 0) {
    throw invalid(`${file} has no MQTT binding named "${binding}"`, names === '' ? undefined : `there are: ${names}`);
  }
  if (chosen.length > 1) throw invalid(`${file} has several MQTT bindings: ${names}`, 'choose one: --binding NAME');
  const described = chosen[0] ?? bindings[0];
  if (!described) throw invalid(`${file} has no bindings, and offers nothing`);
  // The type says that its definition made the config.
  const { url, root } = chosen[0] ? (described.config as MqttConfig) : { url: undefined, root: 'tutti' };
  const document = asyncApi({
    title: profile.name,
    version: tuttiVersion(),
    url,
    root,
    operations: described.operations,
    schemes: (kinds) => described.gate.schemes(kinds),
  });
  terminal.out(JSON.stringify(document, undefined, 2));
}
