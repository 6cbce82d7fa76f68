import { readText, unreadable } from '../../core/files/index.js';
import {
  defineVendor,
  empty,
  isSecretName,
  optional,
  Problem,
  problems,
  registryHost,
  SecretProvider,
  serve,
  z,
} from '../../core/plugin/index.js';
import { IntakeManager } from '../../managers/intake/index.js';
import { noticesOf } from './event.js';
import * as operations from './operations.js';
import { sameSecret } from './secret.js';

const config = z
  .strictObject({
    registry: registryHost.describe(
      'The Harbor whose events come, as `host[:port]`, as sources of packages name it; no host that an event names is believed',
    ),
    secretFile: z
      .string()
      .min(1)
      .optional()
      .describe('File with what the webhook has as its Auth Header; read at each event'),
    secretName: z
      .string()
      .refine(isSecretName, 'not the name of a secret')
      .optional()
      .describe('Name of the secret that is the Auth Header; asked for at each event'),
  })
  .refine(({ secretFile, secretName }) => (secretFile === undefined) !== (secretName === undefined), {
    path: ['secretFile'],
    message: 'exactly one of secretFile and secretName is needed',
  });

/** Takes Harbor's webhooks: what its projects tell of comes into the catalog by itself. */
export default defineVendor({
  type: 'vendor.harbor-webhook',
  version: '1.0.0',
  summary: 'Takes the webhooks of a Harbor: what is pushed there is imported by itself',
  operations: Object.values(operations),
  needs: { files: 'Reads the file with the secret of the webhook' },
  config,
  uses: { intake: IntakeManager, secrets: optional(SecretProvider) },
  create: ({ config: { registry, secretFile, secretName }, uses: { intake, secrets }, log, resolvePath }) => {
    if (secretName !== undefined && !secrets) {
      throw new Error(
        'the secret of the webhook is in a provider of secrets (`secretName`), and the profile has none; add one, such as ' +
          '`secrets: { type: secret.file, config: { directory: /run/secrets } }`',
      );
    }
    const secret = async (signal: AbortSignal): Promise<string> => {
      try {
        const text =
          secretFile === undefined
            ? await secrets?.get(secretName ?? '', signal)
            : await readText(resolvePath(secretFile));
        if (text !== undefined && text !== '') return text;
        log.error('the secret of the webhook is empty, so that nobody is let in', { secretFile, secretName });
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        log.error('the secret of the webhook cannot be read', { secretFile, secretName, error });
      }
      throw new Problem(
        problems.unavailable,
        'the secret of the webhook cannot be read here; the log of the host has the details',
        {
          retryAfterSeconds: 60,
        },
      );
    };
    return {
      // A slip is seen before the first event is turned away for it. The file may come later.
      async start() {
        if (secretFile === undefined) return;
        try {
          await readText(resolvePath(secretFile));
        } catch (error) {
          const fault = unreadable(error, secretFile, 'secretFile');
          log.warn(`the secret of the webhook: ${fault}: until it can be read, events of ${registry} are refused`);
        }
      },
      operations: [
        serve(operations.event, async ({ input: { document }, evidence, signal }) => {
          const sent = evidence.headers['authorization'];
          // Harbor sends the webhook's Auth Header as it is, without a scheme.
          if (sent === undefined || !sameSecret(sent, await secret(signal))) {
            throw new Problem(
              problems.notAuthenticated,
              'Authorization is not the Auth Header that this webhook was set up with',
            );
          }
          const notices = noticesOf(document, registry);
          if (!notices) {
            throw new Problem(
              problems.semanticError,
              'the document is no event of Harbor, neither in its own format nor as CloudEvents',
            );
          }
          await intake.notice(notices);
          return empty;
        }),
      ],
    };
  },
});
