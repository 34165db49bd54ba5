#!/usr/bin/env node
import type { OpenOptions } from '../index'
import { loadNative } from './native'
import { nxFacts } from './nx-facts'
import { isCi, openOptions } from './options'

/** The command line: the native side does everything but find the workspace. */
async function main(): Promise<number> {
  const native = loadNative()
  if ('problem' in native) {
    complain([native.problem.title, ...native.problem.body.slice(1)].join('\n'))
    return 2
  }
  const args = process.argv.slice(2)
  // Only the doctor asks how Nx goes about it, and finding out means loading parts of Nx.
  return native.runCli(args, workspace(), args.includes('doctor') ? JSON.stringify(nxFacts()) : undefined)
}

/** The workspace as Nx sees it; where there is no Nx, what the environment says. */
function workspace(): OpenOptions {
  try {
    return openOptions()
  } catch (error) {
    const cause = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
    complain(`nx.json is not read, since Nx could not be asked for it: ${cause}`)
    return { workspaceRoot: process.cwd(), ci: isCi(), verbose: false }
  }
}

function complain(text: string): void {
  process.stderr.write(`nx-s3-cache: ${text}\n`)
}

main().then(
  code => {
    process.exitCode = code
  },
  (error: unknown) => {
    complain(String(error))
    process.exitCode = 2
  },
)
