import { defineProvider, TargetProvider } from 'tutti/plugin';
import { declares, settings } from './component.ts';
import { ScriptTarget } from './target.ts';

export default defineProvider({
  port: TargetProvider,
  type: 'target.script',
  version: '1.0.0',
  summary: 'Runs components by scripts of this machine: apply, status, remove',
  host: '>=0.1.0',
  config: settings,
  declares,
  needs: {
    files: 'reads the folder of scripts that its config names',
    programs: 'runs those scripts, as the user that the host runs as; /bin/sh',
    privileges: 'none of its own; what the scripts need, the user of the host must be allowed to do',
  },
  create: (context) => new ScriptTarget(context),
});
