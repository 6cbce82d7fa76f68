import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BindingContext, Clock, Lifecycle, Uses, VendorOffer } from '../../core/plugin/index.js';
import { quietLog, type Serving, serveMount } from '../../test/registry/serve.js';
import { isHttpMount } from '../http/index.js';
import { ociRegistry } from './index.js';

/** Time that stands still until the test moves it. */
class ManualClock implements Clock {
  #now = 0;
  #due: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
      this.#due.push({ at: this.#now + milliseconds, wake: resolve });
    });
  }

  move(milliseconds: number): void {
    this.#now += milliseconds;
    const due = this.#due.filter(({ at }) => at <= this.#now);
    this.#due = this.#due.filter(({ at }) => at > this.#now);
    for (const { wake } of due) wake();
  }
}

describe('vendor.oci-registry', () => {
  const soon = AbortSignal.timeout(10_000);
  const clock = new ManualClock();
  let dataDir: string;
  let vendor: VendorOffer & Lifecycle;
  let serving: Serving;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tutti-vendor-'));
    const context = {
      ...{ name: 'registry', uses: {}, log: quietLog(), clock, dataDir },
      config: ociRegistry.config.parse({ uploadIdleSeconds: 10 }),
      resolvePath: (path: string) => path,
    };
    vendor = ociRegistry.create(context as unknown as BindingContext<unknown, Uses>) as VendorOffer & Lifecycle;
    expect(existsSync(join(dataDir, 'registry'))).toBe(false);
    await vendor.start?.(soon);
    const [mount] = (vendor.mounts ?? []).filter(isHttpMount);
    if (mount?.path !== '/v2') throw new Error('the registry is mounted at /v2');
    serving = await serveMount(mount.handler, { op: 'operator' });
  });
  afterEach(async () => {
    await serving.stop();
    await vendor.stop?.(soon);
    rmSync(dataDir, { recursive: true });
  });

  const begin = (): Promise<Response> =>
    fetch(`${serving.url}/v2/a/blobs/uploads/`, { method: 'POST', headers: { authorization: 'Bearer op' } });
  const uploads = (): string[] => readdirSync(join(dataDir, 'registry', '_uploads'));

  it('drops uploads that nobody goes on with, and all when it stops, twice if need be', async () => {
    expect((await begin()).status).toBe(202);
    expect(uploads()).toHaveLength(1);
    clock.move(10_001);
    await expect.poll(uploads).toHaveLength(0);
    await begin();
    await vendor.stop?.(soon);
    await vendor.stop?.(soon);
    expect(uploads()).toHaveLength(0);
  });

  it('has a config without surprises', () => {
    expect(ociRegistry.config.parse({})).toMatchObject({ anonymousPull: false, blobLimit: 2 ** 31 });
    for (const wrong of [{ folder: '../x' }, { blobLimit: 0 }, { insecure: true }]) {
      expect(ociRegistry.config.safeParse(wrong).success).toBe(false);
    }
  });
});
