import { SecretFault, z } from 'tutti/plugin';

const longest = 65_536;
const credential = z.looseObject({ Username: z.string().default(''), Secret: z.string() });

/** How a helper says that it has no such thing (`errCredentialsNotFoundMessage` of docker-credential-helpers). */
const notFound = 'credentials not found in native keychain';

/**
 * The secret in what a helper answered. Nothing that it said is part of a message: it might be the secret.
 *
 * @throws SecretFault
 */
export function secretIn(program: string, name: string, code: number | null, output: Buffer): string {
  const missing = (): SecretFault =>
    new SecretFault('not-found', `${program} has no secret ${name}; somebody has to store it there`);
  if (code !== 0) {
    if (output.toString('utf8').trim() === notFound) throw missing();
    throw new SecretFault('unreachable', `${program} get ended with ${code ?? 'a signal'}; run it to see why`);
  }
  // What an editor or a shell left at the end is no part of it.
  const { Username, Secret } = parsed(program, output);
  // Older helpers, that of pass for one, answer a credential without anything in it for one that they do not have.
  if (Username === '' && Secret === '') throw missing();
  const text = Secret.replace(/\r?\n$/, '');
  const bytes = Buffer.byteLength(text);
  if (bytes === 0) throw new SecretFault('invalid', `the secret ${name} is empty`);
  if (bytes > longest) throw new SecretFault('invalid', `the secret ${name} has more than ${longest} bytes`);
  return text;
}

function parsed(program: string, output: Buffer): z.output<typeof credential> {
  try {
    return credential.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(output)));
  } catch {
    // Why it is none is not told on purpose: a parser's words quote what it has read.
    throw new SecretFault('invalid', `${program} did not answer as credential helpers do: JSON with a "Secret"`);
  }
}
