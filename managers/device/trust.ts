import { readFile } from 'node:fs/promises';
import {
  type Certificate,
  CertificateFault,
  parseCertificate,
  parseCertificates,
  verifyChain,
} from '../../core/identity/index.js';
import { Problem, problems } from '../../core/operation/index.js';
import type { OnboardingPolicy, OnboardingState } from './index.js';

/**
 * Reads a device's certificate.
 * @throws Problem 400 with the reason
 */
export function readCertificate(text: string, now: number): Certificate {
  try {
    return parseCertificate(text, now);
  } catch (error) {
    if (!(error instanceof CertificateFault)) throw error;
    throw new Problem(problems.invalidRequest, `the certificate cannot be used: ${error.message}`, { cause: error });
  }
}

/** The anchors that vouch for devices, read at each use so that a changed file counts at once. */
export async function readAnchors(path: string): Promise<readonly Certificate[]> {
  try {
    return parseCertificates(await readFile(path));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the device CA ${path} cannot be read: ${why}`, { cause });
  }
}

/**
 * What the policy makes of a certificate that nobody decided about yet.
 * @throws Problem 403 when it refuses
 */
export async function admission(
  policy: OnboardingPolicy,
  certificate: Certificate,
  anchors: () => Promise<readonly Certificate[]>,
  now: number,
): Promise<OnboardingState> {
  if (policy === 'approve') return 'PENDING';
  if (policy === 'open') return 'ONBOARDED';
  const verdict = await verifyChain(certificate, [], await anchors(), now);
  if (verdict.trusted) return 'ONBOARDED';
  throw new Problem(problems.notAuthorized, `the device CA does not vouch for the certificate: ${verdict.reason}`);
}
