import { conformance } from 'tutti/testing';
import definition from './index.ts';

export default conformance({ definition });
