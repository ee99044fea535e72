import { newlinesOf } from './newlines.ts';
import type { LogEncoding } from './encodings.ts';

/** Bytes of one block of the line index; even, so that UTF-16 units never straddle two blocks. */
export const BLOCK_BYTES = 32 * 1024;
/** Bytes the counter takes at once: large enough to amortise a read call, small enough to stay in the L2 cache. */
export const COUNTER_BYTES = 1024 * 1024;

/** Counts line feeds block by block. Fill `buffer` from its start, then ask for the counts. */
export interface NewlineCounter {
  readonly buffer: Buffer;
  /** Line feeds of each block in the first `length` bytes of `buffer`, the last block maybe partial. */
  countBlocks(length: number): Uint32Array;
}

/**
 * A counter for one encoding. Counting with 128-bit SIMD is several times
 * faster than calling `Buffer.indexOf` for each line; where WebAssembly is
 * switched off the slower way gives the same counts.
 */
export function createNewlineCounter(encoding: LogEncoding, simd = simdWorks()): NewlineCounter {
  return simd && webAssembly !== undefined ? simdCounter(webAssembly, encoding) : plainCounter(encoding);
}

/** The part of the WebAssembly interface used here; the compiler's library has it only together with the DOM. */
interface WebAssemblyApi {
  validate(module: Uint8Array): boolean;
  Module: new (module: Uint8Array) => object;
  Instance: new (module: object) => { exports: KernelExports };
}
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly count8: Count;
  readonly count16: Count;
}

const webAssembly = (globalThis as unknown as { WebAssembly?: WebAssemblyApi }).WebAssembly;

function simdWorks(): boolean {
  return webAssembly?.validate(MODULE) === true;
}

function plainCounter(encoding: LogEncoding): NewlineCounter {
  const buffer = Buffer.alloc(COUNTER_BYTES);
  const newlines = newlinesOf(encoding);
  return {
    buffer,
    countBlocks: (length) =>
      eachBlock(length, (from, to) => {
        const block = buffer.subarray(from, to);
        let count = 0;
        for (let at = newlines.next(block, 0); at >= 0; at = newlines.next(block, at + newlines.size))
          count += 1;
        return count;
      }),
  };
}

type Count = (from: number, to: number, unit: number) => number;

function simdCounter(webAssembly: WebAssemblyApi, encoding: LogEncoding): NewlineCounter {
  const { exports } = new webAssembly.Instance(new webAssembly.Module(MODULE));
  const bytes = Buffer.from(exports.memory.buffer, 0, COUNTER_BYTES);
  const wide = encoding === 'utf-16le' || encoding === 'utf-16be';
  const count = wide ? exports.count16 : exports.count8;
  const unit = encoding === 'utf-16be' ? 0x0a00 : 0x0a;
  return {
    buffer: bytes,
    countBlocks(length) {
      // The kernel reads whole vectors: what an earlier, longer fill left behind must not count.
      bytes.fill(0, length, Math.min(bytes.length, length + VECTOR_BYTES));
      return eachBlock(length, (from, to) => count(from, to, unit));
    },
  };
}

function eachBlock(length: number, count: (from: number, to: number) => number): Uint32Array {
  const counts = new Uint32Array(Math.ceil(length / BLOCK_BYTES));
  for (let block = 0; block < counts.length; block += 1) {
    const from = block * BLOCK_BYTES;
    counts[block] = count(from, Math.min(from + BLOCK_BYTES, length));
  }
  return counts;
}

const VECTOR_BYTES = 16;

/**
 * The body of `count(from, to, unit)`: compares 16 bytes at a time with the
 * unit in every lane and adds up the set bits of the resulting mask. Locals:
 * 0 from, 1 to, 2 unit, 3 the count, 4 the unit in every lane.
 * Opcodes: https://webassembly.github.io/spec/core/appendix/index-instructions.html
 */
function countBody(splat: number[], equal: number[], bitmask: number[]): number[] {
  const body = [
    [0x02, 0x01, 0x7f, 0x01, 0x7b], // locals: one i32, one v128
    [0x20, 2, 0xfd, ...splat, 0x21, 4], // lanes = splat(unit)
    [0x02, 0x40, 0x03, 0x40], // block, loop
    [0x20, 0, 0x20, 1, 0x4f, 0x0d, 1], // leave when from >= to
    [0x20, 0, 0xfd, 0x00, 0x00, 0x00, 0x20, 4, 0xfd, ...equal, 0xfd, ...bitmask, 0x69], // popcnt(mask(load(from) == lanes))
    [0x20, 3, 0x6a, 0x21, 3], // count += that
    [0x20, 0, 0x41, VECTOR_BYTES, 0x6a, 0x21, 0], // from += 16
    [0x0c, 0, 0x0b, 0x0b], // again; end loop, end block
    [0x20, 3, 0x0b], // the count
  ].flat();
  return [body.length, ...body];
}

function section(id: number, content: number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

/** Unsigned LEB128, the integer encoding of WebAssembly. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

function named(name: string, kind: number, index: number): number[] {
  return [name.length, ...Buffer.from(name), kind, index];
}

const WASM_PAGE = 64 * 1024;

const MODULE = Uint8Array.from(
  [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(1, [1, 0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f]), // type 0: (i32, i32, i32) -> i32
    section(3, [2, 0, 0]), // two functions of type 0
    section(5, [1, 0, ...leb(COUNTER_BYTES / WASM_PAGE + 1)]), // memory: the buffer and room for the last vector
    section(7, [3, ...named('memory', 2, 0), ...named('count8', 0, 0), ...named('count16', 0, 1)]),
    section(10, [
      2,
      ...countBody([0x0f], [0x23], [0x64]), // i8x16
      ...countBody([0x10], [0x2d], [0x84, 0x01]), // i16x8
    ]),
  ].flat(),
);
