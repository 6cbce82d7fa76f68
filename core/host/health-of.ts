import type { Health, Lifecycle } from '../plugin/lifecycle.js';

const healthy: Health = Object.freeze({ status: 'ok' });
const known: readonly unknown[] = ['ok', 'degraded', 'failed'] satisfies readonly Health['status'][];

/** How an entry is. One that cannot say so is failed, and does not keep the others from being heard. */
export function healthOf(instance: Lifecycle | undefined): Health {
  try {
    const health = instance?.health?.() ?? healthy;
    const { status, reason } = health;
    if (known.includes(status)) return reason === undefined ? { status } : { status, reason: String(reason) };
    return { status: 'failed', reason: 'its health has no status, expected ok, degraded or failed' };
  } catch (error) {
    return { status: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
