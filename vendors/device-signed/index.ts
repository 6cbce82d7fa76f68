import { join } from 'node:path';
import { parseCertificate, ReplayGuard, SignatureVerifier } from '../../core/identity/index.js';
import {
  created,
  defineVendor,
  type Evidence,
  empty,
  entityTags,
  type FieldFault,
  type Handler,
  ok,
  optional,
  Problem,
  problems,
  representation,
  type ServedOperation,
  StateProvider,
  serve,
  stream,
  z,
} from '../../core/plugin/index.js';
import { CredentialManager } from '../../managers/credentials/index.js';
import { DeviceManager } from '../../managers/device/index.js';
import { InstanceManager } from '../../managers/instance/index.js';
import { ManifestManager } from '../../managers/manifest/index.js';
import { mediaTypes, readCapabilities, readStatus } from '../../managers/margo/index.js';
import { answering, certificateAuthenticator, isSigned, once, signatureAuthenticator } from './authenticator.js';
import { manifestChanges } from './changes.js';
import * as operations from './operations.js';
import { addressProblem, asDeviceProblem, missing, naming, onboardingProblem } from './problems.js';
import { readServerCa } from './server-ca.js';

const config = z.strictObject({
  signatureMaxAge: z.number().int().min(1).max(86_400).default(300).describe('Seconds for which a signature counts'),
  clockSkew: z.number().int().min(0).max(3600).default(60).describe('Seconds that a device clock may be ahead'),
  clientCertificates: z
    .boolean()
    .default(false)
    .describe(
      'Whether a device may show who it is by its client certificate, in TLS or to a broker that vouches for its name, instead of signing',
    ),
  serverCa: z
    .string()
    .optional()
    .describe('PEM file that /onboarding/certificate hands out; the development CA unless told'),
  unknownValues: z
    .enum(['refuse', 'custom'])
    .default('refuse')
    .describe('What a runtime or deployment type outside the standard is: refused, or taken as custom'),
  artifactCache: z
    .enum(['public', 'private'])
    .default('public')
    .describe(
      'Who may keep bundles and deployments: any cache on the way (public), as the standard wants it, or only the device (private)',
    ),
});

const changing = { visibility: 'private', freshness: 'revalidate' } as const;
const pruneEvery = 60_000;

