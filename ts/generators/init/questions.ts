import type { Section } from '../section'
import { type Ask, isYes } from '../terminal'
import type { Settings } from './options'

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
