import type { EntryStatus, Phase } from '../../core/host/status.js';

/** How the whole is, from how its parts are: as bad as the worst of them. */
export function worst(entries: readonly EntryStatus[]): EntryStatus['health']['status'] {
  const found = new Set(entries.map(({ health }) => health.status));
  return found.has('failed') ? 'failed' : found.has('degraded') ? 'degraded' : 'ok';
}

/** How much of it a probe tells. Reasons name addresses and files, which are not for everybody. */
export type Telling = 'verdict' | 'states' | 'reasons';

/** The body of a probe, in the form that Kubernetes made usual: `[+]name ok`. */
export function probeText(phase: Phase, entries: readonly EntryStatus[], telling: Telling): string {
  const verdict = phase === 'ready' ? worst(entries) : phase;
  if (telling === 'verdict') return `${verdict}\n`;
  const marks = { ok: '[+]', degraded: '[!]', failed: '[-]' } as const;
  const lines = entries.map(
    ({ name, type, health: { status, reason } }) =>
      `${marks[status]}${name} (${type}) ${status}${reason === undefined || telling === 'states' ? '' : `: ${reason}`}`,
  );
  return `${[...lines, `${verdict}: the host is ${phase}`].join('\n')}\n`;
}
