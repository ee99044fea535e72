import type { z } from 'zod';

/** A method that answers once. */
export interface CallSpec<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly kind: 'call';
  readonly input: I;
  readonly output: O;
}

/** A method that answers with a stream of items under credit back-pressure. */
export interface StreamSpec<I extends z.ZodType = z.ZodType, T extends z.ZodType = z.ZodType> {
  readonly kind: 'stream';
  readonly input: I;
  readonly item: T;
  /** Credit the listener grants at the start, in units of `cost`. */
  readonly window: number;
  /** What one item costs; the listener gives it back when it has dealt with the item. */
  readonly cost: (item: z.output<T>) => number;
}

export type MethodSpec = CallSpec | StreamSpec;
/** One service: method name -> spec. */
export type ServiceSpec = Readonly<Record<string, MethodSpec>>;
/** A contract: service name -> service. */
export type ContractSpec = Readonly<Record<string, ServiceSpec>>;

/** Declares a method that answers once. */
export function call<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): CallSpec<I, O> {
  return { kind: 'call', input, output };
}

const ITEMS_IN_FLIGHT = 64;

/**
 * Declares a stream. Without `options` each item costs 1 and 64 may be under
 * way; a stream of bytes names a window in bytes and a cost by length.
 */
export function stream<I extends z.ZodType, T extends z.ZodType>(
  input: I,
  item: T,
  options: { window?: number; cost?: (item: z.output<T>) => number } = {},
): StreamSpec<I, T> {
  return {
    kind: 'stream',
    input,
    item,
    window: options.window ?? ITEMS_IN_FLIGHT,
    cost: options.cost ?? (() => 1),
  };
}

/** What a handler learns beside its input. */
export interface CallContext {
  /** Aborted when the caller cancels, stops listening or goes away. */
  readonly signal: AbortSignal;
}

/** The shape a host implements for one method. */
export type Handler<S extends MethodSpec> =
  S extends CallSpec<infer I, infer O>
    ? (input: z.output<I>, context: CallContext) => Promise<z.input<O>>
    : S extends StreamSpec<infer I, infer T>
      ? (input: z.output<I>, context: CallContext) => AsyncIterable<z.input<T>>
      : never;

export type ServiceHandlers<S extends ServiceSpec> = { readonly [M in keyof S]: Handler<S[M]> };
export type ContractHandlers<C extends ContractSpec> = { readonly [S in keyof C]: ServiceHandlers<C[S]> };

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** The shape a client offers for one method. */
export type ClientMethod<S extends MethodSpec> =
  S extends CallSpec<infer I, infer O>
    ? (input: z.input<I>, options?: CallOptions) => Promise<z.output<O>>
    : S extends StreamSpec<infer I, infer T>
      ? (input: z.input<I>, options?: CallOptions) => AsyncIterable<z.output<T>>
      : never;

export type ServiceClient<S extends ServiceSpec> = { readonly [M in keyof S]: ClientMethod<S[M]> };
export type ContractClient<C extends ContractSpec> = { readonly [S in keyof C]: ServiceClient<C[S]> };
