/** The keys of the `s3` section that this generator writes. */
export const SETTINGS = [
  'bucket',
  'region',
  'endpoint',
  'forcePathStyle',
  'profile',
  'ssoProfile',
  'localMode',
  'ciMode',
  'cacheKeyPrefix',
  'disableChecksum',
  'caBundle',
] as const

/** Flags and answers; schema.json describes them. Values are checked by the cache itself when it starts. */
export interface Settings {
  bucket?: string
  region?: string
  endpoint?: string
  forcePathStyle?: boolean
  profile?: string
  ssoProfile?: string
  localMode?: string
  ciMode?: string
  cacheKeyPrefix?: string
  disableChecksum?: boolean
  caBundle?: string
}

/** What `nx g nx-s3-cache:init` takes. */
export interface InitOptions extends Settings {
  skipInstall?: boolean
  skipFormat?: boolean
}

/** Keys that must not be written to nx.json, with the environment variable that takes their place. */
export const SECRETS = {
  accessKeyId: 'AWS_ACCESS_KEY_ID',
  secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
  sessionToken: 'AWS_SESSION_TOKEN',
  encryptionKey: 'NX_S3_CACHE_ENCRYPTION_KEY',
} as const

/** Stops when a secret was passed as a flag: nx.json is committed, and shells remember what was typed. */
export function refuseSecrets(options: object): void {
  for (const [key, variable] of Object.entries(SECRETS)) {
    if (key in options) {
      const error = new Error(
        `--${key} is not accepted: nx.json is committed, and secrets don't belong in a repository.\n` +
          `Set ${variable} in the environment (in CI: as a secret) and run the generator again without the flag.`,
      )
      // Nx would offer the stack to a reader who needs only the message.
      error.stack = ''
      throw error
    }
  }
}
