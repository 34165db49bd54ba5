import { SECRETS, type Section } from '../section'

/** A task runner that kept the cache in S3, before Nx had remote caches of its own. */
export interface Runner {
  /** The package, which is what `runner` in nx.json says, too. */
  name: string
  /** Its options, as ours. */
  options: Record<string, string>
  /** Its options that are secrets, with the environment variable that takes their place. */
  secrets: Record<string, string>
  /** Its environment variables, and ours. */
  variables: Record<string, string>
  /** What else its options say. */
  more: (options: Section) => Section
}

const aws: Runner = {
  name: '@nx-aws-plugin/nx-aws-cache',
  options: {
    awsBucket: 'bucket',
    awsRegion: 'region',
    awsEndpoint: 'endpoint',
    awsForcePathStyle: 'forcePathStyle',
    awsProfile: 'profile',
  },
  secrets: {
    awsAccessKeyId: SECRETS.accessKeyId,
    awsSecretAccessKey: SECRETS.secretAccessKey,
    encryptionFileKey: SECRETS.encryptionKey,
  },
  variables: {
    NXCACHE_AWS_BUCKET: 'NX_S3_CACHE_BUCKET',
    NXCACHE_AWS_REGION: 'NX_S3_CACHE_REGION',
    NXCACHE_AWS_ENDPOINT: 'NX_S3_CACHE_ENDPOINT',
    NXCACHE_AWS_FORCE_PATH_STYLE: 'NX_S3_CACHE_FORCE_PATH_STYLE',
    NXCACHE_AWS_PROFILE: 'NX_S3_CACHE_PROFILE',
    NXCACHE_AWS_ACCESS_KEY_ID: SECRETS.accessKeyId,
    NXCACHE_AWS_SECRET_ACCESS_KEY: SECRETS.secretAccessKey,
    NXCACHE_AWS_ENCRYPTION_KEY: SECRETS.encryptionKey,
    NX_CLOUD_ENCRYPTION_KEY: SECRETS.encryptionKey,
    NXCACHE_AWS_DISABLE: 'NX_S3_CACHE_MODE=no-cache',
  },
  // Its bucket may have a path.
  more: ({ awsBucket }) => {
    const [bucket, ...path] = String(awsBucket ?? '').split('/')
    const prefix = trimSlashes(path.join('/'))
    return { ...(bucket && { bucket }), ...(prefix && { cacheKeyPrefix: prefix }) }
  },
}

const remotecache: Runner = {
  name: '@pellegrims/nx-remotecache-s3',
  options: {
    bucket: 'bucket',
    region: 'region',
    endpoint: 'endpoint',
    forcePathStyle: 'forcePathStyle',
    profile: 'profile',
    prefix: 'cacheKeyPrefix',
    read: 'localMode, ciMode',
    write: 'localMode, ciMode',
  },
  secrets: {},
  variables: {
    NXCACHE_S3_BUCKET: 'NX_S3_CACHE_BUCKET',
    NXCACHE_S3_REGION: 'NX_S3_CACHE_REGION',
    NXCACHE_S3_ENDPOINT: 'NX_S3_CACHE_ENDPOINT',
    NXCACHE_S3_FORCE_PATH_STYLE: 'NX_S3_CACHE_FORCE_PATH_STYLE',
    NXCACHE_S3_PROFILE: 'NX_S3_CACHE_PROFILE',
    NXCACHE_S3_PREFIX: 'NX_S3_CACHE_CACHE_KEY_PREFIX',
    NXCACHE_S3_ACCESS_KEY_ID: SECRETS.accessKeyId,
    NXCACHE_S3_SECRET_ACCESS_KEY: SECRETS.secretAccessKey,
    NXCACHE_READ: 'NX_S3_CACHE_MODE=write-only',
    NXCACHE_WRITE: 'NX_S3_CACHE_MODE=read-only',
  },
  more: ({ prefix, read, write }) => {
    const mode = modeOf(read !== false, write !== false)
    return {
      ...(typeof prefix === 'string' && { cacheKeyPrefix: trimSlashes(prefix) }),
      ...(mode && { localMode: mode, ciMode: mode }),
    }
  },
}

export const RUNNERS: Runner[] = [aws, remotecache]

function modeOf(read: boolean, write: boolean): string | undefined {
  if (read && write) return undefined
  return read ? 'read-only' : write ? 'write-only' : 'no-cache'
}

function trimSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, '')
}

/** The `s3` section that says what the runner's options said; secrets are left out. */
export function sectionFrom({ options, more }: Runner, given: Section): Section {
  const same = Object.entries(options).filter(([name, ours]) => given[name] !== undefined && !ours.includes(','))
  const section = { ...Object.fromEntries(same.map(([name, ours]) => [ours, given[name]])), ...more(given) }
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== ''))
}
