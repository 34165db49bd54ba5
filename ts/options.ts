import type { OpenOptions } from '../index'
import { takenKeys } from './keys'
import { isOfDaemon, isVerbose, nx } from './nx'

/**
 * The facts only JavaScript knows: nx.json's `s3` section with `extends` already resolved, and whether this is CI.
 * Nothing is checked here; the native side owns every option and its messages. `keys` are those of the run.
 */
export function openOptions(keys = takenKeys()): OpenOptions {
  const { readNxJson, workspaceRoot, version } = nx()
  const { s3 } = readNxJson(workspaceRoot)
  return {
    ...(s3 === undefined ? {} : { section: JSON.stringify(s3) }),
    workspaceRoot,
    ci: isCi(),
    nxVersion: version,
    verbose: isVerbose(),
    daemon: isOfDaemon(),
    keys,
  }
}

/** Whether a CI service runs this process, known by the variables such services set. */
export function isCi(): boolean {
  return (require('ci-info') as typeof import('ci-info')).isCI
}
