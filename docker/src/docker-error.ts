/** Something that Docker, a container or its agent did not do; the message says what, where and what to do. */
export class DockerError extends Error {
  override readonly name = "DockerError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
