import fc, { type Arbitrary } from 'fast-check';
import { z } from 'zod';

/** Values that have broken readers of JSON before. */
export const oddValues: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0.5,
    1e308,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    '',
    '\0',
    '\uD800',
    "'; DROP TABLE users; --",
    '%',
    '__proto__',
    'constructor',
    'toString',
    '../../etc/passwd',
    '\r\nSet-Cookie: x=y',
    '\u001B[2J\u202E',
    'x'.repeat(5_000),
    [],
    {},
    { constructor: { prototype: { admin: true } } },
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer(),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Values that fit a schema as far as its types and lengths go; what only a refinement knows may be wrong, as it may be from an attacker. */
export function arbitraryOf(schema: z.core.$ZodType): Arbitrary<unknown> {
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Record<string, z.ZodType>;
    const required = Object.keys(shape).filter((key) => shape[key]?.safeParse(undefined).success === false);
    const fields = Object.fromEntries(Object.entries(shape).map(([key, field]) => [key, arbitraryOf(field)]));
    return fc.record(fields, { requiredKeys: required });
  }
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return arbitraryOf(schema.def.innerType);
  if (schema instanceof z.ZodNullable) return fc.option(arbitraryOf(schema.def.innerType));
  if (schema instanceof z.ZodArray) return fc.array(arbitraryOf(schema.def.element), { maxLength: 3 });
  if (schema instanceof z.ZodRecord)
    return fc.dictionary(words, arbitraryOf(schema.def.valueType), { maxKeys: 3 });
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.def.options.map(arbitraryOf));
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...(schema.options as unknown[]));
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.def.values);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNumber) {
    return schema.safeParse(0.5).success
      ? fc.double({ noNaN: true })
      : fc.oneof(fc.nat(5), fc.maxSafeInteger());
  }
  if (schema instanceof z.ZodString) return textOf(schema);
  if (schema instanceof z.ZodUnknown) return oddValues;
  throw new TypeError(`No arbitrary for ${schema._zod.def.type}.`);
}

const words = fc.oneof(
  fc.constantFrom('org', 'region/sz', 'user/insider', 'ticket/1', 'constructor', 'x'),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

function textOf({ minLength, maxLength }: z.ZodString): Arbitrary<string> {
  const least = minLength ?? 0;
  const most = Math.max(least, Math.min(maxLength ?? 60, 200));
  return fc.oneof(
    fc.string({ minLength: least, maxLength: most }),
    fc.string({ unit: 'binary', minLength: least, maxLength: most }),
    fc.constant('a'.repeat(Math.max(least, Math.min(36, most)))),
  );
}

/** A good message with one thing in it replaced, taken out, or doubled. */
export function damaged(message: unknown): Arbitrary<unknown> {
  const places = placesIn(message);
  return fc
    .tuple(fc.constantFrom(...places), fc.constantFrom('replace', 'remove', 'nest'), oddValues)
    .map(([place, how, odd]) =>
      change(message, place, (old) => (how === 'replace' ? odd : how === 'remove' ? undefined : [old, old])),
    );
}

type Place = readonly (string | number)[];

function placesIn(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [
    at,
    ...Object.entries(value).flatMap(([key, item]) =>
      placesIn(item, [...at, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

function change(value: unknown, [key, ...rest]: Place, work: (old: unknown) => unknown): unknown {
  if (key === undefined) return work(value);
  if (Array.isArray(value))
    return value.map((item, place) => (place === key ? change(item, rest, work) : item));
  const fields = value as Record<string, unknown>;
  return { ...fields, [key]: change(fields[String(key)], rest, work) };
}
