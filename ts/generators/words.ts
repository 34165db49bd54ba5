import { devkit } from './json'

/** Something to tell at the end. */
export interface Words {
  tone: 'warn' | 'success' | 'note'
  title: string
  bodyLines: string[]
}

/** Prints the words the way Nx prints. */
export function say(words: Words[]): void {
  const { output } = devkit()
  for (const { tone, title, bodyLines } of words) output[tone]({ title, bodyLines })
}
