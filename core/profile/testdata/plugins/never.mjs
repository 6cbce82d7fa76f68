// Never done, as a plugin that waits for a peer at import would be.
await new Promise(() => undefined);
