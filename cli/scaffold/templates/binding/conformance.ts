import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformance } from 'tutti/testing';
import { binding, transport, unixSocketTransport } from './index.ts';

/** One at a time listens here. */
const folder = mkdtempSync(join(tmpdir(), 'my-binding-'));
const config = { path: join(folder, 'tutti.sock') };

export default [
  conformance({
    definition: binding,
    config,
    secondConfig: { path: join(folder, 'second.sock') },
    binding: {
      connect: (address: string) => unixSocketTransport(address.replace('unix:', '')),
      again: () => config,
      lacks: { peer: 'the other end of a Unix socket has no address' },
    },
  }),
  conformance({ definition: transport, config: { url: `unix:${config.path}` } }),
];
