import { describeBindings } from '../../core/host/index.js';
import type { HttpConfig } from '../../vendors/http/config.js';
import { openApi } from '../../vendors/http/openapi/index.js';
import { invalid } from '../failure.js';
import { readProfile, tuttiVersion } from '../profile.js';
import type { Terminal } from '../terminal.js';

export interface OpenApiOptions {
  /** The entry's name; needed where a profile has several. */
  readonly binding?: string;
}

/** `tutti openapi [PROFILE]`: what an HTTP binding of a profile would serve, as OpenAPI 3.1. Starts nothing. */
export async function openapi(terminal: Terminal, file: string, { binding }: OpenApiOptions): Promise<void> {
  const profile = await readProfile(file);
  const all = describeBindings(profile).filter(({ type }) => type === 'binding.http');
  const names = all.map(({ name }) => name).join(', ');
  const chosen = binding === undefined ? all : all.filter(({ name }) => name === binding);
  const [described] = chosen;
  if (!described) {
    throw binding === undefined || all.length === 0
      ? invalid(`${file} has no binding of type binding.http`)
      : invalid(`${file} has no HTTP binding named "${binding}"`, `there are: ${names}`);
  }
  if (chosen.length > 1) throw invalid(`${file} has several HTTP bindings: ${names}`, 'choose one: --binding NAME');
  // The type says that its definition made the config.
  const { publicUrl, tls, host, port } = described.config as HttpConfig;
  const document = openApi({
    title: profile.name,
    version: tuttiVersion(),
    servers: [publicUrl ?? `${tls === 'off' ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`],
    operations: described.operations,
    schemes: (kinds) => described.gate.schemes(kinds),
  });
  terminal.out(JSON.stringify(document, undefined, 2));
}
