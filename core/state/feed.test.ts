import { expect, it } from 'vitest';
import { collection } from '../ports/state.js';
import { ChangeFeed } from './feed.js';

it('ends every watch when it is closed, and each later one at once', async () => {
  const feed = new ChangeFeed();
  const { signal } = new AbortController();
  const documents = collection('documents');
  const before = feed.watch(documents, signal);
  feed.close();
  for (const watch of [before, feed.watch(documents, signal)]) {
    for await (const event of watch) expect(event).toBeUndefined();
  }
});
