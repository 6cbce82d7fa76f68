import { conformance } from 'tutti/testing';
import { binding, transport, unixSocketTransport } from './index.ts';

const config = { path: './tutti.sock' };

export default [
  conformance({
    definition: binding,
    config,
    secondConfig: { path: './second.sock' },
    binding: {
      connect: (address) => unixSocketTransport(address.replace('unix:', '')),
      // A path that was given back can be taken again.
      again: () => config,
      lacks: { peer: 'the other end of a Unix socket has no address' },
    },
  }),
  conformance({ definition: transport, config: { url: 'unix:./tutti.sock' } }),
];
