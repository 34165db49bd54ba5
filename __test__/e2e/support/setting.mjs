// What most tests start from: a real workspace whose plugin talks to a development S3 server of its own.
import { after } from 'node:test'
import { nxVersions } from '../../../scripts/support/nx-versions.mjs'
import { startS3Server } from '../../../scripts/support/s3-server.mjs'
import { createWorkspace } from '../../../scripts/support/workspace.mjs'

/** The versions of Nx for tests of what differs between them: at night all, otherwise the newest and the oldest. */
export const versions = (process.env.E2E_NX ?? '24,20').split(',').map(major => nxVersions[major])

/** Every cacheable task of the workspace that succeeds, and the projects they belong to. */
export const everything = ['run-many', '--targets=build,lint', '--outputStyle=static']
export const projects = ['app', 'assets', 'docs', 'empty', 'lib', 'lint', 'ui']
export const tasks = projects.map(name => `${name}:${name === 'lint' ? 'lint' : 'build'}`)

/**
 * A server and a workspace configured for it, removed after the tests of the file or suite.
 * `section` is merged over the server's `s3` section.
 */
export async function serverAndWorkspace({ section = {}, server: serverOptions, ...options } = {}) {
  const server = await startS3Server(serverOptions)
  after(() => server.stop())
  const workspace = await createWorkspace({
    s3: server.section(section),
    ...options,
    environment: { ...server.environment, ...options.environment },
  })
  after(() => workspace.dispose())
  return { server, workspace }
}
