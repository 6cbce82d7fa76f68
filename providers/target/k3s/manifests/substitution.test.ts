import { expect, it } from 'vitest';
import { substituted } from './substitution.js';

const values = { REPLICAS: 3, HOST: 'plant: a\n- b', TUTTI_RELEASE: 'f00' };
const object = (data: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `web-\${TUTTI_RELEASE}` },
  data,
});

it('puts values where their names are, a value alone as what it is', () => {
  const [made] = substituted([object({ replicas: `\${REPLICAS}`, list: [`http://\${HOST}/\${REPLICAS}`] })], values);
  expect(made).toMatchObject({
    metadata: { name: 'web-f00' },
    data: { replicas: 3, list: ['http://plant: a\n- b/3'] },
  });
});

it('leaves what it does not know', () => {
  const script = `for x in \${FILES}; do echo \${constructor} $REPLICAS; done`;
  expect(substituted([object({ script })], values)[0]).toMatchObject({ data: { script } });
});
