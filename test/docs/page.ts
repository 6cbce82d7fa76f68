import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkExamples } from './examples.js';
import { strayLine } from './excerpt.js';
import { type Block, blocksOf, readPage, root } from './markdown.js';
import { isAsShown } from './output.js';
import type { Clone } from './place.js';
import { checkProfile } from './profiles.js';
import { type Serving, serve, Terminal } from './shell.js';

/** The marks that a block of a language may have; `docs/README.md` says what they mean. */
const known: Readonly<Record<string, readonly string[]>> = {
  sh: ['background', 'port', 'until', 'said', 'exit', 'restart', 'covered', 'skip'],
  console: ['exit', 'skip'],
  text: ['output', 'skip'],
  yaml: ['file', 'excerpt', 'fragment', 'at', 'skip'],
  ts: ['file', 'excerpt', 'skip'],
  js: ['file', 'excerpt', 'skip'],
  json: ['file', 'skip'],
  jsonl: ['skip'],
  mermaid: [],
};

/** A block that is not run, and why the page says so. */
export interface Skipped {
  readonly at: string;
  readonly why: string;
}

export const hasBlocks = (page: string): boolean => blocksOf(page, readPage(page)).length > 0;

export const skippedOf = (page: string): Skipped[] =>
  blocksOf(page, readPage(page)).flatMap((block) => {
    const why = block.marks.get('skip');
    return why === undefined ? [] : [{ at: `${page}: ${block.text.split('\n', 1)[0]}`, why }];
  });

/**
 * Runs every block of a page in its order, in one directory, as a reader would.
 *
 * @throws Error with the page and the line of the first block that is not what it says
 */
export async function runPage(page: string, place: Clone): Promise<void> {
  const reader = new Reader(place);
  const blocks = blocksOf(page, readPage(page));
  try {
    for (const block of blocks) await at(block, () => reader.read(block));
    await checkExamples(place, blocks.filter(isExample));
  } finally {
    await reader.close();
  }
}

const isExample = ({ language, marks }: Block): boolean =>
  ['ts', 'js'].includes(language) && !marks.has('excerpt') && !marks.has('skip');

async function at(block: Block, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${block.page}:${block.line}: ${message}`, { cause });
  }
}

/** Somebody who does what a page says. */
class Reader {
  readonly #place: Clone;
  readonly #terminal: Terminal;
  #serving: Serving[] = [];
  /** What the last commands put out, until a block has been held against it. */
  #output: string | undefined;

  constructor(place: Clone) {
    this.#place = place;
    this.#terminal = new Terminal(place);
  }

  async read(block: Block): Promise<void> {
    const { language, marks, text } = block;
    const allowed = known[language];
    if (!allowed)
      throw new Error(`a block of ${language || 'no language'}; there are ${Object.keys(known).join(', ')}`);
    const stray = [...marks.keys()].find((mark) => !allowed.includes(mark));
    if (stray !== undefined) throw new Error(`"${stray}" is no mark of ${language}; there are ${allowed.join(', ')}`);
    if (marks.get('skip') === '' || marks.get('covered') === '') throw new Error('say why, or by which test');
    const file = marks.get('file');
    if (file !== undefined) this.#place.write(file, text);
    if (marks.has('skip')) return;
    const excerpt = marks.get('excerpt');
    if (excerpt !== undefined) requireExcerpt(text, excerpt);
    if (language === 'sh') await this.#run(block);
    else if (language === 'console') await this.#converse(block);
    else if (language === 'text') this.#compare(block);
    else if (language === 'yaml') await checkProfile(this.#place, block);
    else if (language === 'json') JSON.parse(text);
    else if (language === 'jsonl') for (const line of text.trim().split('\n')) JSON.parse(line);
    else if (language === 'mermaid') requireDiagram(text);
  }

  async #run({ line, marks, text }: Block): Promise<void> {
    const covered = marks.get('covered');
    if (covered !== undefined) return requireFiles(covered);
    if (marks.has('restart')) await this.#stopAll();
    const port = marks.get('port');
    const before = port === undefined ? '' : `export TUTTI_HTTP_PORT=${port}; `;
    const script = this.#place.write(`.page/line-${line}.sh`, before + text);
    const background = marks.get('background');
    const until = marks.get('until');
    if (background !== undefined) {
      this.#serving.push(await serve(this.#place, script, background || 'ready in'));
    } else if (until !== undefined) {
      this.#output = await this.#terminal.runUntil(script, until);
    } else {
      this.#output = await this.#terminal.run(script, Number(marks.get('exit') ?? 0));
    }
    const said = marks.get('said');
    if (said !== undefined) await this.#lastServing().said(said);
  }

  #compare({ marks, text }: Block): void {
    if (!marks.has('output'))
      throw new Error('is it the output of the commands before (output), or only shown (skip="why")?');
    if (this.#output === undefined) throw new Error('there is no output before this to be compared with');
    this.#requireShown(text, this.#output);
    this.#output = undefined;
  }

  #requireShown(shown: string, output: string): void {
    const found = this.#place.asWritten(output);
    if (!isAsShown(shown, found)) throw new Error(`the page shows\n${shown}\nand what was put out is\n${found}`);
  }

  /** Commands after `$`, each with what it puts out below it, where the page shows that. */
  async #converse({ line, marks, text }: Block): Promise<void> {
    const [, ...turns] = `\n${text}`.split('\n$ ');
    if (turns.length === 0) throw new Error('no line begins with "$ "');
    for (const [index, turn] of turns.entries()) {
      const [command = '', ...shown] = turn.split('\n');
      const script = this.#place.write(`.page/line-${line}-${index}.sh`, `${command}\n`);
      const isLast = index === turns.length - 1;
      const output = await this.#terminal.run(script, isLast ? Number(marks.get('exit') ?? 0) : 0);
      if (shown.some((one) => one.trim() !== '')) this.#requireShown(shown.join('\n'), output);
    }
  }

  #lastServing(): Serving {
    const last = this.#serving.at(-1);
    if (!last) throw new Error('nothing serves that could say something');
    return last;
  }

  async #stopAll(): Promise<void> {
    const serving = this.#serving;
    this.#serving = [];
    // The last one to start is the first one to go, as a device goes before its fleet manager.
    for (const one of serving.toReversed()) await one.stop();
  }

  async close(): Promise<void> {
    await this.#stopAll();
    await this.#terminal.close();
  }
}

function requireFiles(list: string): void {
  const missing = list.split(/,\s*/).filter((file) => !existsSync(join(root, file)));
  if (missing.length > 0) throw new Error(`there is no ${missing.join(', ')} that could cover this`);
}

function requireExcerpt(text: string, file: string): void {
  const stray = strayLine(text, readFileSync(join(root, file), 'utf8'));
  if (stray !== undefined) throw new Error(`${file} has not, or not there: ${stray}`);
}

function requireDiagram(text: string): void {
  if (!/^(?:graph|flowchart|sequenceDiagram|stateDiagram-v2)\b/.test(text))
    throw new Error('not a diagram that we use');
}
