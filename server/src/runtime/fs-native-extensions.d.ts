/** Has no types of its own; this is what is used of it. */
declare module "fs-native-extensions" {
  /** Of the whole file, exclusively. False: another open file has it. Throws for all else, with the kernel's code. */
  export function tryLock(fd: number): boolean;
}
