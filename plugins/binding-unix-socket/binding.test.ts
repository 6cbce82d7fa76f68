import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BindingUnderTest, bindingKit, bindingSubjects, type MakeSubject, runCase } from 'tutti/testing';
import { expect, test } from 'vitest';
import { binding, unixSocketTransport } from './index.ts';

/** Each subject at a path of its own. */
const make: MakeSubject<BindingUnderTest> = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unix-socket-'));
  const config = { path: join(folder, 'tutti.sock') };
  const subject = await bindingSubjects(binding, {
    config,
    connect: (address) => unixSocketTransport(address.replace('unix:', '')),
    again: () => config,
    lacks: { peer: 'the other end of a Unix socket has no address' },
  })();
  return {
    ...subject,
    async dispose() {
      await subject.dispose();
      await rm(folder, { recursive: true });
    },
  };
};

test.for(bindingKit.cases.map((each) => [each.name, each] as const))('%s', async ([, each]) => {
  const { failure } = await runCase(each, make);
  expect(failure).toBeUndefined();
});
