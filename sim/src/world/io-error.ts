/** As Node's own: the server looks at `code` and `syscall`. */
export function ioError(code: "EIO" | "ENOSPC" | "ENOENT" | "EEXIST", syscall: string, name: string): Error {
  const text = {
    EIO: "i/o error",
    ENOSPC: "no space left on device",
    ENOENT: "no such file",
    EEXIST: "file exists",
  };
  return Object.assign(new Error(`${code}: ${text[code]}, ${syscall} '${name}'`), { code, syscall });
}
