import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLog } from './log.js';

describe('the log of a host', () => {
  it('says nothing more once it is closed, and does not fail over it', async () => {
    const output = new PassThrough();
    const log = createLog({ level: 'debug', format: 'text' }, output);
    log.root.info('in time');
    await log.close();
    log.root.error('too late');
    expect(String(output.read())).toMatch(/in time\n$/);
    expect(output.read()).toBeNull();
  });
});
