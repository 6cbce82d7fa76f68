import { conformance } from 'tutti/testing';
import definition from './index.ts';

// For a durable store, let the kit kill a process that writes: state: { crash: { module: new URL('index.ts', import.meta.url).href } }
export default conformance({ definition });
