import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { correlated } from '../correlation/index.js';
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

  it('is never told by an entry what only the host says of an event, whatever the fields are called', async () => {
    const output = new PassThrough();
    const log = createLog({ level: 'info', format: 'json' }, output);
    const clashing = { level: 3, message: 'other', entry: 'store', time: 'never', correlationId: 'none', fields: [1] };
    log.of('tank').error('tank failed', { ...clashing, exception: true, litres: 7 });
    log.apply({ level: 'info', format: 'text' });
    correlated('call-1', () => log.of('tank').info('filled', { level: 'error', entry: 'store', litres: 8 }));
    await log.close();
    const [first = '', second] = String(output.read()).split('\n');
    const { time, ...line } = JSON.parse(first) as Record<string, unknown>;
    expect(time).toMatch(/^\d{4}-/);
    expect(line).toEqual({
      level: 'error',
      entry: 'tank',
      message: 'tank failed',
      exception: true,
      litres: 7,
      fields: clashing,
    });
    expect(second?.slice(second.indexOf(' ') + 1)).toBe(
      'INFO  tank: filled litres=8 fields={"level":"error","entry":"store"} (call-1)',
    );
  });

  it.each(['json', 'text'] as const)(
    'hides secrets in %s whatever characters they have and however deep they are',
    async (format) => {
      const secrets = ['say "please"', 'back\\slash', 'two\nlines', 'tab\there', 'long', 'longer than long'];
      // Nobody reads before the end: all of it has to find room, stacks and all.
      const output = new PassThrough({ highWaterMark: 2 ** 20 });
      const log = createLog({ level: 'debug', format }, output);
      log.hide('test', secrets);
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
