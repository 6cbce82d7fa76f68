import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bindingKit, bindingSubjects, runCase } from '../../core/testing/index.js';
import { httpTransport } from '../../providers/transport/http/index.js';
import http from '../../vendors/http/index.js';

const again = (tls: 'auto' | 'off') => (address: string) => ({ tls, port: Number(new URL(address).port) });

const plain = bindingSubjects(http, {
  config: { tls: 'off', port: 0 },
  connect: (url) => httpTransport({ url }),
  again: again('off'),
});

const secure = bindingSubjects(http, {
  config: { port: 0 },
  connect: (url, dataDir) => httpTransport({ url, ca: join(dataDir, 'pki', 'ca.crt') }),
  again: again('auto'),
});

describe.for([
  ['http', plain],
  ['https', secure],
] as const)('over %s', ([, make]) => {
  test.for(bindingKit.cases.map((each) => [each.name, each] as const))('%s', async ([, each]) => {
    const { failure } = await runCase(each, make);
    expect(failure).toBeUndefined();
  });
});
