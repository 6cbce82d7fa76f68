import { conformance } from 'tutti/testing';
import definition from './index.ts';

export default conformance({
  definition,
  // A database has one user.
  secondConfig: { directory: './second' },
  state: { crash: { module: new URL('index.ts', import.meta.url).href } },
});
