import { expect, it } from 'vitest';
import { pinOf } from './images.js';

const id = 'sha256:1d';
it.each([
  [
    'r.example:5000/a/box:1',
    ['other/box@sha256:aa', 'r.example:5000/a/box@sha256:bb'],
    'r.example:5000/a/box@sha256:bb',
  ],
  ['r.example:5000/box', ['r.example:5000/box@sha256:bb'], 'r.example:5000/box@sha256:bb'],
  ['docker.io/library/box:1', ['box@sha256:aa'], 'box@sha256:aa'],
  ['box:1', ['docker.io/library/box@sha256:aa'], 'docker.io/library/box@sha256:aa'],
  ['box:1', ['r.example/box@sha256:bb'], id],
  ['box:1', [], id],
  ['r.example/box:1@sha256:cc', ['r.example/box@sha256:bb'], 'r.example/box:1@sha256:cc'],
])('an image %s is pinned by the repository that it came from, else by its id', (name, digests, pin) => {
  expect(pinOf(name, { id, digests })).toBe(pin);
});
