import { resolve } from 'node:path';
import { formatIntegrity } from '../../core/plugin/integrity.js';
import { pinOf } from '../../core/plugin/pin.js';
import { PluginFault } from '../../core/plugin/plugin-fault.js';
import { invalid } from '../failure.js';
import { toYaml } from '../output/render.js';
import type { Terminal } from '../terminal.js';

export interface PluginPinOptions {
  /** The profile that names the plugin. */
  readonly from?: string;
}

/** `tutti plugin pin PATH_OR_PACKAGE`: the item for `plugins:`. Imports nothing. */
export async function pinPlugin(terminal: Terminal, specifier: string, { from }: PluginPinOptions): Promise<void> {
  // Without a profile, as a profile in the present folder would find it.
  const source = { specifier, from: resolve(from ?? 'profile.yaml') };
  const integrity = await pinOf(source).catch((error: unknown) => {
    throw error instanceof PluginFault ? invalid(error.message, undefined, { cause: error }) : error;
  });
  const item = await toYaml([{ from: specifier, integrity: formatIntegrity(integrity) }]);
  terminal.out(item.trimEnd());
  terminal.next(`put this under plugins: in ${from ?? 'the profile'}, in place of what names it now`);
}
