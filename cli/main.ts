#!/usr/bin/env node
import { Command } from 'commander';
import { StartUpError } from '../core/host/index.js';
import { ProfileError } from '../core/profile/index.js';
import { run } from './commands/run.js';
import { validate } from './commands/validate.js';
import { exitCodes } from './exit-codes.js';
import { tuttiVersion } from './profile.js';

const program = new Command('tutti')
  .description('One host, one profile, a fleet of workloads.')
  .version(tuttiVersion())
  .showHelpAfterError('(try: tutti --help)');

program.command('run').argument('<profile>', 'YAML file').description('run a host from a profile').action(run);
program
  .command('validate')
  .argument('<profile>', 'YAML file')
  .description('check a profile and start nothing')
  .action(validate);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof ProfileError) {
    process.stderr.write(`${error.report()}\n`);
    process.exitCode = exitCodes.invalid;
  } else if (error instanceof StartUpError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = exitCodes.failed;
  } else throw error;
}
