import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { parse } from 'yaml';
import type { Device } from '../device-api/device.js';

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** What a device is told to run, every byte of it checked. */
export interface Told {
  readonly version: number;
  readonly etag: string;
  /** By deployment id: the name and the one parameter. */
  readonly deployments: ReadonlyMap<string, { readonly name: string; readonly value: number }>;
}

/** Polls, and fetches and checks everything that the manifest names. */
export async function pollWhole(device: Device, held?: string): Promise<Told> {
  const answer = await device.poll(held === undefined ? {} : { 'If-None-Match': held });
  expect([answer.status, answer.headers.etag]).toEqual([200, `"${digestOf(answer.bytes)}"`]);
  const { manifestVersion, bundle, deployments } = answer.json as {
    manifestVersion: number;
    bundle: { url: string; digest: string } | null;
    deployments: { deploymentId: string; digest: string; url: string }[];
  };
  expect(bundle === null).toBe(deployments.length === 0);
  if (bundle) {
    const { status, bytes } = await device.ask({ path: bundle.url });
    expect([status, digestOf(bytes)]).toEqual([200, bundle.digest]);
  }
  const told = await Promise.all(
    deployments.map(async ({ deploymentId, digest, url }) => {
      const { status, bytes, text } = await device.ask({ path: url });
      expect([status, digestOf(bytes)]).toEqual([200, digest]);
      const { id, metadata, spec } = parse(text) as {
        id: string;
        metadata: { name: string };
        spec: { parameters: { pollSeconds: { value: number } } };
      };
      expect(id).toBe(deploymentId);
      return [id, { name: metadata.name, value: spec.parameters.pollSeconds.value }] as const;
    }),
  );
  return { version: manifestVersion, etag: String(answer.headers.etag), deployments: new Map(told) };
}
