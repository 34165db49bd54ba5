// A real workspace whose tasks are stored in one run and restored in the next, as if on another machine.
import { startS3Server } from './s3-server.mjs'
import { createWorkspace } from './workspace.mjs'

const everything = ['run-many', '--targets=build,lint', '--outputStyle=static']

/** The tasks that came out of the bucket, and what went wrong, if anything did. `options` are those of a workspace. */
export async function storeAndRestore(options) {
  const server = await startS3Server()
  try {
    const settings = { ...options, s3: server.section(), environment: server.environment }
    return await inWorkspace(await createWorkspace(settings))
  } finally {
    await server.stop()
  }
}

async function inWorkspace(workspace) {
  const run = () => workspace.nx(everything, { timeout: 1_200_000 })
  try {
    const first = await run()
    if (first.code !== 0) return failure(`the first run ended with ${first.code}:\n${first.text}`)
    const built = JSON.stringify(workspace.outputs())
    workspace.wipe()
    const second = await run()
    const failed = problem => failure(problem, second.remoteHits)
    if (second.code !== 0) return failed(`the second run ended with ${second.code}:\n${second.text}`)
    if (first.ran.length === 0 || second.ran.length > 0) return failed(`these ran again: ${second.ran}\n${second.text}`)
    if (second.remoteHits.length !== first.ran.length)
      return failed(`only these were remote hits: ${second.remoteHits}`)
    if (JSON.stringify(workspace.outputs()) !== built) return failed('the restored outputs differ from the built ones')
    return { restored: second.remoteHits }
  } finally {
    await workspace.dispose()
  }
}

function failure(problem, restored = []) {
  return { problem, restored }
}