/** Margo device API, signed dialect: server TLS, X.509 device certificates, RFC 9421 signatures on every request. */
export default defineVendor({
  type: 'vendor.device-signed',
  version: '1.0.0',
  summary: 'Margo device API with signed requests (preview 1 and early rc.2)',
  operations: Object.values(operations),
  needs: {
    files: 'Reads the CA file that it hands out',
  },
  config,
  uses: {
    devices: DeviceManager,
    manifests: ManifestManager,
    instances: InstanceManager,
    credentials: optional(CredentialManager),
    state: StateProvider,
  },
  create: ({ config: settings, uses, name, path, clock, log, dataDir, resolvePath }) => {
    const { devices, manifests, instances, credentials, state } = uses;
    mustBeReachable(name, path, manifests.basePath);
    const immutable = { visibility: settings.artifactCache, freshness: 'immutable' } as const;
    const verifier = new SignatureVerifier({ maxAge: settings.signatureMaxAge, futureSkew: settings.clockSkew }, () =>
      clock.now(),
    );
    const replays = new ReplayGuard(state);
    const serverCa = settings.serverCa === undefined ? join(dataDir, 'pki', 'ca.crt') : resolvePath(settings.serverCa);
    const stopped = new AbortController();

    const capabilities: Handler<z.output<typeof operations.reportCapabilities.input>> = async ({ input }) => {
      const reading = readCapabilities(input.document, { unknownValues: settings.unknownValues });
      if (reading.outcome !== 'ok') throw faulty(reading);
      if (input.deviceId !== undefined && reading.capabilities.id !== input.deviceId) {
        throw faulty({
          outcome: 'invalid',
          faults: [{ field: 'properties.id', message: `must be ${input.deviceId}, as in the address` }],
        });
      }
      await naming(missing.gateway, devices.reportCapabilities(input.clientId, reading.capabilities, reading.form));
      return created({});
    };

    const served: ServedOperation[] = [
      serve(operations.certificate, async () => {
        const der = await readServerCa(serverCa, settings.serverCa !== undefined);
        return ok({ certificate: Buffer.from(der).toString('base64') });
      }),
      serve(
        operations.onboard,
        async ({ input, evidence }) => {
          const text = input.certificate ?? input.public_certificate;
          if (text === undefined)
            throw new Problem(problems.invalidRequest, 'certificate: required, base64 of the X.509 certificate');
          await mustOwn(evidence, readable(text));
          const device = await devices.onboard(text);
          if (device.state === 'PENDING') {
            throw new Problem(
              { ...problems.notAuthorized, retryable: true },
              `the device waits for an operator's approval; its id will be ${device.id}`,
              { retryAfterSeconds: 15 },
            );
          }
          log.info('a device presented its certificate', { clientId: device.id, name: device.name });
          return created({ clientId: device.id });
        },
        onboardingProblem,
      ),
      serve(operations.reportCapabilities, capabilities),
      serve(operations.replaceCapabilities, capabilities),
      serve(operations.withdrawCapabilities, async ({ input }) => {
        await naming(missing.device, devices.withdrawCapabilities(input.clientId, input.deviceId));
        return empty;
      }),
      serve(operations.manifest, async ({ input: { clientId }, evidence }) => {
        const held = evidence.headers['if-none-match'];
        const present = manifests.current(clientId);
        if (present === undefined)
          throw new Problem(problems.unavailable, 'the first manifest is not made yet', { retryAfterSeconds: 1 });
        // Of several, a device holds at most one; the others say nothing about what was ever given out.
        const [only, ...more] = held === undefined || held.trim() === '*' ? [] : entityTags(held);
        if (more.length === 0 && only === present.etag) await instances.adopted(clientId, present.version);
        else if (only !== undefined && more.length === 0) await manifests.observe(clientId, only);
        const { bytes, etag, version } = manifests.current(clientId) ?? present;
        // A star is answered with 304, and shows nothing of what the device has.
        if (held?.trim() !== '*') await manifests.noteDelivered(clientId, version);
        return representation(bytes, mediaTypes.manifest, { etag, cache: changing });
      }),
      serve(operations.changes, ({ input: { clientId }, resumeAfter, signal }) =>
        stream(manifestChanges(uses, clientId, resumeAfter, signal)),
      ),
      serve(
        operations.deployment,
        async ({ input: { clientId, deploymentId, digest } }) => {
          const bytes = await manifests.deployment(clientId, deploymentId, digest);
          if (!bytes)
            throw new Problem(
              missing.deployment,
              `deployment ${deploymentId} has no revision ${digest} here; poll the manifest again`,
            );
          return representation(bytes, mediaTypes.deployment, { etag: digest, cache: immutable });
        },
        addressProblem,
      ),
      serve(
        operations.bundle,
        async ({ input: { clientId, digest } }) => {
          const bytes = await manifests.bundle(clientId, digest);
          if (!bytes) throw new Problem(missing.bundle, `there is no bundle ${digest} here; poll the manifest again`);
          return representation(bytes, mediaTypes.bundle, { etag: digest, cache: immutable });
        },
        addressProblem,
      ),
      serve(operations.reportStatus, async ({ input }) => {
        const reading = readStatus(input.document, input.deploymentId);
        if (reading.outcome !== 'ok') throw faulty(reading);
        await naming(missing.deployment, instances.report(input.clientId, reading.report));
        return ok({});
      }),
      serve(operations.pullCredentials, async ({ input: { clientId }, signal }) => {
        if (!credentials) throw new Problem(problems.notFound, 'this fleet manager hands out no pull credentials');
        return ok({ credentials: await credentials.issue(clientId, signal) });
      }),
    ];

    return {
      authenticators: [
        signatureAuthenticator(devices, verifier, replays),
        ...(settings.clientCertificates ? [certificateAuthenticator(devices)] : []),
      ],
      operations: served.map((one) => ({ ...one, present: one.present ?? asDeviceProblem })),
      start: () => {
        void pruneReplays();
      },
      stop: () => stopped.abort(),
    };

    /** @throws Problem 401 when the caller does not show to have the key of the certificate, by a signature or in TLS */
    async function mustOwn(evidence: Evidence, { key, der }: ReturnType<typeof parseCertificate>): Promise<void> {
      const { clientCertificate } = evidence;
      if (isSigned(evidence)) {
        await once(
          replays,
          answering(() => verifier.verify(evidence, key)),
        );
      } else if (!settings.clientCertificates || clientCertificate === undefined) {
        throw new Problem(problems.notAuthenticated, 'the request must be signed with the key of its certificate');
      } else if (!Buffer.from(der).equals(clientCertificate)) {
        throw new Problem(
          problems.notAuthenticated,
          'the certificate is not the one that the connection was made with',
        );
      }
    }

    async function pruneReplays(): Promise<void> {
      while (!stopped.signal.aborted) {
        try {
          await clock.delay(pruneEvery, stopped.signal);
          await replays.prune(clock.now());
        } catch (error) {
          if (!stopped.signal.aborted)
            log.warn('old signatures could not be forgotten; tried again in a minute', { error });
        }
      }
    }
  },
});

/**
 * A manifest is full of addresses of this vendor, which a device that found none of them would tell nobody of.
 * @param path `undefined` where no profile says it
 */
function mustBeReachable(name: string, path: string | undefined, basePath: string): void {
  if (path === undefined || path === basePath) return;
  const shown = (text: string): string => (text === '' ? 'the root' : text);
  throw new Error(
    `${name} is served below ${shown(path)}, but the addresses in manifests are below ${shown(basePath)}: ` +
      `\`path\` of ${name} and \`basePath\` in the config of manager.manifest must be the same`,
  );
}

function faulty({
  outcome,
  faults,
}: {
  readonly outcome: 'unreadable' | 'invalid';
  readonly faults: readonly FieldFault[];
}): Problem {
  const [first] = faults;
  const text = first ? `${first.field}: ${first.message}` : 'the document is not valid';
  return new Problem(outcome === 'invalid' ? problems.semanticError : problems.invalidRequest, text, {
    errors: faults,
  });
}

function readable(certificate: string): ReturnType<typeof parseCertificate> {
  try {
    return parseCertificate(certificate);
  } catch (cause) {
    throw new Problem(
      problems.invalidRequest,
      cause instanceof Error ? cause.message : 'the certificate cannot be read',
      { cause },
    );
  }
}
