/**
 * What Nx imports as `@nx/s3-cache`.
 *
 * Nx takes an error while importing for "no cache" and says nothing, so this file must load whatever is broken or
 * missing: everything that can fail is loaded inside `getRemoteCache()`.
 */
export { getRemoteCache } from './get-remote-cache'
export type { RemoteCache, RetrievedArtifact } from './remote-cache'
