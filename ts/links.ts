const TROUBLESHOOTING = 'https://github.com/nx-s3-cache/nx-s3-cache/blob/main/docs/troubleshooting.md'

/** What messages of this side are about; the native side has its own list. */
export type Code =
  | 'not-configured'
  | 'native-module'
  | 'keys-inherited'
  | 'could-not-start'
  | 'no-server'
  | 'call-failed'
  | 'uploads-unfinished'

/** The line that says where a message is explained. */
export function see(code: Code): string {
  return `See ${TROUBLESHOOTING}#${code}`
}
