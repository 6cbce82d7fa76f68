import { resolve } from 'node:path';
import type { ReloadReport } from '../../core/host/index.js';
import { exitCodes } from '../exit-codes.js';
import { CommandFailure, failed, invalid } from '../failure.js';
import { table } from '../output/table.js';
import { readProfile } from '../profile.js';
import { askForReload } from '../reload/ask.js';
import { reloadColumns, reloadRows } from '../reload/table.js';
import type { ReloadAnswer } from '../reload/wire.js';
import type { Terminal } from '../terminal.js';

export interface ReloadOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly output: 'table' | 'json';
}

/** `tutti reload PROFILE`: the host that runs it becomes what it says now. */
export async function reload(terminal: Terminal, file: string, { timeout, output }: ReloadOptions): Promise<void> {
  const { dataDir } = await readProfile(file);
  const over = AbortSignal.timeout(timeout);
  const report = reportIn(await ask(terminal, dataDir, file, over), file);
  if (output === 'json') terminal.out(JSON.stringify(report, undefined, 2));
  else {
    const rows = reloadRows(report);
    if (rows.length > 0) terminal.out(table(reloadColumns, rows));
  }
  conclude(terminal, report, file);
}

async function ask(terminal: Terminal, dataDir: string, file: string, over: AbortSignal): Promise<ReloadAnswer> {
  try {
    return await askForReload(dataDir, resolve(file), AbortSignal.any([terminal.signal, over]));
  } catch (error) {
    if (!over.aborted || error instanceof CommandFailure) throw error;
    const message = 'the host has not answered in time; the reload goes on';
    throw new CommandFailure(exitCodes.timeout, message, 'its log will have the outcome', { cause: error });
  }
}

function reportIn(answer: ReloadAnswer, file: string): ReloadReport {
  switch (answer.kind) {
    case 'report':
      return answer.report;
    case 'faults':
      throw invalid(
        `the host finds faults in ${file} that are none here:\n${answer.text}`,
        'it reads the file with its own environment variables; to change these, restart it',
      );
    case 'other-profile':
      throw invalid(`the host of this data directory runs ${answer.profile}`, `tutti reload ${answer.profile}`);
    case 'not-understood':
      throw failed('the host does not understand this command', 'it may be of another version: restart it');
  }
}

function conclude(terminal: Terminal, { outcome, summary, failures }: ReloadReport, file: string): void {
  switch (outcome) {
    case 'reloaded':
    case 'unchanged':
      terminal.note(summary);
      terminal.next(`change ${file} again, then: tutti reload ${file}`);
      return;
    case 'refused':
      throw invalid(
        summary,
        failures.length > 0 ? `correct ${file}, then: tutti reload ${file}` : `stop the host, then: tutti run ${file}`,
      );
    case 'rolled-back':
    case 'broken':
      throw failed(summary, `correct ${file} or what it needs, then: tutti reload ${file}`);
    case 'stopped':
      throw failed(summary, `tutti run ${file}`);
  }
}
