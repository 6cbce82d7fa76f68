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

  it.each(['json', 'text'] as const)(
    'hides secrets in %s whatever characters they have and however deep they are',
    async (format) => {
      const secrets = ['say "please"', 'back\\slash', 'two\nlines', 'tab\there', 'long', 'longer than long'];
      const output = new PassThrough();
      const log = createLog({ level: 'debug', format }, output);
      log.hide(secrets);
      for (const secret of secrets) {
        const cause = new Error(`the cause has ${secret}`);
        const error = new Error(`cannot log in with ${secret}`, { cause });
        const url = { toJSON: () => `https://${secret}@peer` };
        log.root.error(`tried ${secret}`, { error, deep: [{ er: { [secret]: [secret] } }], url });
      }
      const circular: Record<string, unknown> = { name: 'round' };
      circular['self'] = circular;
      log.root.info('and round', { circular });
      await log.close();
      const text = String(output.read());
      for (const secret of secrets) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
      }
      expect(text).not.toContain('er than');
      expect(text).toContain('the cause has [secret]');
      expect(text).toContain('[circular]');
      expect(text.trim().split('\n')).toHaveLength(secrets.length + 1);
    },
  );
});
