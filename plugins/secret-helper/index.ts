import { defineProvider, SecretProvider } from 'tutti/plugin';
import { config } from './config.ts';
import { HelperSecrets } from './secrets.ts';

export default defineProvider({
  port: SecretProvider,
  type: 'secret.helper',
  version: '1.0.0',
  summary: 'Secrets from a credential helper of Docker (pass, secretservice, ...)',
  host: '>=0.1.0',
  config,
  needs: {
    programs: 'runs docker-credential-<helper>, as the user and with the environment of the host',
    privileges: 'what the helper needs to unlock its store without a person, such as a key of gpg without a passphrase',
  },
  create: (context) => new HelperSecrets(context),
});
