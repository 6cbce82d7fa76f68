import { expect, it } from 'vitest';
import { withoutSecrets } from './logs.js';

const variables = ['DB_PASSWORD=correct=horse', 'API_KEY=0123456', 'TOKEN=abc', 'HOST=press-7', 'MONKEY=capuchin'];

it('shows nothing of what is named like a secret, and all else', () => {
  const line = 'press-7: capuchin abc logs in with correct=horse and 0123456, once more correct=horse';
  expect(withoutSecrets(line, variables)).toBe('press-7: capuchin abc logs in with *** and ***, once more ***');
});
