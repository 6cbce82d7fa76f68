import { describe, expect, it } from 'vitest';
import { type SignedMessage, signatureBase } from './base.js';
import type { StructuredFieldTypes } from './field.js';
import { parseSignature } from './parse.js';

function lines(list: string, message: Partial<SignedMessage>, types?: StructuredFieldTypes): string[] {
  const parsed = parseSignature({ headers: { 'signature-input': `s=(${list})`, signature: 's=:AA==:' } });
  const whole = { method: 'GET', targetUri: 'https://www.example.com/', headers: {}, ...message };
  return signatureBase(whole, parsed.covered, parsed.parameters, types).split('\n').slice(0, -1);
}
const reason = (why: string) => expect.objectContaining({ name: 'SignatureFault', reason: why });

describe('fields (RFC 9421 section 2.1)', () => {
  const headers = {
    'x-ows-header': '  Leading and trailing whitespace.   ',
    'x-obs-fold-header': 'Obsolete\r\n    line folding.',
    'x-empty-header': '',
    'example-dict': '  a=1, b=2;x=1;y=2, c=(a   b    c), d',
    'example-header': 'value, with, lots, of, commas',
  };

  it('trims, unfolds and keeps empty values', () => {
    expect(lines('"x-ows-header" "x-obs-fold-header" "x-empty-header"', { headers })).toEqual([
      '"x-ows-header": Leading and trailing whitespace.',
      '"x-obs-fold-header": Obsolete line folding.',
      '"x-empty-header": ',
    ]);
  });

  it('sf serialises strictly (2.1.1), but only what is known to be structured', () => {
    const types = new Map([['example-dict', 'dictionary' as const]]);
    expect(lines('"example-dict";sf', { headers }, types)).toEqual([
      '"example-dict";sf: a=1, b=2;x=1;y=2, c=(a b c), d',
    ]);
    expect(() => lines('"example-dict";sf', { headers })).toThrow(reason('unsupported'));
  });

  it('key takes one member (2.1.2)', () => {
    const list = '"example-dict";key="a" "example-dict";key="d" "example-dict";key="b" "example-dict";key="c"';
    expect(lines(list, { headers })).toEqual([
      '"example-dict";key="a": 1',
      '"example-dict";key="d": ?1',
      '"example-dict";key="b": 2;x=1;y=2',
      '"example-dict";key="c": (a b c)',
    ]);
    expect(() => lines('"example-dict";key="none"', { headers })).toThrow(reason('malformed'));
  });

  it('bs wraps the bytes (2.1.3)', () => {
    expect(lines('"example-header";bs', { headers })).toEqual([
      '"example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:',
    ]);
    expect(() => lines('"example-header";bs;sf', { headers })).toThrow(reason('malformed'));
  });

  it('refuses a value that would forge a line, and one that has no encoding', () => {
    expect(() => lines('"a"', { headers: { a: 'x\n"@method": GET' } })).toThrow(reason('malformed'));
    expect(() => lines('"a"', { headers: { a: 'ł' } })).toThrow(reason('malformed'));
  });

  it('does not find fields on the prototype', () => {
    expect(() => lines('"constructor"', { headers: {} })).toThrow(reason('malformed'));
  });
});

describe('derived components (RFC 9421 section 2.2)', () => {
  const targetUri = 'HTTPS://WWW.Example.com:443/path/../a%20b?param=value&foo=bar&baz=bat%2Dman#part';

  it('takes the parts as they were sent, the authority normalised', () => {
    expect(
      lines('"@method" "@target-uri" "@authority" "@scheme" "@path" "@query" "@request-target"', {
        method: 'POST',
        targetUri,
      }),
    ).toEqual([
      '"@method": POST',
      '"@target-uri": HTTPS://WWW.Example.com:443/path/../a%20b?param=value&foo=bar&baz=bat%2Dman',
      '"@authority": www.example.com',
      '"@scheme": https',
      '"@path": /path/../a%20b',
      '"@query": ?param=value&foo=bar&baz=bat%2Dman',
      '"@request-target": /path/../a%20b?param=value&foo=bar&baz=bat%2Dman',
    ]);
  });

  it('knows calls that HTTP does not carry', () => {
    expect(lines('"@target-uri" "@authority" "@path"', { targetUri: 'mqtt://tutti/api/v1/x?y' })).toEqual([
      '"@target-uri": mqtt://tutti/api/v1/x?y',
      '"@authority": tutti',
      '"@path": /api/v1/x',
    ]);
  });

  it('an absent path is /, an absent query is ?', () => {
    const list = '"@authority" "@path" "@query" "@request-target"';
    expect(lines(list, { targetUri: 'http://h:8080?' })).toEqual([
      '"@authority": h:8080',
      '"@path": /',
      '"@query": ?',
      '"@request-target": /?',
    ]);
    expect(lines(list, { targetUri: 'http://h:80' })).toEqual([
      '"@authority": h',
      '"@path": /',
      '"@query": ?',
      '"@request-target": /',
    ]);
  });

  it('query parameters are encoded anew (2.2.8)', () => {
    const uri =
      'https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something';
    const list = '"@query-param";name="var" "@query-param";name="bar" "@query-param";name="fa%C3%A7ade%22%3A%20"';
    expect(lines(list, { targetUri: uri })).toEqual([
      '"@query-param";name="var": this%20is%20a%20big%0Amultiline%20value',
      '"@query-param";name="bar": with%20plus%20whitespace',
      '"@query-param";name="fa%C3%A7ade%22%3A%20": something',
    ]);
  });

  it('encodes what a form encodes and a URI component does not', () => {
    expect(lines('"@query-param";name="a"', { targetUri: "https://h/?a=!'()*~-._" })).toEqual([
      '"@query-param";name="a": %21%27%28%29*%7E-._',
    ]);
  });

  it('refuses a query parameter that occurs twice or not at all, and what a request does not have', () => {
    const twice = 'https://h/?a=1&a=2';
    expect(() => lines('"@query-param";name="a"', { targetUri: twice })).toThrow(reason('malformed'));
    expect(() => lines('"@query-param";name="b"', { targetUri: twice })).toThrow(reason('malformed'));
    expect(() => lines('"@query-param"', { targetUri: twice })).toThrow(reason('malformed'));
    expect(() => lines('"@status"', {})).toThrow(reason('malformed'));
    expect(() => lines('"@path"', { targetUri: '/relative' })).toThrow(reason('malformed'));
    expect(() => lines('"@path"', { targetUri: '1x://host/' })).toThrow(reason('malformed'));
  });
});
