/** A generator's answer to flags or a workspace it can't work with. Nothing was written. */
export class Refusal extends Error {
  constructor(...lines: string[]) {
    super(lines.join('\n'))
    // Nx would offer the stack to a reader who needs only the message.
    this.stack = ''
  }
}
