import fc from 'fast-check';
import { z } from 'zod';

/** Values that are wrong in one way or another, and that somebody might try. */
const nasty: readonly fc.Arbitrary<unknown>[] = [
  fc.constantFrom<unknown>(null, undefined, true, '', 0, -1, NaN, Infinity, 2 ** 53, 1e308, -0.5, 10n),
  fc.constantFrom(
    '../../../../etc/passwd',
    '..\\..\\..\\Windows\\win.ini',
    '/etc/passwd',
    'C:\\Windows\\win.ini',
    '\\\\server\\share\\x',
    'file:///etc/passwd',
    'a/../../b',
    'x\0.nii',
    'CON',
    '%2e%2e%2f',
  ),
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'),
  fc
    .constantFrom<() => unknown>(
      () => JSON.parse('{"__proto__": {"polluted": true}}') as unknown,
      () => JSON.parse('{"constructor": {"prototype": {"polluted": true}}}') as unknown,
      () => 'x'.repeat(300_000),
      () => new Array(20_000).fill(0),
      () => new Uint8Array(1_000_000),
      () => new Map([['__proto__', 1]]),
      () => new Date(NaN),
      () => new Error('an error'),
    )
    .map((make) => make()),
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
];

/** A JSON schema, as far as zod writes one. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema | false;
  readonly minItems?: number;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly multipleOf?: number;
  readonly maximum?: number;
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
}

/** Strings that are tokens stand in for the pattern of one. */
function right(schema: Schema, tokens: readonly string[]): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => right(choice, tokens)));
  if (Array.isArray(schema.type))
    return fc.oneof(...(schema.type as string[]).map((type) => right({ ...schema, type }, tokens)));
  switch (schema.type) {
    case 'object': {
      const parts = Object.entries(schema.properties ?? {}).map(([key, part]) => [key, right(part, tokens)]);
      if (parts.length > 0)
        return fc.record(Object.fromEntries(parts) as Record<string, fc.Arbitrary<unknown>>);
      if (schema.additionalProperties === false) return fc.constant({});
      const values =
        typeof schema.additionalProperties === 'object'
          ? right(schema.additionalProperties, tokens)
          : fc.anything();
      const names = schema.propertyNames?.enum as readonly string[] | undefined;
      if (names)
        return fc.record(Object.fromEntries(names.map((name) => [name, values])), { requiredKeys: [] });
      return fc.dictionary(fc.string({ maxLength: 8 }), values, { maxKeys: 3 });
    }
    case 'array':
      if (schema.prefixItems) return fc.tuple(...schema.prefixItems.map((item) => right(item, tokens)));
      return fc.array(right(schema.items || {}, tokens), { minLength: schema.minItems ?? 0, maxLength: 3 });
    case 'string':
      if (schema.format === 'uuid') return fc.uuid({ version: 4 });
      if (schema.pattern?.includes('{32}')) return fc.constantFrom(...tokens);
      // What patterns there are else, letters fit.
      return schema.pattern ? fc.constant('letters') : fc.string({ maxLength: 20 });
    case 'integer': {
      const min = Math.max(schema.minimum ?? (schema.exclusiveMinimum ?? -1) + 1, 0);
      if (schema.multipleOf) return fc.constant(Math.ceil(min / schema.multipleOf) * schema.multipleOf);
      return fc.integer({ min, max: Math.min(schema.maximum ?? min + 5, min + 5) });
    }
    case 'number': {
      const min = schema.minimum ?? 0;
      return fc.double({ min, max: Math.max(schema.maximum ?? min + 1, min), noNaN: true });
    }
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      // What JSON cannot say: bytes, or anything.
      return fc.oneof(
        { weight: 3, arbitrary: fc.uint8Array({ maxLength: 24, minLength: 24 }) },
        { weight: 1, arbitrary: fc.constant(null) },
      );
  }
}

/**
 * Messages for a channel: right ones, right ones with something wrong put in the place of one of their parts or beside them,
 * and anything at all.
 */
export function messages(schema: z.ZodType, tokens: readonly string[]): fc.Arbitrary<unknown> {
  const good = right(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }) as Schema, tokens);
  const wrong = fc.oneof(...nasty);
  return fc.oneof(
    { weight: 2, arbitrary: good },
    {
      weight: 6,
      arbitrary: fc
        .tuple(good, wrong, fc.array(fc.nat(50), { minLength: 1, maxLength: 6 }), fc.boolean())
        .map(([message, value, way, beside]) => damaged(message, value, way, beside)),
    },
    { weight: 1, arbitrary: wrong },
  );
}

/** The message with a value put at the end of a way into it, or beside what is there. */
function damaged(message: unknown, value: unknown, way: readonly number[], beside: boolean): unknown {
  if (typeof message !== 'object' || message === null || message instanceof Uint8Array) return value;
  const keys = Object.keys(message);
  const [step = 0, ...rest] = way;
  const copy = (Array.isArray(message) ? [...(message as unknown[])] : { ...message }) as Record<
    string,
    unknown
  >;
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined || (rest.length === 0 && beside)) copy[`extra${step}`] = value;
  else copy[key] = rest.length === 0 ? value : damaged(copy[key], value, rest, beside);
  return copy;
}
