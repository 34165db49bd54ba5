#!/usr/bin/env node
import type { OpenOptions } from '../index'
import { loadNative } from './native'
import { nxFacts } from './nx-facts'
import { isCi, openOptions } from './options'
import { isListed, route } from './route'

/** The command line: the native side does everything but find the workspace. */
async function main(): Promise<number> {
  const native = loadNative()
  if ('problem' in native) {
    complain([native.problem.title, ...native.problem.body.slice(1)].join('\n'))
    return 2
  }
  const args = process.argv.slice(2)
  const { options, problem } = workspace()
  // Only the doctor asks how Nx goes about it, and finding out means loading parts of Nx.
  const facts = args.includes('doctor') ? { ...nxFacts(), route: wayIntoNx() } : undefined
  return native.runCli(args, options, facts, problem)
}

function wayIntoNx() {
  const { way, why } = route()
  return { served: way === 'server', why, listed: isListed() }
}

/**
 * The workspace as Nx sees it. Where there is no Nx, or it can't read nx.json, why not: the native side reads nx.json
 * itself then, or refuses.
 */
function workspace(): { options: OpenOptions; problem?: string } {
  try {
    return { options: openOptions() }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const [problem = message] = message.split('\n', 1)
    return { options: { workspaceRoot: process.cwd(), ci: isCi(), verbose: false }, problem }
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
