/** A value of the part of Python's literals that .npy headers are written in. */
export type Literal = string | number | boolean | null | Literal[] | Map<string, Literal>;

const maxDepth = 8;

/**
 * Reads a Python literal: dictionaries with text keys, tuples, lists, text, whole numbers, True, False and None. Tuples
 * and lists both become arrays. Nothing is evaluated.
 *
 * @returns the value, or undefined where the text is anything else.
 */
export function parseLiteral(text: string): Literal | undefined {
  const reader = new Reader(text);
  const value = reader.value(0);
  return value !== undefined && reader.atEnd() ? value : undefined;
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  atEnd(): boolean {
    this.skipSpace();
    return this.at === this.text.length;
  }

  value(depth: number): Literal | undefined {
    if (depth > maxDepth) return undefined;
    this.skipSpace();
    switch (this.text[this.at]) {
      case '{':
        return this.dictionary(depth);
      case '(':
        return this.sequence(')', depth);
      case '[':
        return this.sequence(']', depth);
      case "'":
      case '"':
        return this.string();
      default:
        return this.word();
    }
  }

  private dictionary(depth: number): Map<string, Literal> | undefined {
    const out = new Map<string, Literal>();
    this.at += 1;
    while (!this.take('}')) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string' || !this.take(':')) return undefined;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      out.set(key, value);
      if (!this.take(',')) {
        if (this.take('}')) break;
        return undefined;
      }
    }
    return out;
  }

  private sequence(close: string, depth: number): Literal[] | undefined {
    const out: Literal[] = [];
    this.at += 1;
    while (!this.take(close)) {
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      out.push(value);
      if (!this.take(',')) {
        if (this.take(close)) break;
        return undefined;
      }
    }
    return out;
  }

  /** Text without escapes: numpy writes none for the types that are read here. */
  private string(): string | undefined {
    const quote = this.text[this.at] as string;
    const end = this.text.indexOf(quote, this.at + 1);
    if (end < 0) return undefined;
    const inner = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return inner.includes('\\') ? undefined : inner;
  }

  private word(): Literal | undefined {
    const word = /^[A-Za-z0-9+-]+/.exec(this.text.slice(this.at, this.at + 32))?.[0] ?? '';
    this.at += word.length;
    if (word === 'True') return true;
    if (word === 'False') return false;
    if (word === 'None') return null;
    // Python 2 wrote long numbers with an L at the end.
    return /^[+-]?\d+L?$/.test(word) ? Number.parseInt(word, 10) : undefined;
  }

  private take(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at += 1;
  }
}
