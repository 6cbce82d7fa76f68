/** One event as it came; `data` is not read yet. */
export interface ReceivedEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data: string;
}

/**
 * Server-sent events (WHATWG HTML section 9.2.6) in pieces of text as they arrive. An id is given with the event that
 * it came with only, for it says whether that one can be resumed after.
 */
export class EventParser {
  #line = '';
  #data: string[] = [];
  #id: string | undefined;
  #event: string | undefined;
  #held = 0;
  #first = true;
  /** The piece before ended in a carriage return, whose line feed may come now. */
  #afterReturn = false;

  /** @param limit characters of one event */
  constructor(private readonly limit: number) {}

  /** @throws RangeError for an event that is larger than the limit */
  push(text: string): ReceivedEvent[] {
    const events: ReceivedEvent[] = [];
    let from = 0;
    if (this.#first && text !== '') {
      this.#first = false;
      if (text.startsWith('\uFEFF')) from = 1;
    }
    if (this.#afterReturn && text.startsWith('\n', from)) from += 1;
    if (text !== '') this.#afterReturn = text.endsWith('\r');
    const end = /\r\n|\n|\r/g;
    end.lastIndex = from;
    for (let found = end.exec(text); found; found = end.exec(text)) {
      const event = this.#take(this.#line + text.slice(from, found.index));
      this.#line = '';
      from = end.lastIndex;
      if (event) events.push(event);
    }
    this.#line += text.slice(from);
    this.#check(this.#line.length);
    return events;
  }

  #take(line: string): ReceivedEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line.startsWith(' ', colon + 1) ? colon + 2 : colon + 1);
    if (name === 'data') {
      this.#held += value.length;
      this.#check(0);
      this.#data.push(value);
    } else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }

  #dispatch(): ReceivedEvent | undefined {
    const event =
      this.#data.length === 0
        ? undefined
        : {
            data: this.#data.join('\n'),
            ...(this.#id && { id: this.#id }),
            ...(this.#event && { event: this.#event }),
          };
    this.#data = [];
    this.#id = undefined;
    this.#event = undefined;
    this.#held = 0;
    return event;
  }

  #check(more: number): void {
    if (this.#held + more > this.limit) throw new RangeError(`an event has more than ${this.limit} characters`);
  }
}
