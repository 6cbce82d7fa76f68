import { conformance } from 'tutti/testing';
import definition from './index.ts';

/** A vendor starts without asking its store for anything; one that does needs a real one here. */
const state = {};

export default conformance({ definition, uses: { state } });
