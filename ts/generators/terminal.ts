import { createInterface } from 'node:readline/promises'
import { isCi } from '../options'

/** Asks one question and gives back the trimmed answer. */
export type Ask = (question: string) => Promise<string>

/** Asks on the terminal, or `undefined` where nobody would answer. */
export function terminal(): { ask: Ask; close: () => void } | undefined {
  const answers = process.stdin.isTTY && process.stdout.isTTY && process.env['NX_INTERACTIVE'] !== 'false' && !isCi()
  if (!answers) return undefined
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  return { ask: async question => (await lines.question(question)).trim(), close: () => lines.close() }
}

/** Whether an answer to a question with `(Y/n)` is yes. */
export function isYes(answer: string): boolean {
  return !/^n/i.test(answer)
}
