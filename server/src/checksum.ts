/**
 * CRC-32 as zlib has it. A pure function and no door to the outside, but Node keeps it in a module that
 * the deterministic part (wal/, store/) may not import.
 */
export { crc32 } from "node:zlib";
