import { conformance } from 'tutti/testing';
import definition from './index.ts';
import { config, scriptSubject } from './subject.ts';

export default conformance({ definition, config, target: scriptSubject });
