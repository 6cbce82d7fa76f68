#!/usr/bin/env node
import { runCommandLine } from './command-line.js';
import { tellOfEarlyEnd } from './early-end.js';
import { startSmall } from './memory.js';
import { createTerminal } from './terminal.js';

// First of all: commands load what they need when they are run.
startSmall();

const interrupted = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    interrupted.abort(new Error(`stopped by ${signal}`));
    for (const again of ['SIGTERM', 'SIGINT'] as const) process.once(again, () => process.exit(130));
  });
}

const { env, stdin, stdout, stderr } = process;
const terminal = createTerminal({ env, stdin, stdout, stderr, signal: interrupted.signal });
const done = tellOfEarlyEnd(terminal);
// Whoever reads has seen enough (`tutti proto | head`): there is nobody left to tell anything.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  done();
  process.exit();
});
try {
  process.exitCode = await runCommandLine(process.argv.slice(2), terminal);
} finally {
  done();
}
