import { describe } from 'vitest';
import { callsOver } from './suite.js';
import { embeddedWorld } from './worlds.js';

describe('calls by way of the embedded broker', () => callsOver(embeddedWorld));
