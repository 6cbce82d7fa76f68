import { definePlugin } from 'tutti/plugin';
import binding from './binding.ts';
import transport from './transport.ts';

export { unixSocketTransport } from './transport.ts';
export { binding, transport };

export default definePlugin('tutti-binding-unix-socket', [binding, transport]);
