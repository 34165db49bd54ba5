import type { NativeCache, OpenOptions } from '../index'
import { FatalError, isFatal } from './errors'
import { finishAtExit } from './exit'
import { takeKeys } from './keys'
import { see } from './links'
import { type LoadNative, loadNative } from './native'
import { Notices } from './notices'
import { openOptions } from './options'
import { RemoteCache } from './remote-cache'
import { nameTasks } from './task-names'

let answer: Promise<RemoteCache | null> | undefined

/**
 * The function Nx looks for: the remote cache of this workspace, or `null` when the run goes on without one.
 *
 * Nx may ask several times in one process and always gets the same answer, so that there is one queue of uploads and
 * each warning appears once. Rejects only with a configuration error, which stops Nx before any task runs.
 */
export function getRemoteCache(): Promise<RemoteCache | null> {
  answer ??= openRemoteCache({ notices: new Notices(), loadNative, readOptions: openOptions })
  return answer
}

/** What opening needs from outside; the tests bring their own. */
export interface Surroundings {
  notices: Notices
  loadNative: LoadNative
  readOptions: () => OpenOptions
}

/** Opens the cache, or says once why there is none. */
export async function openRemoteCache({ notices, loadNative, readOptions }: Surroundings): Promise<RemoteCache | null> {
  if (!takeKeys()) notices.warn(keysInherited)
  if (process.env['NX_S3_CACHE_ROUTE'] === 'server') {
    if (!process.env['NX_SELF_HOSTED_REMOTE_CACHE_SERVER']) notices.warn(noServer)
    return null
  }
  let options: OpenOptions
  let native: NativeCache
  try {
    options = readOptions()
    if (!isConfigured(options)) {
      notices.warn(notConfigured)
      return null
    }
    const loaded = loadNative()
    if ('problem' in loaded) {
      notices.warn(loaded.problem)
      return null
    }
    native = loaded.NativeCache.open(options)
  } catch (error) {
    if (isFatal(error)) {
      notices.error(error.message)
      throw new FatalError(error)
    }
    notices.warn(couldNotStart(error))
    return null
  }
  if (native.mode === 'no-cache') {
    notices.event('the remote cache is switched off (mode no-cache)')
    return null
  }
  finishAtExit(native, notices)
  nameTasks(native)
  return new RemoteCache(native, notices)
}

/** Whether anyone asked for a cache at all: the `s3` section or, without one, the variable that names the bucket. */
export function isConfigured(options: OpenOptions): boolean {
  return options.section !== undefined || Boolean(process.env['NX_S3_CACHE_BUCKET'])
}

export const notConfigured = {
  title: 'nx-s3-cache is installed but not configured',
  body: [
    'nx.json has no "s3" section and NX_S3_CACHE_BUCKET is not set, so this run uses the local cache only.',
    'Run "npx nx g @nx/s3-cache:init" to name the bucket, or remove "@nx/s3-cache" from package.json.',
    see('not-configured'),
  ],
}

const noServer = {
  title: 'NX_S3_CACHE_ROUTE is "server", and there is no server',
  body: [
    'This run uses the local cache only. Add "nx-s3-cache" to "plugins" in nx.json; if it is there, run "nx reset".',
    'Or unset the variable: Nx imports the cache without it.',
    see('no-server'),
  ],
}

const keysInherited = {
  title: 'Tasks may see the secret keys of the S3 remote cache',
  body: [
    'nx-s3-cache does not know how this version of Nx starts tasks, so it could not keep the keys from them.',
    'The cache works as ever. To keep the signing key out of the environment, use "trust.signingKeyFile".',
    see('keys-inherited'),
  ],
}

export function couldNotStart(error: unknown) {
  return {
    title: 'The S3 remote cache could not start',
    body: [
      ...(error instanceof Error ? error.message : String(error)).split('\n'),
      'This run uses the local cache only. Please report this if the text above has no remedy.',
      see('could-not-start'),
    ],
  }
}
