/** The code the native side gives to errors that must stop the run; every other error degrades to "no cache". */
const FATAL = 'InvalidArg'

/** Whether the native side wants the run to stop. */
export function isFatal(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === FATAL
}

/**
 * A fatal error the way a reader should see it.
 *
 * Nx prints the first line of the message as its title and the rest below. An empty stack keeps it from adding "Pass
 * --verbose to see the stacktrace" to a message that is already complete.
 */
export class FatalError extends Error {
  readonly code = FATAL
  override readonly name = 'FatalError'

  constructor(cause: Error) {
    super(cause.message)
    this.stack = ''
  }
}
