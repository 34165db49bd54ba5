import { createInterface } from 'node:readline/promises'
import { isCi } from '../../options'
import type { Section } from '../section'
import type { Settings } from './options'

/** Asks one question and gives back the trimmed answer. */
export type Ask = (question: string) => Promise<string>

/** Asks for what neither the flags nor nx.json say. A workspace that names its bucket is asked nothing. */
export async function askForMissing(flags: Settings, section: Section | undefined, ask: Ask): Promise<Settings> {
  if (flags.bucket || section?.['bucket']) return flags
  const settings: Settings = { ...flags, bucket: await ask('Which bucket holds the cache? ') }
  if (!settings.bucket) return flags
  settings.endpoint ??= await ask('URL of the S3 server (empty for Amazon S3): ')
  settings.region ??= await ask('Region (empty: AWS_REGION or the AWS profile decides): ')
  if (settings.endpoint) {
    settings.forcePathStyle ??= isYes(await ask('Path-style addresses, as most servers other than Amazon need? (Y/n) '))
  } else {
    settings.ssoProfile ??= await ask('AWS profile for single sign-on (empty: none): ')
  }
  settings.trust ??= isYes(await ask('Sign what the main branch stores, so that no pull request can poison it? (Y/n) '))
  return settings
}

/** Asks on the terminal, or `undefined` where nobody would answer. */
export function terminal(): { ask: Ask; close: () => void } | undefined {
  const answers = process.stdin.isTTY && process.stdout.isTTY && process.env['NX_INTERACTIVE'] !== 'false' && !isCi()
  if (!answers) return undefined
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  return { ask: async question => (await lines.question(question)).trim(), close: () => lines.close() }
}

/** Enter alone means yes. */
export function isYes(answer: string): boolean {
  return !/^n/i.test(answer)
}
