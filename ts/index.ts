/**
 * What Nx imports as `@nx/s3-cache`, and as a plugin.
 *
 * Nx takes an error while importing for "no cache" and says nothing, so this file must load whatever is broken or
 * missing: everything that can fail is loaded inside `getRemoteCache()` and the hooks.
 */
import * as plugin from './plugin'
import { route } from './route'

export { getRemoteCache } from './get-remote-cache'
export type { RemoteCache, RetrievedArtifact } from './remote-cache'

/** The plugin's name, for Nx's messages. */
export const name = 'nx-s3-cache'

// For a plugin that has hooks, Nx starts a process in every run.
const hooks = route().way === 'server' ? plugin : undefined

/** See `plugin.ts`; absent where Nx takes the direct way. */
export const preTasksExecution = hooks?.preTasksExecution

/** See `plugin.ts`; absent where Nx takes the direct way. */
export const postTasksExecution = hooks?.postTasksExecution
