// Projects whose target `spy` writes down the environment that it runs in, one for each way in which Nx starts a task.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const files = {
  'package.json': { name: 'workspace', private: true, workspaces: ['packages/docs', 'packages/script'] },
  'tools/spy.cjs': `
    const { mkdirSync, writeFileSync } = require('node:fs')
    const { join } = require('node:path')
    exports.spy = project => {
      mkdirSync(join(__dirname, '../seen'), { recursive: true })
      writeFileSync(join(__dirname, '../seen', project), JSON.stringify(process.env))
    }
    if (require.main === module) exports.spy(process.argv[2])`,
  'packages/command/project.json': { name: 'command', targets: { spy: { command: 'node tools/spy.cjs command' } } },
  'packages/script/package.json': { name: 'script', scripts: { spy: 'node ../../tools/spy.cjs script' } },
  'packages/executor/project.json': { name: 'executor', targets: { spy: { executor: 'spy:spy' } } },
  'node_modules/spy/package.json': { name: 'spy', version: '1.0.0', executors: './executors.json' },
  'node_modules/spy/executors.json': {
    executors: { spy: { implementation: './one', batchImplementation: './batch', schema: './schema.json' } },
  },
  'node_modules/spy/schema.json': { type: 'object', properties: {} },
  'node_modules/spy/one.js': `module.exports = async (_, { root, projectName }) => {
      require(root + '/tools/spy.cjs').spy(projectName)
      return { success: true }
    }`,
  'node_modules/spy/batch.js': `module.exports = async (graph, _inputs, _overrides, { root }) => {
      require(root + '/tools/spy.cjs').spy('batch')
      return Object.fromEntries(Object.keys(graph.tasks).map(id => [id, { success: true, terminalOutput: '' }]))
    }`,
}

/** Adds the projects `command`, `script` and `executor`; in batch mode, `batch` is what the last one writes down. */
export function addSpies(workspace) {
  for (const [path, content] of Object.entries(files)) {
    const file = join(workspace.root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
}

/** The environment that a spy has seen since the last call. */
export function seenBy(workspace, spy) {
  const file = join(workspace.root, 'seen', spy)
  const seen = JSON.parse(readFileSync(file, 'utf8'))
  rmSync(file)
  return seen
}
